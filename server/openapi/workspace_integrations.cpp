// Integrations of a workspace.
#include "server/api/workspace_integrations.hpp"

#include <limits>

#include "scopes/integrations.hpp"
#include "server/api/limits.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape alias = {.types = type::string,
                         .description = "The integration's name when none is given. Not in the form of a UUID.",
                         .format = &schema::alias};
constexpr Shape connection_id = {.types = type::string | type::null,
                                 .description =
                                     "The connection it is pinned to: needed for `fixed`, possible for "
                                     "`per_user_with_fallback`, refused for `per_user`.",
                                 .format = &schema::uuid};
constexpr Shape action_name = {
    .types = type::string, .length_min = 1, .bytes_max = api::limits::action_name_bytes_max};
constexpr Shape enabled_actions = {.types = type::array | type::null,
                                   .description = "null: all of them.",
                                   .items_max = scopes::enabled_actions_max,
                                   .items = &action_name};
constexpr Member policy_members[] = {required("scope", persistence_scope),
                                     optional("externalId", external_id_or_null)};
constexpr Shape policy = {.types = type::object,
                          .description =
                              "Where its data is kept; `externalId` for the scope `external`, which needs "
                              "one, and for no other.",
                          .members = policy_members};
constexpr Member settings_members_in[] = {optional("persistence", policy)};
constexpr Shape settings = {.types = type::object, .members = settings_members_in};
constexpr Shape sort_order = {.types = type::integer,
                              .minimum = std::numeric_limits<std::int32_t>::min(),
                              .maximum = std::numeric_limits<std::int32_t>::max()};

constexpr Member create_members[] = {
    required("integrationName", integration_name),
    optional("alias", alias),
    optional("displayName", label),
    optional("connectionStrategy", connection_strategy),
    optional("connectionId", connection_id),
    optional("enabledActions", enabled_actions),
    optional("settings", settings),
    optional("sortOrder", sort_order),
};
constexpr Shape create_body = {.types = type::object, .members = create_members};
constexpr schema::Refused fixed[] = {{"integrationName", "cannot be changed"}};
constexpr Shape update_body = {
    .types = type::object, .members = std::span(create_members).subspan(1), .refused = fixed, .members_min = 1};

constexpr Member one_members[] = {required("workspaceIntegration", workspace_integration)};
constexpr Shape one = {.types = type::object, .members = one_members};
constexpr Shape items = {.types = type::array, .items = &workspace_integration};
constexpr Member list_members[] = {required("workspaceIntegrations", items), required("total", total),
                                   required("cursor", cursor_or_null)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer one_answers[] = {{.status = 200, .meaning = "The integration.", .body = &one}};
constexpr Answer made_answers[] = {{.status = 201, .meaning = "It was made.", .body = &one}};

constexpr Operation operations[] = {
    {.handler = api::list_workspace_integrations,
     .id = "listWorkspaceIntegrations",
     .summary = "List the integrations of a workspace",
     .parameters = page_parameters,
     .answers = list_answers},
    {.handler = api::create_workspace_integration,
     .id = "createWorkspaceIntegration",
     .summary = "Set up an integration in a workspace",
     .description = "A taken alias is 409 `ALIAS_CONFLICT`. At most 1,000 in a workspace.",
     .body = &create_body,
     .example = R"({"integrationName":"kv-store","alias":"memory","displayName":"Memory of agents",)"
                R"("settings":{"persistence":{"scope":"end_user"}}})",
     .answers = made_answers,
     .errors = conflict},
    {.handler = api::get_workspace_integration,
     .id = "getWorkspaceIntegration",
     .summary = "Get an integration of a workspace by its alias or id",
     .answers = one_answers},
    {.handler = api::update_workspace_integration,
     .id = "updateWorkspaceIntegration",
     .summary = "Change an integration of a workspace",
     .body = &update_body,
     .example = R"({"enabledActions":["get","put"],"sortOrder":10})",
     .answers = one_answers,
     .errors = conflict},
    {.handler = api::delete_workspace_integration,
     .id = "deleteWorkspaceIntegration",
     .summary = "Take an integration out of a workspace",
     .answers = deleted_answers,
     .errors = conflict},
};

}  // namespace

constinit const Group workspace_integrations = {
    .tag = "Workspace integrations",
    .description = "Which integrations a workspace has, and their policy.",
    .operations = operations};

}  // namespace alcove::openapi

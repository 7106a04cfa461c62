// End users.
#include "server/api/end_users.hpp"

#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape email = {.types = type::string | type::null,
                         .description = "An address, at most 254 bytes; null: none.",
                         .length_max = scopes::name_code_points_max,
                         .bytes_max = scopes::email_bytes_max,
                         .format = &schema::email};

constexpr Member create_members[] = {required("workspaceId", workspace_selector),
                                     required("externalId", external_id), optional("displayName", label),
                                     optional("email", email), optional("metadata", metadata)};
constexpr Shape create_body = {.types = type::object, .members = create_members};
constexpr Member update_members[] = {optional("displayName", label), optional("email", email),
                                     optional("metadata", metadata)};
constexpr schema::Refused fixed[] = {{"externalId", "cannot be changed here; see /users/external_ids/rename"}};
constexpr Shape update_body = {
    .types = type::object, .members = update_members, .refused = fixed, .members_min = 1};

constexpr Member one_members[] = {required("endUser", end_user)};
constexpr Shape one = {.types = type::object, .members = one_members};
constexpr Member with_connections_members[] = {required("endUser", end_user),
                                               required("connections", connection_items)};
constexpr Shape with_connections = {.types = type::object, .members = with_connections_members};
constexpr Shape items = {.types = type::array, .items = &end_user};
constexpr Member list_members[] = {required("endUsers", items), required("total", total),
                                   required("cursor", cursor_or_null)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Shape external_id_filter = {.types = type::string,
                                      .description = "The one end user with this id, primary or deprecated.",
                                      .length_min = 1,
                                      .length_max = scopes::name_code_points_max,
                                      .format = &schema::plain_text};
constexpr Parameter list_parameters[] = {
    workspace_parameter, {.name = "externalId", .shape = &external_id_filter, .example = "user_123"},
    limit_parameter,     offset_parameter,
    cursor_parameter,
};

constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer get_answers[] = {
    {.status = 200, .meaning = "The end user and its connections.", .body = &with_connections}};
constexpr Answer one_answers[] = {{.status = 200, .meaning = "The end user.", .body = &one}};
constexpr Answer made_answers[] = {{.status = 201, .meaning = "It was made.", .body = &one}};

constexpr Operation operations[] = {
    {.handler = api::list_end_users,
     .id = "listEndUsers",
     .summary = "List the end users of a workspace, oldest first",
     .parameters = list_parameters,
     .answers = list_answers},
    {.handler = api::create_end_user,
     .id = "createEndUser",
     .summary = "Make an end user under your own id",
     .description = "The id is unique among all ids of the workspace, primary and deprecated: a taken one is 409 "
                    "`DUPLICATE`.",
     .body = &create_body,
     .example = R"({"workspaceId":"acme","externalId":"user_456","displayName":"Ada","email":"ada@example.com",)"
                R"("metadata":{"plan":"pro"}})",
     .answers = made_answers,
     .errors = conflict},
    {.handler = api::get_end_user,
     .id = "getEndUser",
     .summary = "Get an end user with its connections",
     .answers = get_answers},
    {.handler = api::update_end_user,
     .id = "updateEndUser",
     .summary = "Change what is said of an end user",
     .description = "null clears. The external id changes at `/users/external_ids/rename` alone.",
     .body = &update_body,
     .example = R"({"displayName":"Ada Lovelace","email":null})",
     .answers = one_answers,
     .errors = conflict},
    {.handler = api::delete_end_user,
     .id = "deleteEndUser",
     .summary = "Delete an end user with its data, connections and tokens",
     .description = "After the answer nothing of it is readable. A new one with the same external id starts empty.",
     .answers = deleted_answers,
     .errors = conflict},
};

}  // namespace

constinit const Group end_users = {
    .tag = "End users", .description = "The users of a workspace, by your own ids.", .operations = operations};

}  // namespace alcove::openapi

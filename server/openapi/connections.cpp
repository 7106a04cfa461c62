// Connections, and what selectors come to.
#include "server/api/connections.hpp"

#include "server/api/resolve.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape scope = {.types = type::string,
                         .description = "`end_user` with `endUserId`, `workspace` without; need not be said.",
                         .one_of = connection_scope_names};
constexpr Shape end_user_of = {.types = type::string | type::null,
                               .description =
                                   "The external id of the end user whose connection it is; an unknown "
                                   "one makes the end user. null: the workspace's own.",
                               .length_min = 1,
                               .length_max = scopes::name_code_points_max,
                               .format = &schema::plain_text};

constexpr Member create_members[] = {
    required("workspaceId", workspace_selector),
    required("integrationName", integration_name),
    optional("externalId", external_id_or_null),
    optional("ownerExternalId", label),
    optional("displayName", label),
    optional("endUserId", end_user_of),
    optional("scope", scope),
    optional("credentials", credentials),
};
constexpr Shape create_body = {.types = type::object, .members = create_members};
constexpr Member update_members[] = {optional("externalId", external_id_or_null),
                                     optional("ownerExternalId", label), optional("displayName", label),
                                     optional("credentials", credentials)};
constexpr std::string_view cannot_be_changed = "cannot be changed";
constexpr schema::Refused fixed[] = {{"workspaceId", cannot_be_changed},
                                     {"integrationName", cannot_be_changed},
                                     {"scope", cannot_be_changed},
                                     {"endUserId", cannot_be_changed},
                                     {"status", cannot_be_changed}};
constexpr Shape update_body = {
    .types = type::object, .members = update_members, .refused = fixed, .members_min = 1};

constexpr Shape with_credentials = {
    .types = type::boolean, .description = "Needs the permission `credentials:read`.", .default_json = "false"};
constexpr Member selector_members[] = {
    required("workspaceId", selected_workspace),     optional("integrationName", selected_integration),
    optional("integrationAlias", selected_alias),    optional("workspaceIntegrationId", selected_id),
    optional("endUserId", selected_end_user),        optional("connectionExternalId", selected_connection),
    optional("includeCredentials", with_credentials)};
constexpr Shape resolve_connection_body = {
    .types = type::object, .members = selector_members, .refused = refused_scopes};
constexpr Shape resolve_body = {.types = type::object,
                                .members = std::span(selector_members).first(std::size(selector_members) - 1),
                                .refused = refused_scopes};

constexpr Member one_members[] = {required("connection", connection)};
constexpr Shape one = {.types = type::object, .members = one_members};
constexpr Member list_members[] = {required("connections", connection_items), required("total", total),
                                   required("cursor", cursor_or_null)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Shape connection_or_null = {
    .types = type::object | type::null, .description = "null: none is needed.", .members = connection_members};
constexpr Shape shown_credentials = {
    .types = type::object | type::null, .description = "As they were given.", .other_members = &any_value};
constexpr Member resolved_connection_members[] = {required("connection", connection_or_null),
                                                  optional("credentials", shown_credentials)};
constexpr Shape resolved_connection = {.types = type::object, .members = resolved_connection_members};

constexpr Shape end_user_or_null = {
    .types = type::object | type::null, .description = "null: none was named.", .members = end_user_members};
constexpr Shape subject = {
    .types = type::string | type::null,
    .description = "The end user's UUID, the external key, or null for the workspace's own."};
constexpr Shape history_cursor = {.types = type::string, .description = "For a watch from here."};
constexpr Shape namespace_scope = {.types = type::string, .one_of = scopes::persistence_scope_names};
constexpr Member namespace_members[] = {required("scope", namespace_scope), required("subject", subject),
                                        required("keys", count), required("bytes", count),
                                        required("cursor", history_cursor)};
constexpr Shape resolved_namespace = {.types = type::object, .members = namespace_members};
constexpr Shape explanation = {
    .types = type::array, .description = "How it came to that, in sentences.", .items = &text};
constexpr Member resolved_members[] = {
    required("workspace", workspace),          required("workspaceIntegration", workspace_integration),
    required("endUser", end_user_or_null),     required("connection", connection_or_null),
    required("namespace", resolved_namespace), required("explanation", explanation),
};
constexpr Shape resolved = {.types = type::object, .members = resolved_members};

constexpr Shape filter = {.types = type::string, .description = "Only those with exactly this one."};
constexpr Parameter list_parameters[] = {
    workspace_parameter,
    {.name = "integrationName", .shape = &filter, .example = "crm"},
    {.name = "externalId", .shape = &filter},
    {.name = "ownerExternalId", .shape = &filter},
    {.name = "endUserId", .shape = &external_id},
    limit_parameter,
    offset_parameter,
    cursor_parameter,
};

constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer one_answers[] = {{.status = 200, .meaning = "The connection.", .body = &one}};
constexpr Answer made_answers[] = {{.status = 201, .meaning = "It was made.", .body = &one}};
constexpr Answer resolved_connection_answers[] = {
    {.status = 200, .meaning = "The connection that an execution would use.", .body = &resolved_connection}};
constexpr Answer resolved_answers[] = {
    {.status = 200, .meaning = "What the selectors come to.", .body = &resolved}};

constexpr Operation operations[] = {
    {.handler = api::list_connections,
     .id = "listConnections",
     .summary = "List the connections of a workspace, oldest first",
     .description = "All filters that are given hold together.",
     .parameters = list_parameters,
     .answers = list_answers},
    {.handler = api::create_connection,
     .id = "createConnection",
     .summary = "Make a connection",
     .description = "`externalId` is its selector, unique for the workspace and integration: a taken one is 409 "
                    "`DUPLICATE`. `ownerExternalId` is a label.",
     .body = &create_body,
     .example = R"({"workspaceId":"acme","integrationName":"crm","externalId":"main","endUserId":"user_123",)"
                R"("displayName":"CRM of Ada","credentials":{"apiKey":"s3cret"}})",
     .answers = made_answers,
     .errors = conflict},
    {.handler = api::get_connection, .id = "getConnection", .summary = "Get a connection", .answers = one_answers},
    {.handler = api::update_connection,
     .id = "updateConnection",
     .summary = "Change a connection",
     .description = "null clears.",
     .body = &update_body,
     .example = R"({"displayName":"CRM","credentials":{"apiKey":"another"}})",
     .answers = one_answers,
     .errors = conflict},
    {.handler = api::delete_connection,
     .id = "deleteConnection",
     .summary = "Delete a connection",
     .description = "An integration that is pinned to it resolves to 404 `CONNECTION_NOT_FOUND` from then on.",
     .answers = deleted_answers,
     .errors = conflict},
    {.handler = api::resolve_connection,
     .id = "resolveConnection",
     .summary = "Find the connection that an execution would use",
     .body = &resolve_connection_body,
     .example =
         R"({"workspaceId":"acme","integrationName":"crm","endUserId":"user_123","includeCredentials":true})",
     .answers = resolved_connection_answers,
     .idempotency_key = IdempotencyKey::not_taken},
    {.handler = api::resolve,
     .id = "resolve",
     .summary = "Tell what the selectors of an execution come to, without doing anything",
     .body = &resolve_body,
     .example = R"({"workspaceId":"acme","integrationName":"kv-store","endUserId":"user_123"})",
     .answers = resolved_answers,
     .idempotency_key = IdempotencyKey::not_taken},
};

}  // namespace

constinit const Group connections = {.tag = "Connections",
                                     .description = "What a workspace or an end user is connected to.",
                                     .operations = operations};

}  // namespace alcove::openapi

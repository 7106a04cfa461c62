// API keys, and tokens that act as an end user.
#include "server/api/tokens.hpp"

#include "scopes/tokens.hpp"
#include "server/api/limits.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape permission = {.types = type::string, .one_of = scopes::permission_names};
constexpr Shape permissions = {
    .types = type::array, .description = "`admin` implies all others.", .items_min = 1, .items = &permission};
constexpr Shape key_workspaces = {.types = type::array | type::null,
                                  .description = "Ids or slugs of those that it is held to; null: all there are.",
                                  .items_min = 1,
                                  .items_max = api::limits::key_workspaces_max,
                                  .items = &workspace_selector};
constexpr Member create_key_members[] = {required("name", required_label), required("permissions", permissions),
                                         optional("workspaceIds", key_workspaces)};
constexpr Shape create_key_body = {.types = type::object, .members = create_key_members};

constexpr Shape lifetime = {.types = type::integer,
                            .description = "Seconds: an hour to 30 days.",
                            .minimum = scopes::end_user_token_ms_min / 1000,
                            .maximum = scopes::end_user_token_ms_max / 1000};
constexpr Shape either_end_user = {.types = type::string,
                                   .description = "The end user's external id, else its UUID."};
constexpr Member create_mcp_members[] = {required("workspaceId", workspace_selector),
                                         required("endUserId", either_end_user), optional("expiresIn", lifetime)};
constexpr Shape create_mcp_body = {.types = type::object, .members = create_mcp_members};

constexpr Shape held_to_id = {.types = type::string | type::null,
                              .description = "The workspace's integration that it is for.",
                              .format = &schema::uuid};
constexpr Member connect_token_members[] = {optional("integrationName", integration_name),
                                            optional("workspaceIntegrationId", held_to_id),
                                            optional("expiresIn", lifetime)};
constexpr Shape connect_token_body = {.types = type::object, .members = connect_token_members};

constexpr Shape ids_or_null = {.types = type::array | type::null, .description = "null: all.", .items = &id};
constexpr Member api_key_members[] = {required("id", id), required("name", text), required("permissions", texts),
                                      required("workspaceIds", ids_or_null), required("createdAt", time)};
constexpr Shape api_key = {.types = type::object, .name = "ApiKey", .members = api_key_members};
constexpr Shape plain = {.types = type::string,
                         .description = "Shown this once; not in an answer that is given again."};
constexpr Member made_key_members[] = {required("apiKey", api_key), optional("plainKey", plain)};
constexpr Shape made_key = {.types = type::object, .members = made_key_members};
constexpr Shape api_keys = {.types = type::array, .items = &api_key};
constexpr Member key_list_members[] = {required("apiKeys", api_keys), required("total", total),
                                       required("cursor", cursor_or_null)};
constexpr Shape key_list = {.types = type::object, .members = key_list_members};

constexpr Member mcp_token_members[] = {required("id", id), required("workspaceId", id),
                                        required("endUserId", text), required("createdAt", time),
                                        required("expiresAt", time)};
constexpr Shape mcp_token = {.types = type::object, .name = "McpToken", .members = mcp_token_members};
constexpr Member made_mcp_members[] = {required("mcpToken", mcp_token), optional("plainToken", plain)};
constexpr Shape made_mcp = {.types = type::object, .members = made_mcp_members};
constexpr Shape mcp_tokens = {.types = type::array, .items = &mcp_token};
constexpr Member mcp_list_members[] = {required("mcpTokens", mcp_tokens), required("total", total),
                                       required("cursor", cursor_or_null)};
constexpr Shape mcp_list = {.types = type::object, .members = mcp_list_members};

constexpr Shape connect_url = {.types = type::string,
                               .description =
                                   "The connect page with the token behind `#`; not in an answer that is "
                                   "given again."};
constexpr Member connect_token_members_out[] = {optional("token", plain), optional("connectUrl", connect_url),
                                                required("expiresAt", time)};
constexpr Shape connect_token = {.types = type::object, .members = connect_token_members_out};

constexpr Answer key_list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &key_list}};
constexpr Answer made_key_answers[] = {{.status = 201, .meaning = "It was made.", .body = &made_key}};
constexpr Answer mcp_list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &mcp_list}};
constexpr Answer made_mcp_answers[] = {{.status = 201, .meaning = "It was made.", .body = &made_mcp}};
constexpr Answer connect_token_answers[] = {{.status = 200, .meaning = "It was made.", .body = &connect_token}};
constexpr unsigned not_found_or_conflict[] = {404, 409};

constexpr Operation operations[] = {
    {.handler = api::list_api_keys,
     .id = "listApiKeys",
     .summary = "List the API keys",
     .description = "For keys that are not held to workspaces.",
     .parameters = page_parameters,
     .answers = key_list_answers},
    {.handler = api::create_api_key,
     .id = "createApiKey",
     .summary = "Make an API key",
     .description = "For keys that are not held to workspaces.",
     .body = &create_key_body,
     .example = R"({"name":"Worker","permissions":["kv:read","kv:write"],"workspaceIds":["acme"]})",
     .answers = made_key_answers,
     .errors = not_found_or_conflict},
    {.handler = api::delete_api_key,
     .id = "deleteApiKey",
     .summary = "Delete an API key",
     .answers = deleted_answers,
     .errors = conflict},
    {.handler = api::list_mcp_tokens,
     .id = "listMcpTokens",
     .summary = "List the MCP tokens of a workspace",
     .parameters = workspace_page_parameters,
     .answers = mcp_list_answers},
    {.handler = api::create_mcp_token,
     .id = "createMcpToken",
     .summary = "Make a token that executes actions as an end user",
     .description = "It does nothing else, and lasts 30 days when nothing is said.",
     .body = &create_mcp_body,
     .example = R"({"workspaceId":"acme","endUserId":"user_123","expiresIn":86400})",
     .answers = made_mcp_answers,
     .errors = not_found_or_conflict},
    {.handler = api::delete_mcp_token,
     .id = "deleteMcpToken",
     .summary = "Delete an MCP token",
     .answers = deleted_answers,
     .errors = conflict},
    {.handler = api::create_connect_token,
     .id = "createConnectToken",
     .summary = "Make a token for the browser of an end user",
     .description = "It reaches the keys of the end user's own namespace, and creates, lists and deletes its "
                    "connections. It lasts 7 days when nothing is said.",
     .body = &connect_token_body,
     .example = R"({"integrationName":"crm","expiresIn":3600})",
     .answers = connect_token_answers,
     .errors = conflict},
};

}  // namespace

constinit const Group tokens = {
    .tag = "Tokens", .description = "API keys, and tokens that act as an end user.", .operations = operations};

}  // namespace alcove::openapi

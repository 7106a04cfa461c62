// The table of the commands of workspaces, end users, connections, integrations, keys and tokens.
#include "server/cli/commands.hpp"

namespace alcove::cli {

namespace {

using Kind = Field::Kind;
constexpr auto required = Field::Need::required;

const Field workspace{"workspace", "workspace", "id or slug", Kind::text, required};
const Field workspace_flag{"-w,--workspace", "workspace", "id or slug", Kind::text, required};
const Field workspace_id{"-w,--workspace", "workspaceId", "id or slug", Kind::text, required};
const Field uuid{"id", "uuid", "the UUID", Kind::text, required};
const Field integration{"integration", "integration", "alias or id", Kind::text, required};
const Field credentials{"--credentials", "credentials", "a file with a JSON object, or - for stdin",
                        Kind::json_file};
const Field expires_in{"--expires-in", "expiresIn", "seconds, 3600 to 2592000", Kind::number};

const std::vector<std::string_view> workspace_columns{"id", "slug", "name", "createdAt"};
const std::vector<std::string_view> end_user_columns{"id", "externalId", "displayName", "email", "connectionCount"};
const std::vector<std::string_view> connection_columns{"id",    "integrationName", "externalId", "ownerExternalId",
                                                       "scope", "endUserId",       "status"};
const std::vector<std::string_view> integration_columns{"id", "alias", "integrationName", "connectionStrategy",
                                                        "connectionId"};
const std::vector<std::string_view> key_columns{"id", "name", "permissions", "workspaceIds", "createdAt"};
const std::vector<std::string_view> token_columns{"id", "endUserId", "createdAt", "expiresAt"};

const std::vector<Field> selectors{
    workspace_id,
    {"--integration-name", "integrationName", ""},
    {"--alias", "integrationAlias", "of the workspace's integration"},
    {"--integration-id", "workspaceIntegrationId", "the UUID of the workspace's integration"},
    {"--end-user", "endUserId", "your external id"},
    {"--connection", "connectionExternalId", "the connection's external id"},
};

std::vector<Field> with(std::vector<Field> fields, const std::vector<Field>& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

// What can be set when it is made and changed later.
const std::vector<Field> end_user_fields{
    {"--display-name", "displayName", "empty clears", Kind::clearable},
    {"--email", "email", "empty clears", Kind::clearable},
    {"--metadata", "metadata", "a JSON object", Kind::json},
};
const std::vector<Field> connection_fields{
    {"--external-id", "externalId", "your selector for it; empty clears", Kind::clearable},
    {"--owner", "ownerExternalId", "a label; empty clears", Kind::clearable},
    {"--display-name", "displayName", "empty clears", Kind::clearable},
    credentials,
};
const std::vector<Field> integration_fields{
    {"--alias", "alias", "the name in paths and requests"},
    {"--display-name", "displayName", "empty clears", Kind::clearable},
    {"--strategy", "connectionStrategy", "fixed, per_user or per_user_with_fallback"},
    {"--connection", "connectionId", "a connection's UUID; empty clears", Kind::clearable},
    {"--actions", "enabledActions", "a JSON list, or null for all", Kind::json},
    {"--settings", "settings", "a JSON object", Kind::json},
    {"--sort-order", "sortOrder", "", Kind::number},
};

const std::vector<Command>& table() {
    static const std::vector<Command> commands{
        {.noun = "workspace",
         .verb = "list",
         .help = "Lists them",
         .method = "GET",
         .path = "/workspaces",
         .member = "workspaces",
         .columns = workspace_columns},
        {.noun = "workspace",
         .verb = "create",
         .help = "Makes one",
         .method = "POST",
         .path = "/workspaces",
         .fields = {{"slug", "slug", "the name in paths", Kind::text, required},
                    {"--name", "name", "", Kind::text, required}},
         .member = "workspace"},
        {.noun = "workspace",
         .verb = "get",
         .help = "Shows one",
         .method = "GET",
         .path = "/workspaces/{workspace}",
         .fields = {workspace},
         .member = "workspace"},
        {.noun = "workspace",
         .verb = "update",
         .help = "Changes one",
         .method = "PATCH",
         .path = "/workspaces/{workspace}",
         .fields = {workspace, {"--name", "name", ""}, {"--slug", "slug", ""}},
         .member = "workspace"},
        {.noun = "workspace",
         .verb = "delete",
         .help = "Deletes one and all that is in it",
         .method = "DELETE",
         .path = "/workspaces/{workspace}",
         .fields = {workspace},
         .question = "Delete the workspace {workspace} and all that is in it?"},

        {.noun = "end-user",
         .verb = "list",
         .help = "Lists those of a workspace",
         .method = "GET",
         .path = "/end-users",
         .fields = {workspace_id, {"--external-id", "externalId", "the one with your id"}},
         .member = "endUsers",
         .columns = end_user_columns},
        {.noun = "end-user",
         .verb = "create",
         .help = "Makes one",
         .method = "POST",
         .path = "/end-users",
         .fields = with({{"external_id", "externalId", "your id of it", Kind::text, required}, workspace_id},
                        end_user_fields),
         .member = "endUser"},
        {.noun = "end-user",
         .verb = "get",
         .help = "Shows one",
         .method = "GET",
         .path = "/end-users/{uuid}",
         .fields = {uuid},
         .member = "endUser"},
        {.noun = "end-user",
         .verb = "update",
         .help = "Changes one",
         .method = "PATCH",
         .path = "/end-users/{uuid}",
         .fields = with({uuid}, end_user_fields),
         .member = "endUser"},
        {.noun = "end-user",
         .verb = "delete",
         .help = "Deletes one with its data, connections and tokens",
         .method = "DELETE",
         .path = "/end-users/{uuid}",
         .fields = {uuid},
         .question = "Delete the end user {uuid} with its data, connections and tokens?"},
        {.noun = "end-user",
         .verb = "connect-token",
         .help = "Makes a token with which it connects its accounts",
         .method = "POST",
         .path = "/end-users/{uuid}/connect-token",
         .fields = {uuid,
                    {"--integration-name", "integrationName", "for connections of this one alone"},
                    {"--integration-id", "workspaceIntegrationId", "likewise, by the UUID"},
                    expires_in},
         .secret = "token"},

        {.noun = "connection",
         .verb = "list",
         .help = "Lists those of a workspace",
         .method = "GET",
         .path = "/connections",
         .fields = {workspace_id,
                    {"--integration-name", "integrationName", ""},
                    {"--external-id", "externalId", ""},
                    {"--owner", "ownerExternalId", ""},
                    {"--end-user", "endUserId", "your external id"}},
         .member = "connections",
         .columns = connection_columns},
        {.noun = "connection",
         .verb = "create",
         .help = "Makes one",
         .method = "POST",
         .path = "/connections",
         .fields = with({{"integration_name", "integrationName", "what it connects to", Kind::text, required},
                         workspace_id,
                         {"--end-user", "endUserId", "whose it is, by your external id; else the workspace's"}},
                        connection_fields),
         .member = "connection"},
        {.noun = "connection",
         .verb = "get",
         .help = "Shows one",
         .method = "GET",
         .path = "/connections/{uuid}",
         .fields = {uuid},
         .member = "connection"},
        {.noun = "connection",
         .verb = "update",
         .help = "Changes one",
         .method = "PATCH",
         .path = "/connections/{uuid}",
         .fields = with({uuid}, connection_fields),
         .member = "connection"},
        {.noun = "connection",
         .verb = "delete",
         .help = "Deletes one",
         .method = "DELETE",
         .path = "/connections/{uuid}",
         .fields = {uuid}},
        {.noun = "connection",
         .verb = "resolve",
         .help = "Shows the one that the selectors come to",
         .method = "POST",
         .path = "/connections/resolve",
         .fields =
             with(selectors, {{"--credentials", "includeCredentials", "show its credentials too", Kind::flag}}),
         .member = "connection"},

        {.noun = "integration",
         .verb = "list",
         .help = "Lists those of a workspace",
         .method = "GET",
         .path = "/workspaces/{workspace}/integrations",
         .fields = {workspace_flag},
         .member = "workspaceIntegrations",
         .columns = integration_columns},
        {.noun = "integration",
         .verb = "create",
         .help = "Adds one to a workspace",
         .method = "POST",
         .path = "/workspaces/{workspace}/integrations",
         .fields = with(
             {{"integration_name", "integrationName", "such as kv-store", Kind::text, required}, workspace_flag},
             integration_fields),
         .member = "workspaceIntegration"},
        {.noun = "integration",
         .verb = "get",
         .help = "Shows one",
         .method = "GET",
         .path = "/workspaces/{workspace}/integrations/{integration}",
         .fields = {integration, workspace_flag},
         .member = "workspaceIntegration"},
        {.noun = "integration",
         .verb = "update",
         .help = "Changes one",
         .method = "PATCH",
         .path = "/workspaces/{workspace}/integrations/{integration}",
         .fields = with({integration, workspace_flag}, integration_fields),
         .member = "workspaceIntegration"},
        {.noun = "integration",
         .verb = "delete",
         .help = "Removes one from a workspace",
         .method = "DELETE",
         .path = "/workspaces/{workspace}/integrations/{integration}",
         .fields = {integration, workspace_flag}},

        {.noun = "key",
         .verb = "list",
         .help = "Lists the API keys",
         .method = "GET",
         .path = "/api-keys",
         .member = "apiKeys",
         .columns = key_columns},
        {.noun = "key",
         .verb = "create",
         .help = "Makes an API key and shows it, once",
         .method = "POST",
         .path = "/api-keys",
         .fields = {{"name", "name", "", Kind::text, required},
                    {"--permissions", "permissions", "with commas, such as kv:read,kv:write", Kind::list, required},
                    {"--workspaces", "workspaceIds", "it is held to, with commas; else to none", Kind::list}},
         .member = "apiKey",
         .secret = "plainKey"},
        {.noun = "key",
         .verb = "delete",
         .help = "Deletes an API key",
         .method = "DELETE",
         .path = "/api-keys/{uuid}",
         .fields = {uuid}},

        {.noun = "mcp-token",
         .verb = "list",
         .help = "Lists those of a workspace",
         .method = "GET",
         .path = "/mcp-tokens",
         .fields = {workspace_id},
         .member = "mcpTokens",
         .columns = token_columns},
        {.noun = "mcp-token",
         .verb = "create",
         .help = "Makes a token that acts as an end user; it is shown once",
         .method = "POST",
         .path = "/mcp-tokens",
         .fields = {workspace_id,
                    {"--end-user", "endUserId", "your external id, else the UUID", Kind::text, required},
                    expires_in},
         .member = "mcpToken",
         .secret = "plainToken"},
        {.noun = "mcp-token",
         .verb = "delete",
         .help = "Deletes one",
         .method = "DELETE",
         .path = "/mcp-tokens/{uuid}",
         .fields = {uuid}},

        {.noun = "",
         .verb = "resolve",
         .help = "Tells what the selectors of an execution come to",
         .method = "POST",
         .path = "/resolve",
         .fields = selectors,
         .member = "workspaceIntegration",
         .lines = "explanation"},
    };
    return commands;
}

}  // namespace

void add_resource_commands(CLI::App& app, Context& context) {
    for (const Command& command : table())
        add_command(app, context, command);
}

}  // namespace alcove::cli

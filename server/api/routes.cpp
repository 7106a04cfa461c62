#include "server/api/routes.hpp"

#include <array>
#include <stdexcept>

#include "server/api/actions.hpp"
#include "server/api/catalog.hpp"
#include "server/api/connect.hpp"
#include "server/api/connect_page.hpp"
#include "server/api/connections.hpp"
#include "server/api/description.hpp"
#include "server/api/end_users.hpp"
#include "server/api/exports.hpp"
#include "server/api/files.hpp"
#include "server/api/health.hpp"
#include "server/api/imports.hpp"
#include "server/api/kv.hpp"
#include "server/api/metrics.hpp"
#include "server/api/quotas.hpp"
#include "server/api/resolve.hpp"
#include "server/api/tokens.hpp"
#include "server/api/transactions.hpp"
#include "server/api/triggers.hpp"
#include "server/api/watches.hpp"
#include "server/api/workspace_integrations.hpp"
#include "server/api/workspaces.hpp"
#include "server/braze/external_ids.hpp"
#include "server/deck/connections.hpp"
#include "server/deck/destinations.hpp"
#include "server/deck/events.hpp"
#include "server/openapi/operation.hpp"

namespace alcove::api {
namespace {

using http::Method;
using enum scopes::Permission;

// JSON bodies have at most json_body_bytes_max, values settings.value_bytes. HEAD goes where GET goes.
constexpr Endpoint table[] = {
    {Method::get, "/healthz", {}, get_health},
    {Method::get, "/readyz", {}, get_readiness},
    {Method::get, "/metrics", {}, get_metrics},
    {Method::get, "/openapi.json", {}, get_description},
    {Method::get, "/connect", {}, get_connect_page},
    {Method::get, "/connect/page.js", {}, get_connect_script},
    {Method::get, "/connect/page.css", {}, get_connect_style},

    {Method::get, "/api/v1/workspaces", workspaces_read, list_workspaces},
    {Method::post, "/api/v1/workspaces", workspaces_write, create_workspace},
    {Method::get, "/api/v1/workspaces/{workspace}", workspaces_read, get_workspace},
    {Method::patch, "/api/v1/workspaces/{workspace}", workspaces_write, update_workspace},
    {Method::delete_, "/api/v1/workspaces/{workspace}", workspaces_write, delete_workspace},

    {Method::get, "/api/v1/end-users", end_users_read, list_end_users},
    {Method::post, "/api/v1/end-users", end_users_write, create_end_user},
    {Method::get, "/api/v1/end-users/{uuid}", end_users_read, get_end_user},
    {Method::patch, "/api/v1/end-users/{uuid}", end_users_write, update_end_user},
    {Method::delete_, "/api/v1/end-users/{uuid}", end_users_write, delete_end_user},

    {Method::post, "/api/v1/end-users/{uuid}/connect-token", end_users_write, create_connect_token},

    {Method::get, "/api/v1/connections", connections_read, list_connections},
    {Method::post, "/api/v1/connections", connections_write, create_connection},
    {Method::post, "/api/v1/connections/resolve", connections_read, resolve_connection},
    {Method::get, "/api/v1/connections/{uuid}", connections_read, get_connection},
    {Method::patch, "/api/v1/connections/{uuid}", connections_write, update_connection},
    {Method::delete_, "/api/v1/connections/{uuid}", connections_write, delete_connection},
    {Method::get, "/api/v1/connect-session", connections_read, get_connect_session},

    {Method::get, "/api/v1/workspaces/{workspace}/integrations", integrations_read, list_workspace_integrations},
    {Method::post, "/api/v1/workspaces/{workspace}/integrations", integrations_write, create_workspace_integration},
    {Method::get, "/api/v1/workspaces/{workspace}/integrations/{integration}", integrations_read,
     get_workspace_integration},
    {Method::patch, "/api/v1/workspaces/{workspace}/integrations/{integration}", integrations_write,
     update_workspace_integration},
    {Method::delete_, "/api/v1/workspaces/{workspace}/integrations/{integration}", integrations_write,
     delete_workspace_integration},
    {Method::post, "/api/v1/resolve", integrations_read, resolve},

    {Method::get, "/api/v1/api-keys", admin, list_api_keys},
    {Method::post, "/api/v1/api-keys", admin, create_api_key},
    {Method::delete_, "/api/v1/api-keys/{uuid}", admin, delete_api_key},
    {Method::get, "/api/v1/mcp-tokens", end_users_read, list_mcp_tokens},
    {Method::post, "/api/v1/mcp-tokens", end_users_write, create_mcp_token},
    {Method::delete_, "/api/v1/mcp-tokens/{uuid}", end_users_write, delete_mcp_token},
    {Method::get, "/api/v1/integrations", integrations_read, list_catalog},
    {Method::post, "/api/v1/integrations/{name}/properties/options", actions_execute, list_options},
    {Method::post, "/api/v1/actions/execute", actions_execute, execute_action},
    {Method::get, "/api/v1/integrations/{name}", integrations_read, get_catalog_entry},
    {Method::get, "/api/v1/workspaces/{workspace}/namespaces", kv_read, list_namespaces},
    {Method::get, "/api/v1/namespaces/busiest", admin, list_busiest_namespaces},
    {Method::get, "NS/quota", kv_read, get_quota},
    {Method::put, "NS/quota", admin, put_quota},
    {Method::delete_, "NS/data", kv_write, delete_data, files_write},
    {Method::get, "NS/export", kv_read, export_keys},
    {Method::post, "NS/import", kv_write, import_keys},

    {Method::post, "/api/v1/triggers/enable", events_write, enable_trigger, kv_read},
    {Method::get, "/api/v1/triggers", events_read, list_triggers},
    {Method::post, "/api/v1/triggers/{uuid}/disable", events_write, disable_trigger},
    {Method::post, "/api/v1/triggers/{uuid}/test", events_write, test_trigger},

    {Method::post, "/v2/connections", connections_write, deck::create_connection},
    {Method::get, "/v2/connections", connections_read, deck::list_connections},
    {Method::get, "/v2/connections/{id}", connections_read, deck::get_connection},
    {Method::patch, "/v2/connections/{id}", connections_write, deck::update_connection},
    {Method::delete_, "/v2/connections/{id}", connections_write, deck::delete_connection},
    {Method::post, "/v2/connections/{id}/disconnect", connections_write, deck::disconnect_connection},
    {Method::post, "/v2/connections/{id}/events", events_write, deck::report_on_connection},
    {Method::get, "/v2/events", events_read, deck::list_events},
    {Method::get, "/v2/events/{id}", events_read, deck::get_event},
    {Method::post, "/v2/event-destinations", events_write, deck::create_destination},
    {Method::get, "/v2/event-destinations", events_read, deck::list_destinations},
    {Method::get, "/v2/event-destinations/{id}", events_read, deck::get_destination},
    {Method::patch, "/v2/event-destinations/{id}", events_write, deck::update_destination},
    {Method::delete_, "/v2/event-destinations/{id}", events_write, deck::delete_destination},
    {Method::post, "/v2/event-destinations/{id}/rotate-secret", events_write, deck::rotate_destination_secret},

    {Method::post, "/users/external_ids/rename", external_ids_rename, braze::rename_external_ids},
    {.method = Method::post,
     .pattern = "/users/external_ids/remove",
     .permission = external_ids_remove,
     .handler = braze::remove_external_ids,
     .or_permission = external_ids_rename},

    {Method::get, "/api/v1/watch", {}, open_watch_socket},
    {Method::get, "NS/watch", {}, watch_namespace},
    {Method::post, "/api/v1/watch-tickets", kv_read, create_watch_ticket},

    {Method::get, "NS/kv", kv_read, list_keys},
    {Method::delete_, "NS/kv", kv_write, delete_keys},
    {Method::get, "NS/kv/{key...}", kv_read, get_key},
    {Method::put, "NS/kv/{key...}", kv_write, put_key},
    {Method::delete_, "NS/kv/{key...}", kv_write, delete_key},
    {Method::post, "NS/kv/{key...}", kv_write, operate_on_key},
    {Method::post, "NS/transactions", kv_write, commit_transaction},

    {Method::get, "NS/files", files_read, list_files},
    {Method::get, "NS/files/{path...}", files_read, get_file},
    {Method::put, "NS/files/{path...}", files_write, put_file},
    {Method::delete_, "NS/files/{path...}", files_write, delete_file},
    {Method::get, "/files/{signed}", {}, download_file},
};

constexpr std::string_view namespace_mark = "NS";

struct NamespacePattern {
    NamespaceForm form;
    std::string_view pattern;
};

constexpr std::array<NamespacePattern, 4> namespace_patterns = {{
    {NamespaceForm::workspace, "/api/v1/workspaces/{workspace}"},
    {NamespaceForm::end_user, "/api/v1/workspaces/{workspace}/end-users/{endUserId}"},
    {NamespaceForm::external, "/api/v1/workspaces/{workspace}/external/{externalId}"},
    {NamespaceForm::integration, "/api/v1/workspaces/{workspace}/integrations/{integration}"},
}};

Route make_route(const Endpoint& endpoint, NamespaceForm form, std::string pattern) {
    const auto* operation = openapi::find_operation(endpoint.handler).operation;
    if (operation == nullptr) throw std::logic_error("nothing is said of " + pattern);
    return {.endpoint = &endpoint, .form = form, .pattern = std::move(pattern), .body = operation->body};
}

}  // namespace

std::span<const Endpoint> endpoints() {
    return table;
}

std::vector<Route> routes() {
    std::vector<Route> all;
    for (const auto& endpoint : table) {
        if (!endpoint.pattern.starts_with(namespace_mark)) {
            all.push_back(make_route(endpoint, NamespaceForm::none, std::string(endpoint.pattern)));
            continue;
        }
        const auto rest = endpoint.pattern.substr(namespace_mark.size());
        for (const auto& [form, pattern] : namespace_patterns)
            all.push_back(make_route(endpoint, form, std::string(pattern).append(rest)));
    }
    return all;
}

}  // namespace alcove::api

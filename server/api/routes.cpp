#include "server/api/routes.hpp"

#include "server/api/end_users.hpp"
#include "server/api/exports.hpp"
#include "server/api/health.hpp"
#include "server/api/imports.hpp"
#include "server/api/kv.hpp"
#include "server/api/quotas.hpp"
#include "server/api/transactions.hpp"
#include "server/api/workspaces.hpp"

namespace alcove::api {
namespace {

using http::Method;
using enum scopes::Permission;

// JSON bodies have at most json_body_bytes_max, values settings.value_bytes. HEAD goes where GET goes.
constexpr Endpoint table[] = {
    {Method::get, "/healthz", {}, get_health},
    {Method::get, "/readyz", {}, get_readiness},

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

    {Method::get, "/api/v1/workspaces/{workspace}/namespaces", kv_read, list_namespaces},
    {Method::get, "NS/quota", kv_read, get_quota},
    {Method::put, "NS/quota", admin, put_quota},
    {Method::delete_, "NS/data", kv_write, delete_data, files_write},
    {Method::get, "NS/export", kv_read, export_keys},
    {Method::post, "NS/import", kv_write, import_keys},

    {Method::get, "NS/kv", kv_read, list_keys},
    {Method::delete_, "NS/kv", kv_write, delete_keys},
    {Method::get, "NS/kv/{key...}", kv_read, get_key},
    {Method::put, "NS/kv/{key...}", kv_write, put_key},
    {Method::delete_, "NS/kv/{key...}", kv_write, delete_key},
    {Method::post, "NS/kv/{key...}", kv_write, operate_on_key},
    {Method::post, "NS/transactions", kv_write, commit_transaction},
};

}  // namespace

std::span<const Endpoint> endpoints() {
    return table;
}

}  // namespace alcove::api

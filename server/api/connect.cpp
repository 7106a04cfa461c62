#include "server/api/connect.hpp"

#include <utility>

#include "server/api/connections.hpp"
#include "server/api/json.hpp"
#include "server/api/resources.hpp"
#include "server/http/text.hpp"

namespace alcove::api {

std::string connect_url(const Settings& settings, std::string_view token) {
    return http::join_url(settings.public_url, "/connect#").append(token);
}

asio::awaitable<void> get_connect_session(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto& principal = *call.principal;
    if (principal.kind != scopes::Principal::Kind::end_user) {
        co_return call.fail(Problem(403, "FORBIDDEN", "this is for connect tokens"));
    }
    auto& identity = call.services.identity;
    auto end_user = co_await identity.end_users.get(*principal.end_user);
    if (!end_user) co_return call.fail(to_problem(end_user.error()));
    auto workspace = co_await identity.workspaces.get(end_user->workspace);
    if (!workspace) co_return call.fail(to_problem(workspace.error()));
    scopes::ConnectionFilter own{.integration_name = principal.integration_name, .end_user = end_user->id};
    scopes::ListRequest all{.limit = scopes::connections_per_end_user_max};
    auto connections = co_await identity.connections.list(end_user->workspace, std::move(own), std::move(all));
    if (!connections) co_return call.fail(to_problem(connections.error()));

    call.begin_json(200);
    call.response.set("Cache-Control", "no-store");
    json::Writer writer(call.response.body);
    writer.open_object().name("connectSession").open_object();
    writer.member("workspaceId", scopes::format_uuid(workspace->id)).member("workspaceName", workspace->name);
    writer.member("endUserId", end_user->external_id).optional_member("endUserName", end_user->display_name);
    writer.optional_member("integrationName", principal.integration_name);
    print_time(writer, "expiresAt", principal.expires_ms.value_or(0));
    writer.name("connections").open_array();
    for (const auto& connection : connections->items)
        print(writer, connection);
    writer.close_array().close_object().close_object();
}

}  // namespace alcove::api

#include "server/api/resolve.hpp"

#include <utility>

#include "server/api/connections.hpp"
#include "server/api/cursor.hpp"
#include "server/api/end_users.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/selectors.hpp"
#include "server/api/workspace_integrations.hpp"
#include "server/api/workspaces.hpp"

namespace alcove::api {
namespace {

void print_namespace(json::Writer& writer, const kv::NamespaceName& name, const kv::Usage& usage,
                     std::string_view cursor) {
    writer.open_object().member("scope", name_of(name.scope)).name("subject");
    if (name.scope == kv::Scope::external) {
        writer.string(name.subject);
    } else if (name.scope == kv::Scope::end_user) {
        writer.plain_string(scopes::format_uuid(scopes::uuid_of_bytes(name.subject)));
    } else {
        writer.null();
    }
    writer.name("keys").number(usage.keys).name("bytes").number(usage.bytes).member("cursor", cursor);
    writer.close_object();
}

}  // namespace

asio::awaitable<void> resolve(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    auto request = read_selectors(in);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto resolution = co_await resolve_selectors(call, std::move(request));
    if (!resolution) co_return call.fail(resolution.error());
    auto workspace = co_await call.services.identity.workspaces.get(resolution->integration.workspace);
    if (!workspace) co_return call.fail(to_problem(workspace.error()));
    auto usage = co_await call.services.store.usage(resolution->namespace_name);
    if (!usage) co_return call.fail(to_problem(usage.error()));
    const auto cursor = print_history_cursor(call.services.store.epoch(), usage->version);

    call.begin_json(200);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("workspace"), *workspace);
    print(writer.name("workspaceIntegration"), resolution->integration);
    writer.name("endUser");
    resolution->end_user ? print(writer, *resolution->end_user) : void(writer.null());
    writer.name("connection");
    resolution->connection ? print(writer, *resolution->connection) : void(writer.null());
    print_namespace(writer.name("namespace"), resolution->namespace_name, *usage, cursor);
    writer.name("explanation").open_array();
    for (const auto& sentence : resolution->explanation)
        writer.string(sentence);
    writer.close_array().close_object();
}

asio::awaitable<void> resolve_connection(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    auto request = read_selectors(in);
    const bool with_credentials = in.boolean("includeCredentials").value_or(false);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    if (with_credentials && !call.principal->may(scopes::Permission::credentials_read)) {
        co_return call.fail(forbidden(scopes::Permission::credentials_read));
    }
    if (call.principal->end_user) {
        co_return call.fail(Problem(403, "FORBIDDEN", "this is not for tokens that act as an end user"));
    }
    auto workspace = co_await resolve_workspace(call, request.workspace);
    if (!workspace) co_return call.fail(workspace.error());
    auto connection = co_await call.services.identity.resolver.resolve_connection((*workspace)->workspace,
                                                                                  std::move(request.selectors));
    if (!connection) co_return call.fail(to_problem(connection.error()));
    std::optional<std::string> credentials;
    if (with_credentials && *connection) {
        auto opened = co_await call.services.identity.connections.credentials((*connection)->id);
        if (!opened) co_return call.fail(to_problem(opened.error()));
        credentials = std::move(*opened);
    }

    call.begin_json(200);
    call.response.set("Cache-Control", "no-store");
    json::Writer writer(call.response.body);
    writer.open_object().name("connection");
    *connection ? print(writer, **connection) : void(writer.null());
    if (with_credentials) {
        writer.name("credentials");
        credentials ? writer.raw(*credentials) : writer.null();
    }
    writer.close_object();
}

}  // namespace alcove::api

#include "server/api/connections.hpp"

#include <utility>

#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"

namespace alcove::api {
namespace {

void answer(Call& call, unsigned status, const scopes::Connection& connection) {
    call.begin_json(status);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("connection"), connection);
    writer.close_object();
}

Problem own_connections_alone() {
    return Problem(403, "FORBIDDEN", "the token reaches its own end user's connections of its integration alone");
}

// Whether who acts as an end user may see and change that connection.
bool reaches(const scopes::Principal& principal, const scopes::Connection& connection) {
    if (!principal.reaches(connection.workspace)) return false;
    if (!principal.end_user) return true;
    return connection.end_user == principal.end_user &&
           (!principal.integration_name || connection.integration_name == *principal.integration_name);
}

// The connection of the path: 404 CONNECTION_NOT_FOUND, also for what is no UUID; 403 for what is not the key's.
asio::awaitable<Result<scopes::Connection>> find(Call& call) {
    const auto id = scopes::parse_uuid(call.param("uuid"));
    if (!id) co_return to_problem(scopes::connection_not_found());
    auto connection = co_await call.services.identity.connections.get(*id);
    if (!connection) co_return to_problem(connection.error());
    if (auto problem = refuse_workspace(call, connection->workspace)) co_return *std::move(problem);
    if (!reaches(*call.principal, *connection)) co_return own_connections_alone();
    co_return std::move(*connection);
}

// A connection with an end user has the scope end_user, one without has the scope workspace.
void check_scope(ObjectReader& in, bool with_end_user) {
    const auto scope = in.string("scope");
    if (!scope || (*scope == "end_user") == with_end_user) return;
    in.refuse("endUserId", with_end_user ? "'endUserId' is for the scope 'end_user' alone"
                                         : "'endUserId' is required for the scope 'end_user'");
}

// Who acts as an end user makes connections of that end user alone, whatever the body says.
asio::awaitable<std::optional<Problem>> hold_to_end_user(Call& call, scopes::NewConnection& connection) {
    const auto& principal = *call.principal;
    if (!principal.end_user) co_return std::nullopt;
    auto own = co_await call.services.identity.end_users.get(*principal.end_user);
    if (!own) co_return to_problem(own.error());
    if (connection.end_user) {
        auto named =
            co_await call.services.identity.end_users.get_by_external_id(own->workspace, *connection.end_user);
        if (!named || named->id != own->id) co_return own_connections_alone();
    }
    if (principal.integration_name && connection.integration_name.text() != *principal.integration_name) {
        co_return own_connections_alone();
    }
    connection.end_user = scopes::ExternalId::parse(own->external_id);
    co_return std::nullopt;
}

struct ConnectionList {
    scopes::ConnectionFilter filter;
    std::optional<std::string> end_user_id;  // as the query names it
    scopes::Uuid workspace{};
    scopes::ListRequest page;
};

// Calls `use` with what a cursor of the list belongs to.
template <class Use>
auto with_cursor_scope(const ConnectionList& list, Use use) {
    const auto workspace = scopes::format_uuid(list.workspace);
    const auto part = [](const std::optional<std::string>& text) { return text ? "=" + *text : std::string(); };
    const auto name = part(list.filter.integration_name);
    const auto external_id = part(list.filter.external_id);
    const auto owner = part(list.filter.owner_external_id);
    const auto end_user = part(list.end_user_id);
    return use({"connections", workspace, name, external_id, owner, end_user});
}

std::optional<std::string> take_text(http::Query& query, std::string_view name) {
    const auto text = query.take(name);
    if (!text) return std::nullopt;
    return std::string(*text);
}

asio::awaitable<Result<ConnectionList>> take_list(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return query.error();
    auto workspace = co_await take_workspace(call, *query);
    if (!workspace) co_return workspace.error();
    ConnectionList list;
    list.workspace = *workspace;
    list.filter.integration_name = take_text(*query, "integrationName");
    list.filter.external_id = take_text(*query, "externalId");
    list.filter.owner_external_id = take_text(*query, "ownerExternalId");
    list.end_user_id = take_text(*query, "endUserId");
    auto page = with_cursor_scope(list, [&query](CursorScope scope) { return take_page(*query, scope); });
    if (!page) co_return page.error();
    list.page = std::move(*page);
    if (auto problem = refuse_unknown(*query)) co_return *std::move(problem);
    co_return list;
}

// The end user that the list is about, if it is about one; the nil id for one that is not there.
asio::awaitable<Result<std::optional<scopes::Uuid>>> listed_end_user(Call& call, const ConnectionList& list) {
    if (!list.end_user_id) co_return call.principal->end_user;
    auto external_id = scopes::ExternalId::parse(*list.end_user_id);
    if (!external_id) co_return invalid_field("endUserId", "'endUserId' must have 1 to 255 characters");
    auto found =
        co_await call.services.identity.end_users.get_by_external_id(list.workspace, *std::move(external_id));
    const bool unknown = !found && found.error().code == scopes::Errc::end_user_not_found;
    if (!found && !unknown) co_return to_problem(found.error());
    if (call.principal->end_user && (unknown || found->id != *call.principal->end_user)) {
        co_return own_connections_alone();
    }
    co_return std::optional(unknown ? scopes::Uuid{} : found->id);
}

}  // namespace

void print(json::Writer& writer, const scopes::Connection& connection) {
    writer.open_object().member("id", scopes::format_uuid(connection.id));
    writer.member("workspaceId", scopes::format_uuid(connection.workspace));
    writer.member("integrationName", connection.integration_name);
    writer.optional_member("externalId", connection.external_id);
    writer.optional_member("ownerExternalId", connection.owner_external_id);
    writer.optional_member("displayName", connection.display_name);
    writer.member("scope", connection.end_user ? "end_user" : "workspace");
    writer.optional_member("endUserId", connection.end_user_external_id)
        .member("status", to_string(connection.status));
    print_time(writer, "createdAt", connection.created_ms);
    print_time(writer, "updatedAt", connection.updated_ms);
    writer.close_object();
}

asio::awaitable<void> list_connections(Call& call) {
    auto list = co_await take_list(call);
    if (!list) co_return call.fail(list.error());
    auto end_user = co_await listed_end_user(call, *list);
    if (!end_user) co_return call.fail(end_user.error());
    auto filter = list->filter;
    filter.end_user = *end_user;
    if (call.principal->integration_name) {
        if (filter.integration_name && filter.integration_name != call.principal->integration_name) {
            co_return call.fail(own_connections_alone());
        }
        filter.integration_name = call.principal->integration_name;
    }
    auto listing = co_await call.services.identity.connections.list(list->workspace, std::move(filter), list->page);
    if (!listing) co_return call.fail(to_problem(listing.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("connections").open_array();
    for (const auto& connection : listing->items)
        print(writer, connection);
    with_cursor_scope(*list, [&writer, &listing](CursorScope scope) {
        print_list_end(writer, listing->total, scope, listing->next);
    });
}

asio::awaitable<void> create_connection(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    const auto selector = in.required_string("workspaceId");
    auto integration_name = to_integration_name(in, "integrationName", in.required_string("integrationName"));
    auto external_id = read_external_id(in, "externalId");
    auto owner_external_id = read_label(in, "ownerExternalId");
    auto display_name = read_label(in, "displayName");
    auto end_user = read_external_id(in, "endUserId");
    auto credentials = read_credentials(in, "credentials");
    const bool with_end_user = (end_user && *end_user) || call.principal->end_user;
    check_scope(in, with_end_user);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto resolved = co_await resolve_workspace(call, selector);
    if (!resolved) co_return call.fail(resolved.error());
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    scopes::NewConnection connection{.workspace = (*resolved)->workspace,
                                     .integration_name = std::move(*integration_name),
                                     .external_id = std::move(external_id).value_or(std::nullopt),
                                     .owner_external_id = std::move(owner_external_id).value_or(std::nullopt),
                                     .display_name = std::move(display_name).value_or(std::nullopt),
                                     .end_user = std::move(end_user).value_or(std::nullopt),
                                     .credentials = std::move(credentials).value_or(std::nullopt)};
    auto refused = co_await hold_to_end_user(call, connection);
    if (refused) co_return call.fail(*refused);
    auto created =
        co_await call.services.identity.connections.create(std::move(connection), std::move(*request_id));
    if (!created) co_return call.fail(to_problem(created.error()));
    set_replayed(call.response, created->replayed);
    answer(call, 201, created->resource);
}

asio::awaitable<void> get_connection(Call& call) {
    auto connection = co_await find(call);
    if (!connection) co_return call.fail(connection.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    answer(call, 200, *connection);
}

asio::awaitable<void> update_connection(Call& call) {
    auto connection = co_await find(call);
    if (!connection) co_return call.fail(connection.error());
    // Its token is for creating, listing and deleting.
    if (call.principal->end_user) co_return call.fail(own_connections_alone());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    scopes::ConnectionChanges changes{.external_id = read_external_id(in, "externalId"),
                                      .owner_external_id = read_label(in, "ownerExternalId"),
                                      .display_name = read_label(in, "displayName"),
                                      .credentials = read_credentials(in, "credentials")};
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    auto updated = co_await call.services.identity.connections.update(connection->id, std::move(changes),
                                                                      std::move(*request_id));
    if (!updated) co_return call.fail(to_problem(updated.error()));
    set_replayed(call.response, updated->replayed);
    answer(call, 200, updated->resource);
}

asio::awaitable<void> delete_connection(Call& call) {
    auto begun = co_await begin_deletion(call);
    if (!begun) co_return;
    auto connection = co_await find(call);
    if (!connection) co_return call.fail(connection.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto deleted = co_await call.services.identity.connections.remove(connection->id, std::move(begun->request_id));
    if (!deleted) co_return call.fail(to_problem(deleted.error()));
    answer_deleted(call, connection->id);
}

}  // namespace alcove::api

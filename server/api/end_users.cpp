#include "server/api/end_users.hpp"

#include <utility>

#include "server/api/connections.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"

namespace alcove::api {
namespace {

void answer(Call& call, unsigned status, const scopes::EndUser& end_user) {
    call.begin_json(status);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("endUser"), end_user);
    writer.close_object();
}

asio::awaitable<Result<scopes::Listing<scopes::EndUser>>> list_by_external_id(Call& call, scopes::Uuid workspace,
                                                                              scopes::ExternalId external_id) {
    scopes::Listing<scopes::EndUser> listing;
    auto found = co_await call.services.identity.end_users.get_by_external_id(workspace, std::move(external_id));
    if (found) {
        listing.items.push_back(std::move(*found));
        listing.total = 1;
    } else if (found.error().code != scopes::Errc::end_user_not_found) {
        co_return to_problem(found.error());
    }
    co_return listing;
}

}  // namespace

void print(json::Writer& writer, const scopes::EndUser& end_user) {
    writer.open_object().member("id", scopes::format_uuid(end_user.id));
    writer.member("workspaceId", scopes::format_uuid(end_user.workspace));
    writer.member("externalId", end_user.external_id).name("deprecatedExternalIds").open_array();
    for (const auto& former : end_user.deprecated_external_ids)
        writer.string(former);
    writer.close_array().optional_member("displayName", end_user.display_name);
    writer.optional_member("email", end_user.email).name("metadata").raw(end_user.metadata_json);
    writer.name("connectionCount").number(end_user.connections);
    print_time(writer, "createdAt", end_user.created_ms);
    print_time(writer, "updatedAt", end_user.updated_ms);
    writer.close_object();
}

asio::awaitable<Result<scopes::EndUser>> find_end_user(Call& call) {
    const auto id = scopes::parse_uuid(call.param("uuid"));
    if (!id) co_return to_problem(scopes::end_user_not_found());
    auto end_user = co_await call.services.identity.end_users.get(*id);
    if (!end_user) co_return to_problem(end_user.error());
    if (auto problem = refuse_workspace(call, end_user->workspace)) co_return *std::move(problem);
    co_return std::move(*end_user);
}

asio::awaitable<void> list_end_users(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    auto resolved = co_await take_workspace(call, *query);
    if (!resolved) co_return call.fail(resolved.error());
    const auto workspace = *resolved;
    const auto workspace_text = scopes::format_uuid(workspace);
    const auto external_id_text = query->take("externalId");
    const auto filter = external_id_text.value_or("");
    auto page = take_page(*query, {"end_users", workspace_text, filter});
    if (!page) co_return call.fail(page.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);

    Result<scopes::Listing<scopes::EndUser>> listing = scopes::Listing<scopes::EndUser>();
    if (external_id_text) {
        auto external_id = scopes::ExternalId::parse(*external_id_text);
        if (!external_id)
            co_return call.fail(invalid_field("externalId", "'externalId' must have 1 to 255 characters"));
        listing = co_await list_by_external_id(call, workspace, std::move(*external_id));
        if (listing && page->offset > 0) listing->items.clear();
    } else {
        auto all = co_await call.services.identity.end_users.list(workspace, std::move(*page));
        if (!all) co_return call.fail(to_problem(all.error()));
        listing = std::move(*all);
    }
    if (!listing) co_return call.fail(listing.error());

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("endUsers").open_array();
    for (const auto& end_user : listing->items)
        print(writer, end_user);
    print_list_end(writer, listing->total, {"end_users", workspace_text, filter}, listing->next);
}

asio::awaitable<void> create_end_user(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    const auto selector = in.required_string("workspaceId");
    auto external_id = to_external_id(in, "externalId", in.required_string("externalId"));
    auto display_name = read_label(in, "displayName");
    auto email = read_email(in, "email");
    auto metadata = read_metadata(in, "metadata");
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto resolved = co_await resolve_workspace(call, selector);
    if (!resolved) co_return call.fail(resolved.error());

    scopes::NewEndUser end_user{.workspace = (*resolved)->workspace,
                                .external_id = std::move(*external_id),
                                .display_name = std::move(display_name).value_or(std::nullopt),
                                .email = std::move(email).value_or(std::nullopt),
                                .metadata = std::move(metadata).value_or(scopes::Metadata())};
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());
    auto created = co_await call.services.identity.end_users.create(std::move(end_user), std::move(*request_id));
    if (!created) co_return call.fail(to_problem(created.error()));
    set_replayed(call.response, created->replayed);
    answer(call, 201, created->resource);
}

asio::awaitable<void> get_end_user(Call& call) {
    auto end_user = co_await find_end_user(call);
    if (!end_user) co_return call.fail(end_user.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    scopes::ConnectionFilter of_end_user{.end_user = end_user->id};
    scopes::ListRequest all{.limit = scopes::connections_per_end_user_max};
    auto connections = co_await call.services.identity.connections.list(end_user->workspace, std::move(of_end_user),
                                                                        std::move(all));
    if (!connections) co_return call.fail(to_problem(connections.error()));
    call.begin_json(200);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("endUser"), *end_user);
    writer.name("connections").open_array();
    for (const auto& connection : connections->items)
        print(writer, connection);
    writer.close_array().close_object();
}

asio::awaitable<void> update_end_user(Call& call) {
    auto end_user = co_await find_end_user(call);
    if (!end_user) co_return call.fail(end_user.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    scopes::EndUserChanges changes{.display_name = read_label(in, "displayName"),
                                   .email = read_email(in, "email"),
                                   .metadata = read_metadata(in, "metadata")};
    if (auto problem = in.finish()) co_return call.fail(*problem);

    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    auto updated =
        co_await call.services.identity.end_users.update(end_user->id, std::move(changes), std::move(*request_id));
    if (!updated) co_return call.fail(to_problem(updated.error()));
    set_replayed(call.response, updated->replayed);
    answer(call, 200, updated->resource);
}

asio::awaitable<void> delete_end_user(Call& call) {
    auto begun = co_await begin_deletion(call);
    if (!begun) co_return;
    auto end_user = co_await find_end_user(call);
    if (!end_user) co_return call.fail(end_user.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto deleted =
        co_await call.services.identity.deletion.delete_end_user(end_user->id, std::move(begun->request_id));
    if (!deleted) co_return call.fail(to_problem(deleted.error()));
    answer_deleted(call, end_user->id);
}

}  // namespace alcove::api

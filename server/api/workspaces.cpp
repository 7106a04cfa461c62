#include "server/api/workspaces.hpp"

#include <algorithm>
#include <utility>

#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"

namespace alcove::api {
namespace {

void answer(Call& call, unsigned status, const scopes::Workspace& workspace) {
    call.begin_json(status);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("workspace"), workspace);
    writer.close_object();
}

std::optional<scopes::Label> read_name(ObjectReader& in) {
    const auto text = in.text("name");
    if (!text) return std::nullopt;
    return to_label(in, "name", *text);
}

std::optional<scopes::Slug> read_slug(ObjectReader& in) {
    const auto text = in.string("slug");
    if (!text) return std::nullopt;
    auto slug = scopes::Slug::parse(*text);
    if (!slug) in.refuse("slug", "'slug' must match ^[a-z0-9][a-z0-9-]{0,62}$ and not have the form of a UUID");
    return slug;
}

// A key that is held to some workspaces sees just these.
asio::awaitable<Result<scopes::Listing<scopes::Workspace>>> list_reached(Call& call, scopes::ListRequest page) {
    auto& workspaces = call.services.identity.workspaces;
    if (!call.principal->workspaces) {
        auto listing = co_await workspaces.list(std::move(page));
        if (!listing) co_return to_problem(listing.error());
        co_return std::move(*listing);
    }
    auto ids = *call.principal->workspaces;
    std::ranges::sort(ids);  // in the order of creation
    scopes::Listing<scopes::Workspace> listing;
    const auto after = scopes::parse_uuid(page.cursor);
    if (!page.cursor.empty() && !after) co_return to_problem(scopes::bad_cursor());
    std::size_t to_skip = after ? 0 : page.offset;
    for (const auto& id : ids) {
        auto workspace = co_await workspaces.get(id);
        if (!workspace && workspace.error().code == scopes::Errc::workspace_not_found) continue;
        if (!workspace) co_return to_problem(workspace.error());
        ++listing.total;
        if (after && id <= *after) continue;
        if (to_skip > 0) {
            --to_skip;
        } else if (listing.items.size() < page.limit) {
            listing.items.push_back(std::move(*workspace));
        } else if (listing.next.empty()) {
            listing.next = scopes::format_uuid(listing.items.back().id);
        }
    }
    co_return listing;
}

}  // namespace

void print(json::Writer& writer, const scopes::Workspace& workspace) {
    writer.open_object().member("id", scopes::format_uuid(workspace.id));
    writer.member("name", workspace.name).member("slug", workspace.slug);
    print_time(writer, "createdAt", workspace.created_ms);
    print_time(writer, "updatedAt", workspace.updated_ms);
    writer.close_object();
}

asio::awaitable<void> list_workspaces(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    auto page = take_page(*query, {"workspaces"});
    if (!page) co_return call.fail(page.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    auto listing = co_await list_reached(call, std::move(*page));
    if (!listing) co_return call.fail(listing.error());

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("workspaces").open_array();
    for (const auto& workspace : listing->items)
        print(writer, workspace);
    print_list_end(writer, listing->total, {"workspaces"}, listing->next);
}

asio::awaitable<void> create_workspace(Call& call) {
    if (auto problem = refuse_limited(call)) co_return call.fail(*problem);
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    auto name = read_name(in);
    auto slug = read_slug(in);
    if (auto problem = in.finish()) co_return call.fail(*problem);

    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    scopes::NewWorkspace workspace{.name = std::move(*name), .slug = std::move(*slug)};
    auto created = co_await call.services.identity.workspaces.create(std::move(workspace), std::move(*request_id));
    if (!created) co_return call.fail(to_problem(created.error()));
    set_replayed(call.response, created->replayed);
    answer(call, 201, created->resource);
}

asio::awaitable<void> get_workspace(Call& call) {
    auto resolved = co_await resolve_workspace(call, call.param("workspace"));
    if (!resolved) co_return call.fail(resolved.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto workspace = co_await call.services.identity.workspaces.get((*resolved)->workspace);
    if (!workspace) co_return call.fail(to_problem(workspace.error()));
    answer(call, 200, *workspace);
}

asio::awaitable<void> update_workspace(Call& call) {
    auto resolved = co_await resolve_workspace(call, call.param("workspace"));
    if (!resolved) co_return call.fail(resolved.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    scopes::WorkspaceChanges changes{.name = read_name(in), .slug = read_slug(in)};
    if (auto problem = in.finish()) co_return call.fail(*problem);

    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    auto updated = co_await call.services.identity.workspaces.update((*resolved)->workspace, std::move(changes),
                                                                     std::move(*request_id));
    if (!updated) co_return call.fail(to_problem(updated.error()));
    set_replayed(call.response, updated->replayed);
    answer(call, 200, updated->resource);
}

asio::awaitable<void> delete_workspace(Call& call) {
    auto begun = co_await begin_deletion(call);
    if (!begun) co_return;
    auto resolved = co_await resolve_workspace(call, call.param("workspace"));
    if (!resolved) co_return call.fail(resolved.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto id = (*resolved)->workspace;
    auto deleted = co_await call.services.identity.deletion.delete_workspace(id, std::move(begun->request_id));
    if (!deleted) co_return call.fail(to_problem(deleted.error()));
    answer_deleted(call, id);
}

}  // namespace alcove::api

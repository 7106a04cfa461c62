// Pages of connections, all of a workspace's or those that fit a filter.
#include <algorithm>
#include <utility>

#include "scopes/connections.hpp"

namespace alcove::scopes {
namespace {

// The narrowest index that covers the filter; the connections themselves when none does.
std::string index_of(const Uuid& workspace, const ConnectionFilter& filter) {
    if (filter.external_id) return keys::connections_selected(workspace, *filter.external_id);
    if (filter.end_user) return keys::connections_of(workspace, *filter.end_user);
    if (filter.owner_external_id) return keys::connections_labelled(workspace, *filter.owner_external_id);
    if (filter.integration_name) return keys::connections_named(workspace, *filter.integration_name);
    return keys::connections(workspace);
}

bool fits(const Connection& connection, const ConnectionFilter& filter) {
    return (!filter.integration_name || connection.integration_name == *filter.integration_name) &&
           (!filter.external_id || connection.external_id == filter.external_id) &&
           (!filter.owner_external_id || connection.owner_external_id == filter.owner_external_id) &&
           (!filter.end_user || connection.end_user == filter.end_user) &&
           (filter.statuses.empty() ||
            std::ranges::find(filter.statuses, connection.status) != filter.statuses.end());
}

}  // namespace

asio::awaitable<Result<std::vector<Connection>>> Connections::load(Uuid workspace, std::vector<Uuid> ids) {
    std::vector<std::string> wanted;
    wanted.reserve(ids.size());
    for (const auto& id : ids)
        wanted.push_back(keys::connection(workspace, id));
    auto entries = co_await records_.find_many(std::move(wanted));
    if (!entries) co_return entries.error();
    std::vector<Connection> connections;
    std::vector<Uuid> owners;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!(*entries)[i]) continue;  // deleted since its id was read
        connections.push_back(to_connection(workspace, ids[i], *(*entries)[i]));
        if (connections.back().end_user) owners.push_back(*connections.back().end_user);
    }
    auto external_ids = co_await end_users_.external_ids(workspace, std::move(owners));
    if (!external_ids) co_return external_ids.error();
    auto next = external_ids->begin();
    for (auto& connection : connections) {
        if (connection.end_user) connection.end_user_external_id = std::move(*next++);
    }
    co_return connections;
}

asio::awaitable<Result<Listing<Connection>>> Connections::list(Uuid workspace, ConnectionFilter filter,
                                                               ListRequest request) {
    if (!filter.empty()) {
        auto filtered = co_await list_filtered(workspace, std::move(filter), std::move(request));
        co_return filtered;
    }
    auto prefix = keys::connections(workspace);
    auto total_key = keys::connections_total(workspace);
    auto listed = co_await records_.list(std::move(prefix), std::move(total_key), std::move(request));
    if (!listed) co_return listed.error();
    std::vector<Uuid> ids;
    for (const auto& item : listed->items)
        ids.push_back(id_at_end(item.key));
    auto connections = co_await load(workspace, std::move(ids));
    if (!connections) co_return connections.error();
    co_return Listing<Connection>{
        .items = std::move(*connections), .total = listed->total, .next = std::move(listed->next)};
}

// The position of a page is the id of its last connection.
asio::awaitable<Result<Listing<Connection>>> Connections::list_filtered(Uuid workspace, ConnectionFilter filter,
                                                                        ListRequest request) {
    std::vector<Uuid> ids;
    auto collect = [&ids, &filter](std::string_view key, const kv::EntryView& entry) {
        if (!filter.indexed()) {
            ids.push_back(id_at_end(key));
            return true;
        }
        const auto found = parse_record<ConnectionPointer>(entry.value);
        if (!filter.integration_name || found.integration_name == *filter.integration_name) {
            ids.push_back(found.connection);
        }
        return true;
    };
    auto walked = co_await records_.walk(index_of(workspace, filter), kv::Values::include, collect);
    if (!walked) co_return walked.error();
    std::ranges::sort(ids);  // ids grow with time; the index by selector has another order

    Listing<Connection> listing;
    std::size_t to_skip = request.cursor.empty() ? request.offset : 0;
    const auto after = parse_uuid(request.cursor);
    if (!request.cursor.empty() && !after) {
        co_return bad_cursor();
    }
    const bool counts = request.total == Total::count;
    if (after && !counts) ids.erase(ids.begin(), std::ranges::upper_bound(ids, *after));
    constexpr std::size_t loaded_at_once = 200;
    for (std::size_t begin = 0; begin < ids.size() && (counts || listing.next.empty()); begin += loaded_at_once) {
        const auto end = std::min(ids.size(), begin + loaded_at_once);
        std::vector<Uuid> some(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                               ids.begin() + static_cast<std::ptrdiff_t>(end));
        auto connections = co_await load(workspace, std::move(some));
        if (!connections) co_return connections.error();
        for (auto& connection : *connections) {
            if (!fits(connection, filter)) continue;
            ++listing.total;
            if (after && connection.id <= *after) continue;
            if (to_skip > 0) {
                --to_skip;
            } else if (listing.items.size() < request.limit) {
                listing.items.push_back(std::move(connection));
            } else if (listing.next.empty()) {
                listing.next = format_uuid(listing.items.back().id);
            }
        }
    }
    co_return listing;
}

}  // namespace alcove::scopes

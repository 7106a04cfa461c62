#include "scopes/connections.hpp"

#include <algorithm>
#include <utility>

#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

Connection to_connection(const Uuid& workspace, const Uuid& id, const kv::Entry& entry) {
    auto record = parse_record<ConnectionRecord>(entry.value);
    return {.id = id,
            .workspace = workspace,
            .integration_name = std::move(record.integration_name),
            .external_id = std::move(record.external_id),
            .owner_external_id = std::move(record.owner_external_id),
            .display_name = std::move(record.display_name),
            .end_user = record.end_user,
            .end_user_external_id = {},
            .status = std::move(record.status),
            .created_ms = entry.created_ms,
            .updated_ms = entry.updated_ms};
}

std::string selector_key(const Uuid& workspace, const ConnectionRecord& record) {
    return keys::connections_selected(workspace, *record.external_id) + record.integration_name;
}
std::string label_key(const Uuid& workspace, const Uuid& id, const ConnectionRecord& record) {
    return keys::connections_labelled(workspace, *record.owner_external_id) + format_uuid(id);
}

// What an index of connections says: whose id, and of which integration.
std::string pointer(const Uuid& id, const ConnectionRecord& record) {
    return print(ConnectionPointer{.connection = id, .integration_name = record.integration_name});
}

Error selector_taken() {
    return {.code = Errc::duplicate,
            .message = "another connection of the workspace and the integration has that external id",
            .field = "externalId"};
}

Error too_many_connections() {
    return {.code = Errc::too_many,
            .message = "an end user has at most " + std::to_string(connections_per_end_user_max) + " connections"};
}

// The narrowest index that covers the filter.
std::string index_of(const Uuid& workspace, const ConnectionFilter& filter) {
    if (filter.external_id) return keys::connections_selected(workspace, *filter.external_id);
    if (filter.end_user) return keys::connections_of(workspace, *filter.end_user);
    if (filter.owner_external_id) return keys::connections_labelled(workspace, *filter.owner_external_id);
    return keys::connections_named(workspace, *filter.integration_name);
}

bool fits(const Connection& connection, const ConnectionFilter& filter) {
    return (!filter.integration_name || connection.integration_name == *filter.integration_name) &&
           (!filter.external_id || connection.external_id == filter.external_id) &&
           (!filter.owner_external_id || connection.owner_external_id == filter.owner_external_id) &&
           (!filter.end_user || connection.end_user == filter.end_user);
}

}  // namespace

Error connection_not_found() {
    return {.code = Errc::connection_not_found, .message = "there is no such connection"};
}

void erase_connection(RecordCommit& commit, const Uuid& workspace, const Uuid& id, const ConnectionRecord& record) {
    commit.erase(keys::connection(workspace, id));
    commit.erase(keys::id(id));
    commit.erase(keys::sealed(id));
    commit.erase(keys::connections_named(workspace, record.integration_name) + format_uuid(id));
    if (record.external_id) commit.erase(selector_key(workspace, record));
    if (record.owner_external_id) commit.erase(label_key(workspace, id, record));
    if (record.end_user) commit.erase(keys::connections_of(workspace, *record.end_user) + format_uuid(id));
    commit.count(keys::connections_total(workspace), -1);
}

asio::awaitable<Result<Written<Connection>>> Connections::create(NewConnection connection,
                                                                 std::optional<kv::RequestId> request) {
    const Uuid workspace = connection.workspace;
    const Uuid id = ids_.make();
    const Uuid new_end_user = ids_.make();
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        ConnectionRecord record{.integration_name = connection.integration_name.text(),
                                .external_id = text_of(connection.external_id),
                                .owner_external_id = text_of(connection.owner_external_id),
                                .display_name = text_of(connection.display_name),
                                .end_user = {},
                                .status = connection.status};
        std::optional<EndUser> owner;
        if (connection.end_user) {
            auto found = co_await end_users_.get_by_external_id(workspace, *connection.end_user);
            if (!found && found.error().code != Errc::end_user_not_found) co_return found.error();
            if (found && found->connections >= connections_per_end_user_max) co_return too_many_connections();
            if (found) owner = std::move(*found);
            record.end_user = owner ? owner->id : new_end_user;
        }

        RecordCommit commit;
        commit.request(request, format_uuid(id));
        const auto workspace_is_there = commit.check_present(keys::workspace(workspace));
        std::optional<std::size_t> selector_is_free;
        if (record.external_id) selector_is_free = commit.check_absent(selector_key(workspace, record));
        commit.put_main(keys::connection(workspace, id), print(record));
        commit.put(keys::id(id), print(IdRecord{.workspace = workspace, .kind = "connection"}));
        commit.put(keys::connections_named(workspace, record.integration_name) + format_uuid(id),
                   pointer(id, record));
        if (record.external_id) commit.put(selector_key(workspace, record), pointer(id, record));
        if (record.owner_external_id) commit.put(label_key(workspace, id, record), pointer(id, record));
        commit.count(keys::connections_total(workspace), 1);
        if (connection.credentials) {
            commit.put(keys::sealed(id),
                       print(SealedRecord{.workspace = workspace,
                                          .text = vault_.seal(*connection.credentials, format_uuid(id))}));
        }
        if (owner) {
            commit.check_present(keys::end_user(workspace, owner->id));
        } else if (connection.end_user) {
            EndUserRecord made;
            made.external_id = connection.end_user->text();
            index_end_user(commit, workspace, new_end_user, made);
            commit.put(keys::end_user(workspace, new_end_user), print(made));
        }
        if (record.end_user) {
            commit.put(keys::connections_of(workspace, *record.end_user) + format_uuid(id), pointer(id, record));
            commit.count(keys::connections_total_of(workspace, *record.end_user), 1);
        }

        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) {
            const Uuid made = outcome->replayed ? noted_id(*outcome) : id;
            auto written = co_await describe_written(workspace, made, std::move(*outcome));
            co_return written;
        }
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (failed_check(outcome.error(), workspace_is_there) != nullptr) co_return workspace_not_found();
        if (selector_is_free && failed_check(outcome.error(), *selector_is_free) != nullptr) {
            co_return selector_taken();
        }
        // Else the end user came or went meanwhile.
    }
    co_return changes_too_often("end user");
}

asio::awaitable<Result<FoundConnection>> Connections::find(Uuid id) {
    auto id_key = keys::id(id);
    auto id_entry = co_await records_.find(std::move(id_key));
    if (!id_entry) co_return id_entry.error();
    if (!*id_entry) co_return connection_not_found();
    const auto place = parse_record<IdRecord>((*id_entry)->value);
    if (place.kind != "connection") co_return connection_not_found();

    std::vector<std::string> wanted{keys::workspace(place.workspace), keys::connection(place.workspace, id)};
    auto entries = co_await records_.find_many(std::move(wanted));
    if (!entries) co_return entries.error();
    auto& entry = (*entries)[1];
    if (!(*entries)[0] || !entry) co_return connection_not_found();
    auto record = parse_record<ConnectionRecord>(entry->value);
    co_return FoundConnection{
        .workspace = place.workspace, .entry = std::move(*entry), .record = std::move(record)};
}

asio::awaitable<Result<Connection>> Connections::get(Uuid id) {
    auto found = co_await find(id);
    if (!found) co_return found.error();
    auto connection = co_await describe(found->workspace, id, std::move(found->entry));
    co_return connection;
}

// Adds the external id that the connection's end user has now.
asio::awaitable<Result<Connection>> Connections::describe(Uuid workspace, Uuid id, kv::Entry entry) {
    auto connection = to_connection(workspace, id, entry);
    if (connection.end_user) {
        std::vector<Uuid> owners{*connection.end_user};
        auto external_ids = co_await end_users_.external_ids(workspace, std::move(owners));
        if (!external_ids) co_return external_ids.error();
        connection.end_user_external_id = std::move(external_ids->front());
    }
    co_return connection;
}

asio::awaitable<Result<Written<Connection>>> Connections::describe_written(Uuid workspace, Uuid id,
                                                                           kv::Committed committed) {
    auto connection = co_await describe(workspace, id, main_record(committed));
    if (!connection) co_return connection.error();
    co_return Written<Connection>{.resource = std::move(*connection), .replayed = committed.replayed};
}

asio::awaitable<Result<Connection>> Connections::get_selected(Uuid workspace, std::string integration_name,
                                                              std::string external_id) {
    auto key = keys::connections_selected(workspace, external_id) + integration_name;
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return connection_not_found();
    auto connection = co_await get(parse_record<ConnectionPointer>((*entry)->value).connection);
    co_return connection;
}

asio::awaitable<Result<Connection>> Connections::get_of(Uuid workspace, Uuid end_user,
                                                        std::string integration_name) {
    std::optional<Uuid> id;
    auto visit = [&id, &integration_name](std::string_view, const kv::EntryView& entry) {
        const auto found = parse_record<ConnectionPointer>(entry.value);
        if (found.integration_name == integration_name) id = found.connection;
        return !id;
    };
    auto prefix = keys::connections_of(workspace, end_user);
    auto walked = co_await records_.walk(std::move(prefix), kv::Values::include, visit);
    if (!walked) co_return walked.error();
    if (!id) co_return connection_not_found();
    auto connection = co_await get(*id);
    co_return connection;
}

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
    auto collect = [&ids, &filter](std::string_view, const kv::EntryView& entry) {
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
    constexpr std::size_t loaded_at_once = 200;
    for (std::size_t begin = 0; begin < ids.size(); begin += loaded_at_once) {
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

asio::awaitable<Result<Written<Connection>>> Connections::update(Uuid id, ConnectionChanges changes,
                                                                 std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(id);
        if (!found) co_return found.error();
        const Uuid workspace = found->workspace;
        const auto& former = found->record;
        auto record = former;
        if (changes.external_id) record.external_id = text_of(*changes.external_id);
        if (changes.owner_external_id) record.owner_external_id = text_of(*changes.owner_external_id);
        if (changes.display_name) record.display_name = text_of(*changes.display_name);

        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.check_present(keys::workspace(workspace));
        commit.check_version(keys::connection(workspace, id), found->entry.version);
        commit.put_main(keys::connection(workspace, id), print(record));
        std::optional<std::size_t> selector_is_free;
        if (record.external_id != former.external_id) {
            if (former.external_id) commit.erase(selector_key(workspace, former));
            if (record.external_id) {
                selector_is_free = commit.check_absent(selector_key(workspace, record));
                commit.put(selector_key(workspace, record), pointer(id, record));
            }
        }
        if (record.owner_external_id != former.owner_external_id) {
            if (former.owner_external_id) commit.erase(label_key(workspace, id, former));
            if (record.owner_external_id) commit.put(label_key(workspace, id, record), pointer(id, record));
        }
        if (changes.credentials && *changes.credentials) {
            const auto sealed = vault_.seal(**changes.credentials, format_uuid(id));
            commit.put(keys::sealed(id), print(SealedRecord{.workspace = workspace, .text = sealed}));
        } else if (changes.credentials) {
            commit.erase(keys::sealed(id));
        }
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) {
            auto written = co_await describe_written(workspace, id, std::move(*outcome));
            co_return written;
        }
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (selector_is_free && failed_check(outcome.error(), *selector_is_free) != nullptr) {
            co_return selector_taken();
        }
    }
    co_return changes_too_often("connection");
}

asio::awaitable<Result<void>> Connections::remove(Uuid id, std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(id);
        if (!found) co_return found.error();
        const Uuid workspace = found->workspace;
        const auto& record = found->record;
        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.frees_space();
        commit.check_version(keys::connection(workspace, id), found->entry.version);
        erase_connection(commit, workspace, id, record);
        if (record.end_user) commit.count(keys::connections_total_of(workspace, *record.end_user), -1);
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return Result<void>();
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    }
    co_return changes_too_often("connection");
}

asio::awaitable<Result<std::optional<std::string>>> Connections::credentials(Uuid id) {
    auto key = keys::sealed(id);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return std::optional<std::string>();
    auto opened = vault_.open(parse_record<SealedRecord>((*entry)->value).text, format_uuid(id));
    if (!opened) throw kv::StoreFailure("a connection's credentials do not open with this master key");
    co_return opened;
}

}  // namespace alcove::scopes

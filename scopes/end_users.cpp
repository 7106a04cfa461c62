#include "scopes/end_users.hpp"

#include <charconv>
#include <utility>

#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

EndUser to_end_user(const Uuid& workspace, const Uuid& id, const kv::Entry& entry, std::uint64_t connections) {
    auto record = parse_record<EndUserRecord>(entry.value);
    return {.id = id,
            .workspace = workspace,
            .external_id = std::move(record.external_id),
            .deprecated_external_ids = std::move(record.deprecated_external_ids),
            .display_name = std::move(record.display_name),
            .email = std::move(record.email),
            .metadata_json = std::move(record.metadata_json),
            .connections = connections,
            .created_ms = entry.created_ms,
            .updated_ms = entry.updated_ms};
}

std::uint64_t count_of(const std::optional<kv::Entry>& entry) {
    std::uint64_t count = 0;
    if (entry) std::from_chars(entry->value.data(), entry->value.data() + entry->value.size(), count);
    return count;
}

}  // namespace

Error end_user_not_found() {
    return {.code = Errc::end_user_not_found, .message = "there is no such end user", .cause = {}};
}

EventRecord event_of(std::string type, const Uuid& id, const EndUserRecord& record,
                     std::optional<TimeMs> created_ms) {
    return {.type = std::move(type),
            .end_user = id,
            .external_id = record.external_id,
            .record = print(record),
            .subject_created_ms = created_ms};
}

std::size_t index_end_user(RecordCommit& commit, const Uuid& workspace, const Uuid& id,
                           const EndUserRecord& record) {
    const auto external_id_key = keys::end_user_external_id(workspace, record.external_id);
    const auto external_id_is_free = commit.check_absent(external_id_key);
    commit.put(external_id_key, print(ExternalIdRecord{.end_user = id}));
    commit.put(keys::id(id), print(IdRecord{.workspace = workspace, .kind = "end_user"}));
    commit.count(keys::end_users_total(workspace), 1);
    tell(commit, workspace, event_of("end_user.created", id, record, std::nullopt));
    return external_id_is_free;
}

asio::awaitable<Result<Written<EndUser>>> EndUsers::create(NewEndUser end_user,
                                                           std::optional<kv::RequestId> request) {
    const Uuid id = ids_.make();
    const Uuid workspace = end_user.workspace;
    const EndUserRecord record{.external_id = end_user.external_id.text(),
                               .deprecated_external_ids = {},
                               .display_name = text_of(end_user.display_name),
                               .email = text_of(end_user.email),
                               .metadata_json = end_user.metadata.json()};
    RecordCommit commit;
    commit.request(std::move(request), format_uuid(id));
    const auto workspace_is_there = commit.check_present(keys::workspace(workspace));
    commit.put_main(keys::end_user(workspace, id), print(record));
    index_end_user(commit, workspace, id, record);

    auto outcome = co_await records_.commit(std::move(commit));
    if (outcome) {
        const Uuid made = outcome->replayed ? noted_id(*outcome) : id;
        co_return Written<EndUser>{.resource = to_end_user(workspace, made, main_record(*outcome), 0),
                                   .replayed = outcome->replayed};
    }
    if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    if (failed_check(outcome.error(), workspace_is_there) != nullptr) co_return workspace_not_found();
    co_return Error{.code = Errc::duplicate,
                    .message = "another end user of the workspace has that external id",
                    .field = "externalId"};
}

asio::awaitable<Result<std::vector<std::optional<std::string>>>> EndUsers::external_ids(Uuid workspace,
                                                                                        std::vector<Uuid> ids) {
    std::vector<std::optional<std::string>> external_ids;
    if (ids.empty()) co_return external_ids;
    std::vector<std::string> record_keys;
    record_keys.reserve(ids.size());
    for (const Uuid& id : ids)
        record_keys.push_back(keys::end_user(workspace, id));
    auto entries = co_await records_.find_many(std::move(record_keys));
    if (!entries) co_return entries.error();
    external_ids.resize(ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto& entry = (*entries)[i];
        if (entry) external_ids[i] = std::move(parse_record<EndUserRecord>(entry->value).external_id);
    }
    co_return external_ids;
}

asio::awaitable<Result<FoundEndUser>> EndUsers::find(Uuid id) {
    auto id_key = keys::id(id);
    auto id_entry = co_await records_.find(std::move(id_key));
    if (!id_entry) co_return id_entry.error();
    if (!*id_entry) co_return end_user_not_found();
    const auto place = parse_record<IdRecord>((*id_entry)->value);
    if (place.kind != "end_user") co_return end_user_not_found();

    // Of a deleted workspace the records below go later: what its own record does not vouch for is gone.
    std::vector<std::string> wanted{keys::workspace(place.workspace), keys::end_user(place.workspace, id),
                                    keys::connections_total_of(place.workspace, id)};
    auto entries = co_await records_.find_many(std::move(wanted));
    if (!entries) co_return entries.error();
    auto& entry = (*entries)[1];
    if (!(*entries)[0] || !entry) co_return end_user_not_found();
    auto record = parse_record<EndUserRecord>(entry->value);
    co_return FoundEndUser{.workspace = place.workspace,
                           .entry = std::move(*entry),
                           .record = std::move(record),
                           .connections = count_of((*entries)[2])};
}

asio::awaitable<Result<EndUser>> EndUsers::get(Uuid id) {
    auto found = co_await find(id);
    if (!found) co_return found.error();
    co_return to_end_user(found->workspace, id, found->entry, found->connections);
}

asio::awaitable<Result<EndUser>> EndUsers::get_by_external_id(Uuid workspace, ExternalId external_id) {
    auto key = keys::end_user_external_id(workspace, external_id.text());
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return end_user_not_found();
    const auto record = parse_record<ExternalIdRecord>((*entry)->value);
    auto end_user = co_await get(record.end_user);
    co_return end_user;
}

asio::awaitable<Result<Listing<EndUser>>> EndUsers::list(Uuid workspace, ListRequest request) {
    const auto prefix = keys::end_users(workspace);
    auto total_key = keys::end_users_total(workspace);
    auto listed = co_await records_.list(prefix, std::move(total_key), std::move(request));
    if (!listed) co_return listed.error();

    Listing<EndUser> listing;
    listing.total = listed->total;
    listing.next = std::move(listed->next);
    std::vector<std::string> totals;
    for (const auto& item : listed->items)
        totals.push_back(keys::connections_total_of(workspace, id_at_end(item.key)));
    auto counts = co_await records_.find_many(std::move(totals));
    if (!counts) co_return counts.error();
    for (std::size_t i = 0; i < listed->items.size(); ++i) {
        const auto& item = listed->items[i];
        listing.items.push_back(to_end_user(workspace, id_at_end(item.key), item.entry, count_of((*counts)[i])));
    }
    co_return listing;
}

asio::awaitable<Result<Written<EndUser>>> EndUsers::update(Uuid id, EndUserChanges changes,
                                                           std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(id);
        if (!found) co_return found.error();
        const Uuid workspace = found->workspace;
        auto record = std::move(found->record);
        if (changes.display_name) record.display_name = text_of(*changes.display_name);
        if (changes.email) record.email = text_of(*changes.email);
        if (changes.metadata) record.metadata_json = changes.metadata->json();

        RecordCommit commit;
        commit.request(request);
        commit.check_present(keys::workspace(workspace));
        commit.check_version(keys::end_user(workspace, id), found->entry.version);
        commit.put_main(keys::end_user(workspace, id), print(record));
        tell(commit, workspace, event_of("end_user.updated", id, record, found->entry.created_ms));
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) {
            co_return Written<EndUser>{
                .resource = to_end_user(workspace, id, main_record(*outcome), found->connections),
                .replayed = outcome->replayed};
        }
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    }
    co_return changes_too_often("end user");
}

}  // namespace alcove::scopes

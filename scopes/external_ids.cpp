#include "scopes/external_ids.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "scopes/end_users.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

using Standing = ExternalIdRecord::Standing;

// The external ids and end users that a call speaks of, as they were read and as its items change them.
class Batch {
public:
    explicit Batch(const Uuid& workspace) : workspace_(workspace) {}

    const ExternalIdRecord* find(const std::string& external_id) const {
        const auto& known = ids_.at(external_id).now;
        return known ? &*known : nullptr;
    }

    ExternalIdOutcome rename(const ExternalIdRename& item);
    ExternalIdOutcome remove(const std::string& external_id);

    // Every check, change and event.
    void write_to(RecordCommit& commit);

    static asio::awaitable<Result<Batch>> read(SystemStore& records, Uuid workspace,
                                               std::vector<std::string> external_ids);

private:
    template <class Record>
    struct Slot {
        std::optional<Record> now;  // nullopt: there is none
        std::optional<Version> version;
        TimeMs created_ms = 0;
        bool changed = false;

        void set(std::optional<Record> record) {
            now = std::move(record);
            changed = true;
        }
    };
    template <class Record>
    static Slot<Record> slot_of(const std::optional<kv::Entry>& entry) {
        Slot<Record> slot;
        if (!entry) return slot;
        slot.now = parse_record<Record>(entry->value);
        slot.version = entry->version;
        slot.created_ms = entry->created_ms;
        return slot;
    }
    template <class Record>
    static void write(RecordCommit& commit, const std::string& key, const Slot<Record>& slot) {
        slot.version ? commit.check_version(key, *slot.version) : commit.check_absent(key);
        if (!slot.changed) return;
        slot.now ? commit.put(key, print(*slot.now)) : commit.erase(key);
    }
    void note(std::string type, const Uuid& end_user, std::string other_external_id);

    Uuid workspace_;
    std::map<std::string, Slot<ExternalIdRecord>> ids_;
    std::map<Uuid, Slot<EndUserRecord>> end_users_;
    std::vector<EventRecord> events_;
};

asio::awaitable<Result<Batch>> Batch::read(SystemStore& records, Uuid workspace,
                                           std::vector<std::string> external_ids) {
    std::vector<std::string> wanted;
    wanted.reserve(external_ids.size());
    for (const auto& external_id : external_ids)
        wanted.push_back(keys::end_user_external_id(workspace, external_id));
    auto ids = co_await records.find_many(std::move(wanted));
    if (!ids) co_return ids.error();
    Batch batch(workspace);
    for (std::size_t i = 0; i < external_ids.size(); ++i) {
        auto slot = slot_of<ExternalIdRecord>((*ids)[i]);
        if (slot.now) batch.end_users_.try_emplace(slot.now->end_user);
        batch.ids_.insert_or_assign(std::move(external_ids[i]), std::move(slot));
    }
    wanted.clear();
    for (const auto& [id, slot] : batch.end_users_)
        wanted.push_back(keys::end_user(workspace, id));
    auto end_users = co_await records.find_many(std::move(wanted));
    if (!end_users) co_return end_users.error();
    auto entry = end_users->begin();
    for (auto& [id, slot] : batch.end_users_)
        slot = slot_of<EndUserRecord>(*entry++);
    co_return batch;
}

void Batch::note(std::string type, const Uuid& end_user, std::string other_external_id) {
    const auto& slot = end_users_.at(end_user);
    auto event = event_of(std::move(type), end_user, *slot.now, slot.created_ms);
    event.other_external_id = std::move(other_external_id);
    events_.push_back(std::move(event));
}

ExternalIdOutcome Batch::rename(const ExternalIdRename& item) {
    if (item.current == item.wanted) return ExternalIdOutcome::same;
    if (!ExternalId::parse(item.wanted)) return ExternalIdOutcome::malformed;
    const auto* current = find(item.current);
    if (current == nullptr) return ExternalIdOutcome::unknown;
    if (current->standing != Standing::primary) return ExternalIdOutcome::not_primary;
    if (find(item.wanted) != nullptr) return ExternalIdOutcome::in_use;
    const Uuid id = current->end_user;
    auto& end_user = end_users_.at(id);
    if (!end_user.now) return ExternalIdOutcome::unknown;  // deleted between the two readings: the commit will fail
    auto record = *end_user.now;
    if (record.deprecated_external_ids.size() >= deprecated_external_ids_max) return ExternalIdOutcome::too_many;
    record.deprecated_external_ids.push_back(item.current);
    record.external_id = item.wanted;
    end_user.set(std::move(record));
    ids_.at(item.current).set(ExternalIdRecord{.end_user = id, .standing = Standing::deprecated});
    ids_.at(item.wanted).set(ExternalIdRecord{.end_user = id, .standing = Standing::primary});
    note("end_user.external_id_renamed", id, item.current);
    return ExternalIdOutcome::done;
}

ExternalIdOutcome Batch::remove(const std::string& external_id) {
    const auto* found = find(external_id);
    if (found == nullptr) return ExternalIdOutcome::unknown;
    if (found->standing != Standing::deprecated) return ExternalIdOutcome::not_deprecated;
    const Uuid id = found->end_user;
    auto& end_user = end_users_.at(id);
    if (!end_user.now) return ExternalIdOutcome::unknown;  // as above
    auto record = *end_user.now;
    std::erase(record.deprecated_external_ids, external_id);
    end_user.set(std::move(record));
    ids_.at(external_id).set(std::nullopt);
    note("end_user.external_id_removed", id, external_id);
    return ExternalIdOutcome::done;
}

void Batch::write_to(RecordCommit& commit) {
    for (const auto& [external_id, slot] : ids_)
        write(commit, keys::end_user_external_id(workspace_, external_id), slot);
    for (const auto& [id, slot] : end_users_)
        write(commit, keys::end_user(workspace_, id), slot);
    for (const auto& event : events_)
        tell(commit, workspace_, event);
}

// As a request's note.
std::string print_outcomes(const ExternalIdOutcomes& outcomes) {
    std::string text;
    for (const auto outcome : outcomes)
        text.push_back(static_cast<char>('0' + static_cast<int>(outcome)));
    return text;
}

ExternalIdOutcomes parse_outcomes(const std::string& text) {
    ExternalIdOutcomes outcomes;
    for (const char digit : text)
        outcomes.push_back(static_cast<ExternalIdOutcome>(digit - '0'));
    return outcomes;
}

using Work = std::function<ExternalIdOutcomes(Batch& batch)>;

asio::awaitable<Result<Written<ExternalIdOutcomes>>> run(SystemStore& records, Uuid workspace,
                                                         std::vector<std::string> external_ids, Work work,
                                                         std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto batch = co_await Batch::read(records, workspace, external_ids);
        if (!batch) co_return batch.error();
        auto outcomes = work(*batch);
        RecordCommit commit;
        commit.request(request, print_outcomes(outcomes));
        const auto workspace_is_there = commit.check_present(keys::workspace(workspace));
        batch->write_to(commit);
        auto outcome = co_await records.commit(std::move(commit));
        if (outcome && outcome->replayed) {
            co_return Written<ExternalIdOutcomes>{.resource = parse_outcomes(outcome->note), .replayed = true};
        }
        if (outcome) co_return Written<ExternalIdOutcomes>{.resource = std::move(outcomes)};
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (failed_check(outcome.error(), workspace_is_there) != nullptr) co_return workspace_not_found();
    }
    co_return changes_too_often("end user");
}

}  // namespace

asio::awaitable<Result<Written<ExternalIdOutcomes>>> ExternalIds::rename(Uuid workspace,
                                                                         std::vector<ExternalIdRename> items,
                                                                         std::optional<kv::RequestId> request) {
    std::vector<std::string> external_ids;
    for (const auto& item : items) {
        external_ids.push_back(item.current);
        external_ids.push_back(item.wanted);
    }
    auto work = [&items](Batch& batch) {
        ExternalIdOutcomes outcomes;
        for (const auto& item : items)
            outcomes.push_back(batch.rename(item));
        return outcomes;
    };
    auto renamed = co_await run(records_, workspace, std::move(external_ids), work, std::move(request));
    co_return renamed;
}

asio::awaitable<Result<Written<ExternalIdOutcomes>>> ExternalIds::remove(Uuid workspace,
                                                                         std::vector<std::string> items,
                                                                         std::optional<kv::RequestId> request) {
    auto work = [&items](Batch& batch) {
        ExternalIdOutcomes outcomes;
        for (const auto& item : items)
            outcomes.push_back(batch.remove(item));
        return outcomes;
    };
    auto removed = co_await run(records_, workspace, items, work, std::move(request));
    co_return removed;
}

}  // namespace alcove::scopes

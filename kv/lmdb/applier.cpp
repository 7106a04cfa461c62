// Brings the index up to what the log holds.
#include "kv/lmdb/applier.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <set>

#include "kv/record.hpp"

namespace alcove::kv {

namespace {

// One LMDB transaction of an application: small enough that its sync does not hold up the log's for long, and that
// what LMDB keeps for good is no burden: the memory of as many pages as one transaction changed, at most one for
// each entry.
constexpr std::size_t chunk_entries_max = 4096;
constexpr std::size_t chunk_bytes_max = std::size_t{8} << 20;

// What one step of freeing space deletes.
constexpr std::size_t step_entries_max = 4096;
constexpr std::size_t step_namespaces_max = 64;

constexpr auto full_retry = std::chrono::seconds(1);
constexpr auto tick = std::chrono::seconds(1);

// How much one step may still delete, and what it deleted the need for.
struct Step {
    std::size_t budget = step_entries_max;
    std::vector<BlobId> freed_blobs;
};

// Deletes what has the prefix (of an entry's key, the namespace's number at least), with its deadlines. False when
// the budget ended first, and so below.
bool purge_entries(WriteTransaction& txn, std::string_view prefix, Step& step) {
    for (const std::string& key : txn.keys_between(prefix, after_prefix(prefix), step.budget)) {
        const EntryView record = decode_record(*txn.get(key));
        if (const auto blob = blob_of(record)) {
            txn.erase(blob_key(*blob));
            step.freed_blobs.push_back(*blob);
        }
        if (record.expires_ms) {
            const auto scope = static_cast<Scope>(key[0]);
            const NamespaceId id = load_be64(key.data() + 1);
            const auto collection = static_cast<Collection>(key[entry_prefix_bytes - 1]);
            const std::string_view user_key = std::string_view(key).substr(entry_prefix_bytes);
            txn.erase(expiry_key(*record.expires_ms, scope, id, collection, user_key));
        }
        txn.erase(key);
        --step.budget;
    }
    return step.budget != 0;
}

// The changes in [lower, upper), bounds of change_key.
bool purge_changes(WriteTransaction& txn, const IndexKey& lower, const IndexKey& upper, Step& step) {
    for (const std::string& key : txn.keys_between(lower, upper, step.budget)) {
        txn.erase(key);
        --step.budget;
    }
    return step.budget != 0;
}

bool purge_changes(WriteTransaction& txn, NamespaceId id, Step& step) {
    return purge_changes(txn, change_key(id, 0), change_key(id + 1, 0), step);
}

// All that stands under a number, and then the number.
bool purge_number(WriteTransaction& txn, Scope scope, NamespaceId id, Step& step) {
    IndexKey entries(table_of(scope));
    entries.be64(id);
    if (!purge_entries(txn, entries, step) || !purge_changes(txn, id, step)) return false;
    txn.erase(id_key(id));
    --step.budget;
    return step.budget != 0;
}

// Each frees as much as the step allows; false when something is left.
bool purge(WriteTransaction& txn, const Owner& owner, Step& step) {
    std::vector<std::string> keys;
    if (owner.subject) {
        const NamespaceName name{
            .scope = owner.subject->scope, .workspace = owner.workspace, .subject = owner.subject->id};
        const IndexKey key = state_key(name);
        if (txn.get(key)) keys.emplace_back(key.view());
    } else {
        for (const Scope scope : {Scope::workspace, Scope::end_user, Scope::external}) {
            const IndexKey prefix = state_prefix(scope, owner.workspace);
            auto more = txn.keys_between(prefix, after_prefix(prefix), step_namespaces_max);
            keys.insert(keys.end(), more.begin(), more.end());
        }
    }
    bool all = keys.size() < step_namespaces_max;
    for (const std::string& key : keys) {
        const NamespaceState state = decode_state(*txn.get(key));
        if (!purge_number(txn, state.name.scope, state.id, step) ||
            !purge_number(txn, state.name.scope, state.internal_id, step)) {
            all = false;
            break;
        }
        txn.erase(key);
        --step.budget;
    }
    if (all) txn.put(tombstone_key(owner), encode_owner(owner, tombstone_done));
    return all;
}

bool purge(WriteTransaction& txn, const Leftover& leftover, Step& step) {
    if (leftover.keeps_internal) {
        for (const Collection collection : {Collection::key, Collection::file}) {
            if (!purge_entries(txn, entry_key(leftover.scope, leftover.id, collection, {}), step)) return false;
        }
        if (!purge_changes(txn, leftover.id, step)) return false;
    } else if (!purge_number(txn, leftover.scope, leftover.id, step)) {
        return false;
    }
    txn.erase(leftover_key(leftover.id));
    return true;
}

}  // namespace

void apply_chunk(WriteTransaction& txn, Overlay::Cursor& cursor) {
    std::size_t entries = 0;
    std::size_t bytes = 0;
    for (; cursor.valid() && entries < chunk_entries_max && bytes < chunk_bytes_max; cursor.next()) {
        const Overlay::Found found = cursor.found();
        if (found.state == Overlay::Found::State::value) {
            txn.put(cursor.key(), found.value);
        } else {
            txn.erase(cursor.key());
        }
        ++entries;
        bytes += found.value.size();
    }
}

Applier::Applier(Core& core) : core_(core), state_(core.state) {
    load_purges();
    measure_room();
}

void Applier::start(std::function<void()> on_idle) {
    on_idle_ = std::move(on_idle);
    thread_ = std::thread([this] { loop(); });
}

Applier::~Applier() {
    stop();
}

void Applier::apply(Version through, log::Position position, NamespaceId next_id) {
    const std::lock_guard lock(mutex_);
    frozen_ = Frozen{.through = through, .position = position, .next_id = next_id};
    changed_.notify_all();
}

bool Applier::busy() const {
    const std::lock_guard lock(mutex_);
    return frozen_.has_value();
}

bool Applier::gave_up() const {
    const std::lock_guard lock(mutex_);
    return gave_up_;
}

bool Applier::wait_applied(Version through) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stop_ || gave_up_ || core_.applied.load() >= through; });
    return core_.applied.load() >= through;
}

void Applier::purge(Freed freed, Version since) {
    const std::lock_guard lock(mutex_);
    purges_.push_back({.freed = std::move(freed), .since = since});
}

void Applier::stop() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void Applier::loop() {
    try {
        bool more_to_free = false;
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto pause = more_to_free ? std::chrono::seconds(0) : tick;
            changed_.wait_for(lock, pause, [this] { return stop_ || frozen_; });
            if (stop_ && (!frozen_ || gave_up_)) return;
            const std::optional<Frozen> frozen = frozen_;
            lock.unlock();
            if (frozen && !apply_frozen(*frozen)) return;
            more_to_free = free_some();
            measure_room();
            core_.blobs.remove_held();
            core_.index.forget_dead_readers();
            lock.lock();
        }
    } catch (const std::exception& failure) {
        core_.failed = true;
        core_.options.fatal(std::string("the store failed while applying and must be restarted: ") +
                            failure.what());
    }
}

// False when the disk is full and the store is closing.
bool Applier::apply_frozen(const Frozen& frozen) {
    const auto begin = std::chrono::steady_clock::now();
    const std::shared_ptr<const OverlaySet> set = core_.overlays.current();
    std::string ceiling;
    append_be64(ceiling, frozen.through);
    IndexState state = state_;
    state.applied = frozen.through;
    state.position = frozen.position;
    state.next_id = frozen.next_id;
    state.time_ms = core_.clock.now_ms();
    Overlay::Cursor cursor(*set->frozen, frozen.through);
    std::string key(1, '\0');
    cursor.seek_at_least(key);
    bool noticed = false;
    while (true) {
        try {
            WriteTransaction txn(core_.index);
            txn.put(ceiling_key, ceiling);
            apply_chunk(txn, cursor);
            const bool last = !cursor.valid();
            if (last) txn.put(index_state_key, encode_index_state(state));
            txn.commit();
            if (last) break;
            key = cursor.key();
        } catch (const IndexFull& full) {
            if (!noticed) core_.notice(full.what());
            noticed = true;
            std::unique_lock lock(mutex_);
            if (core_.closing) {
                gave_up_ = true;
                changed_.notify_all();
                lock.unlock();
                on_idle_();
                return false;
            }
            changed_.wait_for(lock, full_retry);
            cursor.seek_at_least(key);
        }
    }
    state_ = state;
    measure_room();
    core_.index.map_ahead();  // before the index is where everybody reads
    core_.overlays.drop_frozen();
    core_.counts.apply_ns.add(ns_between(begin, std::chrono::steady_clock::now()));
    {
        const std::lock_guard lock(mutex_);
        core_.applied.store(frozen.through);
        frozen_.reset();
        changed_.notify_all();
    }
    on_idle_();
    return true;
}

void Applier::measure_room() {
    const std::uint64_t used = core_.index.used_bytes();
    const std::uint64_t free = core_.options.disk_free_bytes();
    core_.counts.map_used_bytes = used;
    core_.counts.disk_free_bytes = free;
    core_.counts.blobs = core_.index.entries(Table::blobs);
    // An application copies the pages that it touches before it frees them.
    const auto set = core_.overlays.current();
    const std::uint64_t entries = set->active->count() + (set->frozen ? set->frozen->count() : 0);
    const std::uint64_t copied = std::min<std::uint64_t>(entries * 4096, used);
    const std::uint64_t kept = core_.options.disk_reserve_bytes + copied;
    core_.room.measured(
        {.map_bytes = static_cast<std::int64_t>(core_.options.map_bytes) - static_cast<std::int64_t>(used),
         .disk_bytes = static_cast<std::int64_t>(free) - static_cast<std::int64_t>(kept)});
}

// What was dropped or emptied and not yet freed when the store was closed last.
void Applier::load_purges() {
    const Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
    const std::string prefix{static_cast<char>(Table::namespaces), 'T'};
    for (Scan scan(snapshot, prefix, after_prefix(prefix), Order::ascending); scan.valid(); scan.next()) {
        if (scan.value()[0] != tombstone_pending) continue;
        purges_.push_back({.freed = decode_owner(scan.value()), .since = snapshot.version()});
    }
    for (Scan scan(snapshot, leftovers_prefix, after_prefix(leftovers_prefix), Order::ascending); scan.valid();
         scan.next()) {
        purges_.push_back({.freed = decode_leftover(scan.value()), .since = snapshot.version()});
    }
}

// Frees a bounded part of what nobody needs any more. False when there is nothing to do, or no room to do it.
bool Applier::free_some() {
    try {
        return purge_step() || trim_step();
    } catch (const IndexFull&) {  // it will be tried again
        return false;
    }
}

// Frees a bounded part of what one drop or emptying left. False when there is nothing to do.
bool Applier::purge_step() {
    Purge next;
    {
        const std::lock_guard lock(mutex_);
        const auto ready = std::find_if(purges_.begin(), purges_.end(),
                                        [this](const Purge& each) { return each.since <= state_.applied; });
        if (ready == purges_.end()) return false;
        next = *ready;
        std::iter_swap(purges_.begin(), ready);
    }
    WriteTransaction txn(core_.index);
    Step step;
    const bool all = std::visit([&](const auto& freed) { return kv::purge(txn, freed, step); }, next.freed);
    txn.commit();
    core_.blobs.remove(std::move(step.freed_blobs));
    if (all) {
        const std::lock_guard lock(mutex_);
        purges_.erase(purges_.begin());
    }
    return true;
}

// Removes the oldest segment when the history may forget it, the index no longer needs it and no backup does.
bool Applier::trim_step() {
    const auto oldest = core_.log->oldest_removable(state_.position);
    if (!oldest) return false;
    const auto age = std::filesystem::file_time_type::clock::now() - oldest->last_write;
    const bool keep = core_.options.history && age < core_.options.history_age &&
                      core_.log->bytes() <= core_.options.history_bytes;
    if (keep) return false;
    return core_.unlinking.run([&] { trim(*oldest); });
}

void Applier::trim(const log::CommitLog::Extent& oldest) {
    std::set<NamespaceId> changed;
    core_.log->visit(oldest.segment, [&](Version, std::string_view record) {
        const log::CommitRecord commit = log::decode_commit(record);
        if (!commit.dropped) changed.insert(commit.id);
    });
    // Before the first change goes: whoever misses it must know why.
    core_.log->forget(oldest.last_version);
    std::string forgotten;
    append_be64(forgotten, oldest.last_version);
    while (!changed.empty()) {
        WriteTransaction txn(core_.index);
        txn.put(forgotten_key, forgotten);
        Step step;
        while (!changed.empty() && step.budget != 0) {
            const NamespaceId id = *changed.begin();
            if (!purge_changes(txn, change_key(id, 0), change_key(id, oldest.last_version + 1), step)) break;
            changed.erase(changed.begin());
        }
        txn.commit();
    }
    core_.log->remove_oldest();
}

}  // namespace alcove::kv

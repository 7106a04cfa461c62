// What one commit comes to, given the state before it.
#include "kv/lmdb/evaluator.hpp"

#include <limits>

#include "kv/apply.hpp"
#include "kv/record.hpp"

namespace alcove::kv {

namespace {

// Stands for the commit's own version until it is known how many expired keys go first.
constexpr Version own_version = std::numeric_limits<Version>::max();

std::uint64_t usage_bytes(std::string_view key, const EntryView& record) {
    return key.size() + content_bytes(record);
}

void set_own_version(Entry& entry, Version version) {
    if (entry.version == own_version) entry.version = version;
    if (entry.created_version == own_version) entry.created_version = version;
}

void count(Usage& usage, Collection collection, std::int64_t entries, std::int64_t bytes) {
    if (collection == Collection::key) {
        usage.keys += static_cast<std::uint64_t>(entries);
        usage.bytes += static_cast<std::uint64_t>(bytes);
    } else if (collection == Collection::file) {
        usage.files += static_cast<std::uint64_t>(entries);
        usage.file_bytes += static_cast<std::uint64_t>(bytes);
    }
}

// Which quota a namespace would exceed that grows so; what shrinks it is always welcome.
std::optional<ExceededQuota> exceeded_by(const Usage& before, const Usage& after, const Quota& quota) {
    const auto exceeds = [](std::uint64_t was, std::uint64_t is, const std::optional<std::uint64_t>& limit) {
        return limit && is > *limit && is > was;
    };
    const std::uint64_t bytes = before.bytes + before.file_bytes;
    if (exceeds(bytes, after.bytes + after.file_bytes, quota.bytes)) {
        return ExceededQuota{.kind = ExceededQuota::Kind::bytes, .used = bytes, .limit = *quota.bytes};
    }
    const std::uint64_t keys = before.keys + before.files;
    if (exceeds(keys, after.keys + after.files, quota.keys)) {
        return ExceededQuota{.kind = ExceededQuota::Kind::keys, .used = keys, .limit = *quota.keys};
    }
    return std::nullopt;
}

}  // namespace

std::optional<Error> refuse_usage(const Usage& before, const Usage& after, const Quota& quota) {
    const auto exceeded = exceeded_by(before, after, quota);
    if (!exceeded) return std::nullopt;
    return Error{
        .code = Errc::quota_exceeded, .message = "the namespace would exceed its quota", .exceeded = exceeded};
}

StoredEntry stored_entry(std::string_view key, const EntryView& record) {
    return {.version = record.version,
            .expires_ms = record.expires_ms,
            .bytes = usage_bytes(key, record),
            .blob = blob_of(record)};
}

log::CommitRecord record_for(const NamespaceState& state, TimeMs now_ms) {
    log::CommitRecord record;
    record.id = state.id;
    record.internal_id = state.internal_id;
    record.name = state.name;
    record.created_version = state.created_version;
    record.emptied_version = state.emptied_version;
    record.time_ms = now_ms;
    record.usage = state.usage;
    record.quota = state.quota;
    return record;
}

Evaluator::Evaluator(const Snapshot& snapshot, const NamespaceState& state, TimeMs now_ms, Version first_version)
    : snapshot_(snapshot), state_(state), now_ms_(now_ms), first_version_(first_version) {}

Result<Evaluated> Evaluator::evaluate(Commit& commit) {
    collection_ = commit.collection;
    if (auto failed = failed_checks(commit); !failed.empty()) {
        return Error{.code = Errc::check_failed, .message = "a check did not hold", .failed = std::move(failed)};
    }
    Evaluated out;
    for (std::size_t i = 0; i < commit.operations.size(); ++i) {
        auto result = run(std::move(commit.operations[i]), commit.value_bytes_max);
        if (!result) {
            Error error = std::move(result).error();
            error.operation = i;
            return error;
        }
        out.committed.results.push_back(std::move(*result));
    }
    if (auto refused = collect(commit, out)) return std::move(*refused);
    return out;
}

Evaluator::Slot& Evaluator::slot(const std::string& key) {
    const auto [it, added] = slots_.try_emplace(key);
    Slot& slot = it->second;
    if (!added || state_.id == 0) return slot;
    const auto bytes = snapshot_.get(entry_key(state_.name.scope, state_.id_of(collection_), collection_, key));
    if (!bytes) return slot;
    const EntryView record = decode_record(*bytes);
    slot.stored = stored_entry(key, record);
    if (!record.expired(now_ms_)) slot.current = record;
    return slot;
}

// Nothing can be stored there yet: no commit before this one had its version.
Evaluator::Slot& Evaluator::sequential_slot(const PutSequential& put) {
    auto key = sequential_key(put.prefix, own_version, put.suffix);
    const auto [it, added] = slots_.try_emplace(key);
    if (added) sequential_.push_back({.key = std::move(key), .version_at = put.prefix.size()});
    return it->second;
}

void Evaluator::place_sequential_slots(Version version) {
    const auto digits = sequential_key("", version, "");
    for (const auto& [key, version_at] : sequential_) {
        auto node = slots_.extract(key);
        node.key().replace(version_at, version_digits, digits);
        slots_.insert(std::move(node));
    }
}

std::vector<FailedCheck> Evaluator::failed_checks(const Commit& commit) {
    std::vector<FailedCheck> failed;
    for (std::size_t i = 0; i < commit.checks.size(); ++i) {
        const Check& check = commit.checks[i];
        const std::optional<EntryView>& current = slot(check.key).current;
        const bool holds = check.kind == Check::Kind::absent    ? !current
                           : check.kind == Check::Kind::present ? current.has_value()
                                                                : current && current->version == check.version;
        if (holds) continue;
        FailedCheck failure{.index = i, .current_version = {}};
        if (current) failure.current_version = current->version;
        failed.push_back(failure);
    }
    return failed;
}

Result<OperationResult> Evaluator::run(Operation&& operation, std::size_t value_bytes_max) {
    if (const auto* prefix = std::get_if<DeletePrefix>(&operation)) return remove_prefix(*prefix);
    const auto* sequential = std::get_if<PutSequential>(&operation);
    Slot& target = sequential ? sequential_slot(*sequential) : slot(key_of(operation));
    const ApplyContext context{.now_ms = now_ms_, .version = own_version, .value_bytes_max = value_bytes_max};
    auto applied = apply(std::move(operation), target.current, context);
    if (!applied) return std::move(applied).error();
    if (applied->effect != Applied::Effect::none) {
        target.changed = true;
        target.own = std::move(applied->entry);
        target.current.reset();
        if (target.own) target.current = view_of(*target.own);
    }
    return std::move(applied->result);
}

Result<OperationResult> Evaluator::remove_prefix(const DeletePrefix& operation) {
    // Every stored key with the prefix gets a slot, so that slots hold all that the operation works on.
    std::size_t found = 0;
    bool complete = true;
    if (state_.id != 0) {
        const IndexKey lower =
            entry_key(state_.name.scope, state_.id_of(collection_), collection_, operation.prefix);
        for (Scan scan(snapshot_, lower, after_prefix(lower), Order::ascending); scan.valid(); scan.next()) {
            const std::string key(scan.key().substr(entry_prefix_bytes - 1));
            const auto known = slots_.find(key);
            const bool live = known != slots_.end() ? known->second.current.has_value()
                                                    : !decode_record(scan.value()).expired(now_ms_);
            if (!live) continue;
            if (found == operation.keys_max) {
                complete = false;
                break;
            }
            ++found;
            slot(key);
        }
    }
    OperationResult result;
    for (auto it = slots_.lower_bound(operation.prefix);
         it != slots_.end() && it->first.starts_with(operation.prefix); ++it) {
        if (!it->second.current) continue;
        if (result.deleted == operation.keys_max) {
            complete = false;
            break;
        }
        it->second.current.reset();
        it->second.changed = true;
        ++result.deleted;
    }
    if (!complete && !operation.partial) {
        return error(Errc::too_large, "more than " + std::to_string(operation.keys_max) + " keys have the prefix");
    }
    result.complete = complete;
    return result;
}

log::CommitRecord Evaluator::expire(NamespaceState& state, Collection collection, const std::string& key,
                                    const StoredEntry& stored, TimeMs now_ms, Version version) {
    count(state.usage, collection, -1, -static_cast<std::int64_t>(stored.bytes));
    state.usage.version = version;
    log::CommitRecord record = record_for(state, now_ms);
    record.effects.push_back({.kind = Change::Kind::expire,
                              .collection = collection,
                              .key = key,
                              .record = {},
                              .previous_version = stored.version,
                              .previous_expires_ms = stored.expires_ms,
                              .freed_blob = stored.blob});
    return record;
}

// Turns the changed slots into records, and gives everything its version; quota_exceeded when that would be too
// much.
std::optional<Error> Evaluator::collect(const Commit& commit, Evaluated& out) {
    out.state = state_;
    Version version = first_version_;
    for (auto& [key, slot] : slots_) {
        if (!slot.changed || !slot.stored || !slot.stored->expires_ms || *slot.stored->expires_ms > now_ms_)
            continue;
        out.records.push_back(expire(out.state, collection_, key, *slot.stored, now_ms_, version++));
        slot.stored.reset();
    }
    place_sequential_slots(version);
    const Usage before = out.state.usage;
    log::CommitRecord record = record_for(out.state, now_ms_);
    bool wrote = false;  // also when the writes cancel each other out: their results name this version
    for (auto& [key, slot] : slots_) {
        wrote |= slot.changed;
        if (!slot.changed || (!slot.stored && !slot.current)) continue;
        log::Effect effect{.kind = slot.current ? Change::Kind::put : Change::Kind::remove,
                           .collection = collection_,
                           .key = key,
                           .record = {},
                           .previous_version = slot.stored ? slot.stored->version : 0,
                           .previous_expires_ms = slot.stored ? slot.stored->expires_ms : std::nullopt,
                           .freed_blob = slot.stored ? slot.stored->blob : std::nullopt};
        std::int64_t entries = 0;
        std::int64_t bytes = 0;
        if (slot.stored) {
            --entries;
            bytes -= static_cast<std::int64_t>(slot.stored->bytes);
        }
        if (slot.current) {
            ++entries;
            bytes += static_cast<std::int64_t>(usage_bytes(key, *slot.current));
            if (effect.freed_blob == blob_of(*slot.current)) effect.freed_blob.reset();
            set_own_version(*slot.own, version);
            encode_record(*slot.own, effect.record);
        }
        count(out.state.usage, collection_, entries, bytes);
        record.effects.push_back(std::move(effect));
    }
    if (auto refused = refuse_usage(before, out.state.usage, state_.quota)) return refused;
    for (OperationResult& result : out.committed.results) {
        if (result.entry) set_own_version(*result.entry, version);
    }
    if (!wrote && !commit.request_id) {
        out.committed.version = out.state.usage.version;
        return std::nullopt;
    }
    out.committed.version = version;
    if (commit.request_id) {
        out.committed.note = commit.request_id->note;
        record.effects.push_back(remember(*commit.request_id, out.committed));
    }
    out.state.usage.version = version;
    out.state.usage.last_written_ms = now_ms_;
    if (out.state.created_version == 0) out.state.created_version = version;
    record.created_version = out.state.created_version;
    record.usage = out.state.usage;
    out.records.push_back(std::move(record));
    return std::nullopt;
}

log::Effect Evaluator::remember(const RequestId& request_id, const Committed& committed) const {
    const Entry outcome{.version = committed.version,
                        .created_version = committed.version,
                        .created_ms = now_ms_,
                        .updated_ms = now_ms_,
                        .expires_ms = now_ms_ + limits::request_memory_ms,
                        .content_type = {},
                        .value = encode_outcome(request_id.digest, committed)};
    log::Effect effect{.kind = Change::Kind::put,
                       .collection = Collection::internal,
                       .key = request_id.id,
                       .record = {},
                       .previous_version = 0,
                       .previous_expires_ms = {}};
    const IndexKey stored_at =
        entry_key(state_.name.scope, state_.internal_id, Collection::internal, request_id.id);
    if (const auto stored = snapshot_.get(stored_at)) {  // expired, else it had been replayed
        const EntryView earlier = decode_record(*stored);
        effect.previous_version = earlier.version;
        effect.previous_expires_ms = earlier.expires_ms;
    }
    encode_record(outcome, effect.record);
    return effect;
}

std::optional<Result<Committed>> Evaluator::replay(const RequestId& request_id) const {
    const auto bytes =
        snapshot_.get(entry_key(state_.name.scope, state_.internal_id, Collection::internal, request_id.id));
    if (!bytes) return std::nullopt;
    const EntryView record = decode_record(*bytes);
    if (record.expired(now_ms_)) return std::nullopt;
    auto committed = decode_outcome(record.value, request_id.digest);
    if (!committed) return std::move(committed).error();
    return std::move(*committed);
}

std::string encode_outcome(const std::string& digest, const Committed& committed) {
    std::string out;
    Encoder encoder(out);
    encoder.bytes(digest);
    encoder.u64(committed.version);
    encoder.bytes(committed.note);
    encoder.varint(committed.results.size());
    for (const OperationResult& result : committed.results) {
        encoder.u8(static_cast<std::uint8_t>((result.existed ? 1 : 0) | (result.complete ? 2 : 0) |
                                             (result.entry ? 4 : 0)));
        encoder.varint(result.deleted);
        if (!result.entry) continue;
        std::string record;
        encode_record(*result.entry, record);
        encoder.bytes(record);
    }
    return out;
}

Result<Committed> decode_outcome(std::string_view bytes, const std::string& digest) {
    Decoder decoder(bytes);
    if (decoder.bytes() != digest) {
        return error(Errc::idempotency_conflict, "the request id was used before with another request");
    }
    Committed committed;
    committed.replayed = true;
    committed.version = decoder.u64();
    committed.note = decoder.bytes();
    const std::uint64_t results = decoder.varint();
    for (std::uint64_t i = 0; i < results && decoder.ok(); ++i) {
        const std::uint8_t flags = decoder.u8();
        OperationResult result{
            .existed = (flags & 1) != 0, .deleted = decoder.varint(), .complete = (flags & 2) != 0, .entry = {}};
        if (flags & 4) result.entry = to_entry(decode_record(decoder.bytes()));
        committed.results.push_back(std::move(result));
    }
    if (!decoder.ok()) throw StoreFailure("the outcome of an earlier commit is damaged");
    return committed;
}

}  // namespace alcove::kv

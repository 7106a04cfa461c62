// What one commit comes to, given the state before it: checks, operations, idempotency. Changes nothing itself.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <vector>

#include "kv/lmdb/core.hpp"

namespace alcove::kv {

// Seldom more than one.
using Records = boost::container::small_vector<log::CommitRecord, 1>;

// The outcome of evaluating a commit: what to log, in order, and what to answer.
struct Evaluated {
    // Expired keys that the commit meets go first, each in a record (and at a version) of its own; the commit's own
    // effects are last. Empty: nothing to log.
    Records records;
    Committed committed;
    NamespaceState state;  // after all records
};

// A stored entry as the evaluator needs it.
struct StoredEntry {
    Version version = 0;
    std::optional<TimeMs> expires_ms;
    std::uint64_t bytes = 0;     // of key and content, as usage counts them
    std::optional<BlobId> blob;  // that it keeps in use
};
StoredEntry stored_entry(std::string_view key, const EntryView& record);

class Evaluator {
public:
    // `first_version` is the version that the first record will have. All parameters must outlive the evaluator.
    Evaluator(const Snapshot& snapshot, const NamespaceState& state, TimeMs now_ms, Version first_version);

    // The outcome that is remembered for the request id, if there is one.
    std::optional<Result<Committed>> replay(const RequestId& request_id) const;

    // What makes the store remember the outcome of a commit.
    log::Effect remember(const RequestId& request_id, const Committed& committed) const;

    // For a commit that is no replay. At most one call per evaluator. Takes the values out of the commit's
    // operations.
    Result<Evaluated> evaluate(Commit& commit);

    // The record that ends an expired key.
    static log::CommitRecord expire(NamespaceState& state, Collection collection, const std::string& key,
                                    const StoredEntry& stored, TimeMs now_ms, Version version);

private:
    // What the operations see of one key, and what was stored before the commit.
    struct Slot {
        std::optional<StoredEntry> stored;  // also when it has expired
        std::optional<EntryView> current;   // in the snapshot, or of `own`
        std::optional<Entry> own;           // what the operations made of it
        bool changed = false;
    };

    Slot& slot(const std::string& key);
    Slot& sequential_slot(const PutSequential& put);
    void place_sequential_slots(Version version);
    std::vector<FailedCheck> failed_checks(const Commit& commit);
    Result<OperationResult> run(Operation&& operation, std::size_t value_bytes_max);
    Result<OperationResult> remove_prefix(const DeletePrefix& operation);
    std::optional<Error> collect(const Commit& commit, Evaluated& out);

    const Snapshot& snapshot_;
    const NamespaceState& state_;
    const TimeMs now_ms_;
    const Version first_version_;
    Collection collection_ = Collection::key;
    // Most commits are about one key: its slot is here, not on the heap.
    std::array<std::byte, 640> first_slots_;
    std::pmr::monotonic_buffer_resource memory_{first_slots_.data(), first_slots_.size()};
    std::pmr::map<std::string, Slot> slots_{&memory_};
    struct Sequential {
        std::string key;  // of its slot, with the digits of no version
        std::size_t version_at = 0;
    };
    std::vector<Sequential> sequential_;
};

// quota_exceeded when a namespace would grow over its quota so; what shrinks it is always welcome.
std::optional<Error> refuse_usage(const Usage& before, const Usage& after, const Quota& quota);

// A record without effects that leaves the namespace as that state says.
log::CommitRecord record_for(const NamespaceState& state, TimeMs now_ms);

// The outcome of a commit, as it is kept for its request id.
std::string encode_outcome(const std::string& digest, const Committed& committed);
// As of a replay. idempotency_conflict when the digest is another.
Result<Committed> decode_outcome(std::string_view bytes, const std::string& digest);

}  // namespace alcove::kv

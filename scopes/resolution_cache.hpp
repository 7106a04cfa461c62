// Remembers which namespace a selector means, within a fixed size, and never longer than the record it came from.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "kv/types.hpp"

namespace alcove::scopes {

using Resolved = std::shared_ptr<const kv::NamespaceName>;

// *Operation*: entries stand in small sets found by the selector's hash, each set replaced round robin. An entry
// carries the generation of the record it came from: one of a fixed number of counters, chosen by the hash of the
// record's key. Invalidating a record raises its counter, which ends the entries that carry the old value (and,
// rarely, a few others: they are just read again).
//
// *Concurrency*: thread-safe. Who fills the cache takes generation() *before* it reads the record: if the record
// changes behind that, insert() leaves an entry that is stale from the start, never a wrong one.
//
// *Limitations*: what does not exist is not remembered.
class ResolutionCache {
public:
    explicit ResolutionCache(std::size_t entries_max);

    struct Generation {
        std::size_t counter = 0;
        std::uint64_t value = 0;
    };
    Generation generation(std::string_view record_key) const;

    // nullptr when it is not known. Does not allocate.
    Resolved find(const kv::Uuid& workspace, std::string_view selector) const;

    void insert(const kv::Uuid& workspace, std::string_view selector, Resolved resolved, Generation generation);

    // Every entry that came from the record ends before this returns.
    void invalidate(std::string_view record_key);
    // The same for every record.
    void invalidate_all();

private:
    static constexpr std::size_t ways = 4;
    static constexpr std::size_t shard_count = 64;
    static constexpr std::size_t counter_count = 16'384;

    struct Slot {
        std::uint64_t hash = 0;
        kv::Uuid workspace{};
        std::string selector;
        Resolved resolved;
        Generation generation;
    };
    struct Set {
        std::array<Slot, ways> slots;
        std::size_t next = 0;  // to be replaced
    };
    struct alignas(64) Shard {
        std::mutex mutex;
        std::vector<Set> sets;
    };

    static std::uint64_t hash_of(const kv::Uuid& workspace, std::string_view selector);
    bool is_current(const Generation& generation) const;
    Set& set_of(Shard& shard, std::uint64_t hash) const;

    mutable std::array<Shard, shard_count> shards_;
    std::vector<std::atomic<std::uint64_t>> counters_;
};

}  // namespace alcove::scopes

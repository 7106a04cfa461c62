// What a store counts of its work, for those who watch over it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kv/measure.hpp"
#include "kv/store.hpp"

namespace alcove::kv {

inline constexpr std::size_t errc_count = static_cast<std::size_t>(Errc::outcome_unknown) + 1;

// Counts begin at zero with the store's opening. An engine leaves at zero what it has not.
struct StoreMetrics {
    StoreStatus status;

    std::uint64_t commits = 0;                        // that became durable, those of the store itself included
    std::array<std::uint64_t, errc_count> refused{};  // by Errc: commits that changed nothing
    std::uint64_t expired_keys = 0;
    Distribution group_commits;  // of one sync
    Distribution sync_ns;        // the same, from the write to durable
    Distribution commit_ns;      // from being queued to the answer

    Distribution apply_ns;            // of what had gathered in memory, to the index
    std::uint64_t overlay_bytes = 0;  // gathered in memory now

    std::uint64_t map_used_bytes = 0;  // of the index
    std::uint64_t map_limit_bytes = 0;
    std::uint64_t log_bytes = 0;  // history included
    std::uint64_t blobs = 0;      // contents of files in files of their own, as far as they are applied
    std::uint64_t disk_free_bytes = 0;
    std::uint64_t disk_reserve_bytes = 0;
};

}  // namespace alcove::kv

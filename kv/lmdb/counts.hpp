// What the threads of the embedded engine count of their work; StoreMetrics says what each number is.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "kv/store_metrics.hpp"

namespace alcove::kv {

// From a lone commit to limits::group_commits_max.
inline constexpr std::array<std::uint64_t, 11> group_bounds = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};

struct Counts {
    // The writer's.
    Count commits;
    std::array<Count, errc_count> refused;
    Count expired_keys;
    Histogram<group_bounds> group_commits;
    Durations sync_ns;
    Durations commit_ns;

    // The applier's, which measures the second group once a second.
    Durations apply_ns;
    Count map_used_bytes;
    Count disk_free_bytes;
    Count blobs;

    // Any thread's: the queue was full.
    std::atomic<std::uint64_t> overloaded = 0;
};

inline std::uint64_t ns_between(std::chrono::steady_clock::time_point begin,
                                std::chrono::steady_clock::time_point end) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(end - begin).count());
}

}  // namespace alcove::kv

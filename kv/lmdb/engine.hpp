// Opens the embedded engine: a Store over one folder with a commit log and an LMDB index.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "kv/store.hpp"

namespace alcove::kv {

struct EngineOptions {
    std::filesystem::path directory;  // made when missing; one engine per folder, guarded by a lock file

    std::uint64_t map_bytes = std::uint64_t{64} << 30;           // the index refuses to grow beyond this
    std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;  // of free disk that writes leave alone
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;       // of one log file
    std::uint64_t overlay_bytes = std::uint64_t{64} << 20;  // unapplied commits in memory before they are applied
    std::chrono::milliseconds apply_interval{5000};         // or after this time, whatever comes first

    bool history = true;  // false: no change index; changes() is always compacted. For measurements
    std::chrono::milliseconds history_age = std::chrono::hours{24 * 7};
    std::uint64_t history_bytes = std::uint64_t{4} << 30;

    std::size_t queued_commits_max = limits::queued_commits_max;

    // Passed in by tests; the defaults are the machine's. Both must be thread-safe.
    std::function<TimeMs()> wall_clock;
    std::function<std::uint64_t()> disk_free_bytes;  // on the folder's file system

    // Told what an operator should know (a torn tail was cut, the disk is full). Any thread.
    std::function<void(std::string_view)> notice;

    // Told that the disk failed under a commit, after its callers were answered with outcome_unknown. Must end the
    // process: what the log holds is known only after the next start. The default writes to stderr and exits
    // with 1.
    std::function<void(std::string_view)> fatal;
};

class Engine : public Store {
public:
    // Everything committed so far is in the index on disk when it returns. Blocks; for tests and tools.
    virtual void apply_now() = 0;

    // Refuses new commits (shutting_down), answers those that are queued, applies and closes. Blocks; idempotent.
    // Reads after it return shutting_down.
    virtual void close() = 0;
};

// Throws StoreFailure with a sentence that says what does not fit: another format version, a damaged or missing
// log segment, a folder in use. The destructor of the engine calls close().
std::unique_ptr<Engine> open_engine(EngineOptions options);

}  // namespace alcove::kv

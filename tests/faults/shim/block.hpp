// What a test tells the shim that lies between a server and the system: memory of a file that both have mapped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace alcove::test {

// Kinds of calls, as bits. `read` includes sendfile; `sync` is fsync and fdatasync.
inline constexpr std::uint32_t call_open = 1;
inline constexpr std::uint32_t call_read = 2;
inline constexpr std::uint32_t call_write = 4;
inline constexpr std::uint32_t call_sync = 8;

// Calls on files whose paths hold `path`: the first `pass` go through, the next `times` fail with `error`. Writes
// at a place in front of `from` are left alone.
struct FaultRule {
    std::atomic<std::uint32_t> calls;  // 0: the rule is off, and the rest may be changed
    std::atomic<std::int64_t> pass;
    std::atomic<std::int64_t> times;
    std::atomic<std::uint64_t> failed;
    std::int64_t from;
    int error;
    char path[100];
};

// All zero: nothing is different.
struct FaultBlock {
    static constexpr std::size_t rules_max = 4;

    std::atomic<std::int64_t> clock_ms;  // added to the wall clock
    // A disk that is no file system of its own: files below `disk` can grow by so much together.
    std::atomic<std::int64_t> disk_free;
    char disk[200];  // empty: there is none
    FaultRule rules[rules_max];
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// The variable that names the file.
inline constexpr const char* fault_block_variable = "FAULT_BLOCK";

}  // namespace alcove::test

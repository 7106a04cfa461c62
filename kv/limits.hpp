// The bounds of the store, each with its reason. Units are bytes unless the name says otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace alcove::kv::limits {

// LMDB's keys have at most 511 bytes; 9 are the namespace id and the collection, the rest is spare.
inline constexpr std::size_t key_bytes_max = 480;

// A value is held whole in memory, several times over, while it is written.
inline constexpr std::size_t value_bytes_default = std::size_t{1} << 20;
inline constexpr std::size_t value_bytes_max = std::size_t{16} << 20;

// RFC 6838 allows 127 characters on each side of the slash; the rest is for parameters.
inline constexpr std::size_t content_type_bytes_max = 255;

// One commit is evaluated without a pause by the one writer: these bound how long it holds up the others.
inline constexpr std::size_t operations_per_commit_max = 4096;
inline constexpr std::size_t checks_per_commit_max = 4096;
inline constexpr std::size_t commit_bytes_max = std::size_t{20} << 20;
inline constexpr std::size_t prefix_deletes_per_commit_max = 10'000;

// A subject is an end user's UUID or an external key of 255 code points of up to 4 bytes.
inline constexpr std::size_t subject_bytes_max = 1020;

// How long the outcome of a commit with a request id is remembered.
inline constexpr std::int64_t request_memory_ms = 24 * 60 * 60 * 1000;
inline constexpr std::size_t request_id_bytes_max = 64;

// A note names what a request made, such as a few ids.
inline constexpr std::size_t request_note_bytes_max = 1024;

// JSON that operations parse out of stored values; deeper nesting is a type mismatch.
inline constexpr std::size_t json_depth_max = 64;

// Faster is no limit: no machine commits that often.
inline constexpr std::uint64_t writes_per_second_max = 1'000'000'000;

// Namespaces whose rate of writing the writer remembers; those that may write at full rate again are forgotten
// first.
inline constexpr std::size_t rates_remembered_max = std::size_t{64} << 10;

// Commits that wait for the writer; beyond it a commit is refused as overloaded.
inline constexpr std::size_t queued_commits_max = 8192;
inline constexpr std::size_t queued_bytes_max = std::size_t{128} << 20;

// One group is one write and one fdatasync of the log.
inline constexpr std::size_t group_commits_max = 1024;
inline constexpr std::size_t group_bytes_max = std::size_t{32} << 20;

// LMDB tells a write that was cut short like one that the disk failed. With less than this free beside the reserve
// it is taken for want of room.
inline constexpr std::size_t disk_full_bytes = std::size_t{1} << 20;

// Expired keys that one group of the writer sweeps: well under a millisecond of work.
inline constexpr std::size_t sweep_keys_max = 256;

}  // namespace alcove::kv::limits

// The bounds around backups, each with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace alcove::kv::backup::limits {

// Contents that nobody needs any more and that a backup holds back: 16 MiB of ids. The next start finds the others.
inline constexpr std::size_t held_blobs_max = std::size_t{1} << 20;

// A manifest has some 300 bytes; it is read whole.
inline constexpr std::size_t manifest_bytes_max = std::size_t{64} << 10;

// A line of SHA256SUMS has 64 digits and a short name.
inline constexpr std::size_t sums_line_bytes_max = 256;

// More lives of a store would make versions that JavaScript's numbers do not tell apart.
inline constexpr std::uint64_t restores_max = std::uint64_t{1} << 13;

}  // namespace alcove::kv::backup::limits

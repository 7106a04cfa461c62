// Makes a store of a backup.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "kv/backup/progress.hpp"
#include "kv/backup/reader.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

struct RestoreOptions {
    // Made when it is missing; else it may hold a master key, and nothing more.
    std::filesystem::path directory;
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;
    backup::TellProgress tell{};
    std::function<void(std::string_view)> notice{};
};

struct RestoreReport {
    Version backed_up = 0;  // the version that the backup holds
    TimeMs backed_up_ms = 0;
    Version version = 0;  // commits go on behind it
    std::string epoch;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

// The versions of the new store.
inline constexpr unsigned life_bits = 40;  // a store that was restored n times has versions from n * 2^40 on

// Nothing of the backup is trusted before all of it is there and every SHA-256 fits; but who can make a backup can
// make one whose index is damaged in ways that LMDB does not survive. The store is another one afterwards: it has a
// new epoch and versions that none before it had, and its history begins with it. Until it is whole it lies in
// `<directory>/restore.draft`; when that fails, everything is removed again.
//
// Throws StoreFailure: the folder holds something, a backup that is damaged, cut off or of another format, no room.
RestoreReport restore(backup::Reader& from, const RestoreOptions& options);

}  // namespace alcove::kv

// Writes the index of a store anew, without the room that it once needed and does not need any more.
#pragma once

#include <cstdint>
#include <filesystem>

#include "kv/backup/progress.hpp"

namespace alcove::kv {

struct CompactReport {
    std::uint64_t bytes_before = 0;
    std::uint64_t bytes_after = 0;
};

// While neither a server nor a backup works on the folder. A crash leaves the old index or the new one, and maybe a
// draft, which the next start removes.
//
// Throws StoreFailure: no store, one in use, no room for both.
CompactReport compact(const std::filesystem::path& directory, const backup::TellProgress& tell = {});

}  // namespace alcove::kv

// How far a backup, a restore or a compaction is.
#pragma once

#include <cstdint>
#include <functional>

namespace alcove::kv::backup {

struct Progress {
    std::uint64_t bytes = 0;
    std::uint64_t bytes_total = 0;  // an estimate, until the index is copied
    std::uint64_t files = 0;        // that are done
};

// Called some times a second at least, unless the disk holds it up. What it throws ends the work.
using TellProgress = std::function<void(const Progress&)>;

}  // namespace alcove::kv::backup

// Reads all of a store that is not in use, and says what does not fit together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kv/lmdb/engine.hpp"

namespace alcove::kv {

struct CheckReport {
    // What was looked at.
    std::uint64_t namespaces = 0;
    std::uint64_t keys = 0;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;       // of keys and values
    std::uint64_t file_bytes = 0;  // of paths and contents
    std::uint64_t expiries = 0;
    std::uint64_t changes = 0;  // of the history
    std::uint64_t segments = 0;
    std::uint64_t commits = 0;  // in the log
    std::uint64_t blobs = 0;

    // Each in a sentence, at most check_problems_max of them.
    std::vector<std::string> problems;
    std::uint64_t problems_total = 0;

    // Contents that no file names: what a crash leaves behind, and the next start removes. No problem.
    std::uint64_t stray_blobs = 0;

    bool clean() const { return problems_total == 0; }
};
inline constexpr std::size_t check_problems_max = 100;

// Looks at every record, counter, index, group of the log and content of a file (its SHA-256). It opens the folder
// as a start does, so an unfinished group at the log's end is cut off, and goes no further: nothing else changes.
// Memory is that of a start. Of the options it takes the folder, the map's size and the size of segments.
//
// Throws StoreFailure when there is no store, when it is in use, and when it cannot be opened at all.
CheckReport check_store(EngineOptions options);

}  // namespace alcove::kv

// The end of a log that another process may be appending to, for a copy of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "kv/log/commit_log.hpp"
#include "kv/log/commit_record.hpp"

namespace alcove::kv::log {

struct Tail {
    struct Part {
        std::filesystem::path path;
        std::uint64_t bytes = 0;  // of the segment, from its first; no later append changes them
    };
    std::vector<Part> parts;  // by age; the first holds `from`
    Version last_version = 0;
};

// What follows `from`, up to the last whole group: every commit whose append had ended when it was called, and
// maybe some more. Calls `visit` with each. The segments must not be unlinked meanwhile. Throws StoreFailure when
// one is missing or damaged.
Tail read_tail(const std::filesystem::path& folder, const StoreId& store, Position from, Version applied,
               const std::function<void(const CommitRecord&)>& visit);

}  // namespace alcove::kv::log

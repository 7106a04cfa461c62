// How many requests a workspace may send in a minute of the clock.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>

#include "kv/types.hpp"

namespace alcove::auth {

// Counts in minutes that begin with the clock's, for all workspaces at once: it remembers nobody for longer than
// the minute. Counts are the process's own and begin anew with it. Thread-safe.
class MinuteLimit {
public:
    explicit MinuteLimit(std::uint64_t requests_max) : requests_max_(requests_max) {}

    struct Standing {
        bool allowed = true;
        std::uint64_t limit = 0;
        std::uint64_t remaining = 0;  // after this request
        kv::TimeMs reset_ms = 0;      // when the next minute begins
    };
    // Counts one request.
    Standing take(const kv::Uuid& workspace, kv::TimeMs now_ms);

private:
    const std::uint64_t requests_max_;
    std::mutex mutex_;
    kv::TimeMs minute_ = 0;
    std::map<kv::Uuid, std::uint64_t> taken_;
};

}  // namespace alcove::auth

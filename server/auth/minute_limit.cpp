#include "server/auth/minute_limit.hpp"

namespace alcove::auth {

MinuteLimit::Standing MinuteLimit::take(const kv::Uuid& workspace, kv::TimeMs now_ms) {
    constexpr kv::TimeMs minute_ms = 60'000;
    const std::lock_guard lock(mutex_);
    // A thread may come here with a time that it read before the minute ended for another one.
    if (const kv::TimeMs minute = now_ms / minute_ms; minute > minute_) {
        taken_.clear();
        minute_ = minute;
    }
    auto& taken = taken_[workspace];
    const bool allowed = taken < requests_max_;
    if (allowed) ++taken;
    return {.allowed = allowed,
            .limit = requests_max_,
            .remaining = requests_max_ - taken,
            .reset_ms = (minute_ + 1) * minute_ms};
}

}  // namespace alcove::auth

#include "server/webhooks/backoff.hpp"

#include <algorithm>

namespace alcove::webhooks {

std::chrono::milliseconds delay(std::uint64_t attempt, double random, const BackoffOptions& options) {
    std::int64_t full_ms = std::min(options.first, options.max).count();
    const std::int64_t max_ms = options.max.count();
    // Ends early: sixty doublings reach any max.
    for (std::uint64_t failures = 1; failures < attempt && full_ms > 0 && full_ms < max_ms; ++failures)
        full_ms = full_ms > max_ms / 2 ? max_ms : full_ms * 2;
    const std::int64_t half_ms = full_ms / 2;
    const auto drawn_ms = static_cast<std::int64_t>(static_cast<double>(full_ms - half_ms) * random);
    return std::chrono::milliseconds(half_ms + std::clamp(drawn_ms, std::int64_t{0}, full_ms - half_ms));
}

}  // namespace alcove::webhooks

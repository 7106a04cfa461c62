#include "server/auth/token_buckets.hpp"

#include <algorithm>

namespace alcove::auth {

Standing TokenBucket::take(const Rate& rate, Time now) {
    const Time interval(std::chrono::nanoseconds(std::chrono::seconds(1)).count() /
                        static_cast<Time::rep>(rate.per_second));
    const auto whole = interval * static_cast<Time::rep>(rate.capacity());
    const auto after = std::max(full_at_, now) + interval;
    const auto debt = after - now;
    Standing standing{.limit = rate.capacity()};
    if (debt > whole) {
        standing.allowed = false;
        standing.until_full = full_at_ - now;
        standing.until_next = debt - whole;
        return standing;
    }
    full_at_ = after;
    standing.remaining = static_cast<std::uint64_t>((whole - debt) / interval);
    standing.until_full = debt;
    return standing;
}

}  // namespace alcove::auth

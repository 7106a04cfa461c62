// How long to wait before a webhook that failed is sent again.
#pragma once

#include <chrono>
#include <cstdint>

namespace alcove::webhooks {

struct BackoffOptions {
    std::chrono::milliseconds first{1'000};  // above 0; after the first failure
    std::chrono::milliseconds max{3'600'000};
};

// Doubles with every failure in a row (`attempt`, from 1) up to `max`. Half of it is fixed, and half is drawn by
// `random` in [0, 1), so that webhooks that failed together do not come back together.
std::chrono::milliseconds delay(std::uint64_t attempt, double random, const BackoffOptions& options);

}  // namespace alcove::webhooks

#include "server/webhooks/progress.hpp"

#include <algorithm>
#include <chrono>

namespace alcove::webhooks {

void note_outcome(scopes::DeliveryRecord& delivery, const Message& message, const SendOutcome& outcome,
                  kv::TimeMs now_ms, double random, const RetryPolicy& policy) {
    constexpr unsigned gone = 410;
    if (outcome.delivered()) {
        delivery.place = print(message.place);
        delivery.failures = 0;
        delivery.retry_at_ms = 0;
        delivery.last_success_ms = now_ms;
        return;
    }
    ++delivery.failures;
    delivery.last_failure_ms = now_ms;
    delivery.last_error = outcome.error;
    if (outcome.status == gone) {
        delivery.inactive_because = inactive_gone;
    } else if (delivery.failures >= policy.attempts_max) {
        delivery.inactive_because = inactive_exhausted;
    }
    auto pause = delay(static_cast<std::uint64_t>(delivery.failures), random, policy.backoff);
    if (outcome.retry_after) pause = std::max<std::chrono::milliseconds>(pause, *outcome.retry_after);
    delivery.retry_at_ms = now_ms + pause.count();
}

}  // namespace alcove::webhooks

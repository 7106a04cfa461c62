// What the outcome of sending does to how far a webhook was told: one pure function.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "scopes/webhook_records.hpp"
#include "server/webhooks/backoff.hpp"
#include "server/webhooks/messages.hpp"
#include "server/webhooks/sender.hpp"

namespace alcove::webhooks {

struct RetryPolicy {
    BackoffOptions backoff;
    std::uint32_t attempts_max = 30;  // failures in a row, after which a webhook becomes inactive
};

// Why a webhook is inactive, as answers show it.
inline constexpr std::string_view inactive_gone = "gone";            // the receiver answered 410
inline constexpr std::string_view inactive_exhausted = "exhausted";  // attempts_max failures in a row
inline constexpr std::string_view inactive_namespace_deleted = "namespace_deleted";
inline constexpr std::array inactive_reasons = {inactive_gone, inactive_exhausted, inactive_namespace_deleted};

// `random` is in [0, 1).
void note_outcome(scopes::DeliveryRecord& delivery, const Message& message, const SendOutcome& outcome,
                  kv::TimeMs now_ms, double random, const RetryPolicy& policy);

}  // namespace alcove::webhooks

// What event destinations and triggers have in common on the wire: where to call, with which headers, and how far
// they were told.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "scopes/webhooks.hpp"
#include "server/api/call.hpp"
#include "server/api/object_reader.hpp"

namespace alcove::api {

// The members, refused with their field named.
std::optional<std::string> to_callback_url(ObjectReader& in, std::string_view name, std::string_view text);
// `object`, of that document, holds names and values.
std::optional<scopes::WebhookHeaders> to_callback_headers(const json::Document& document, const json::Value& object,
                                                          ObjectReader& in, std::string_view name);

// A fresh signing secret, as text.
std::string make_webhook_secret();

// Names alone: values may be secrets.
void print_header_names(json::Writer& writer, const scopes::Webhook& webhook);

// What is shown beside a webhook.
struct DeliveryStanding {
    const scopes::DeliveryRecord& record;
    std::size_t pending = 0;  // counted up to webhooks::pending_counted_max
};
asio::awaitable<Result<DeliveryStanding>> standing_of(Call& call, const scopes::Webhook& webhook);

// How one surface spells the members of a standing.
struct StandingNames {
    std::string_view pending, failures, last_success_at, last_failure_at, last_error, next_attempt_at,
        inactive_because;
};
void print(json::Writer& writer, const DeliveryStanding& standing, const StandingNames& names);

}  // namespace alcove::api

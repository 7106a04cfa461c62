#include "server/api/webhooks.hpp"

#include <utility>
#include <vector>

#include "server/api/resources.hpp"
#include "server/webhooks/messages.hpp"
#include "server/webhooks/signature.hpp"
#include "server/webhooks/target.hpp"

namespace alcove::api {
namespace {

void print_optional_time(json::Writer& writer, std::string_view name, const std::optional<kv::TimeMs>& time_ms) {
    time_ms ? print_time(writer, name, *time_ms) : void(writer.name(name).null());
}

}  // namespace

std::optional<std::string> to_callback_url(ObjectReader& in, std::string_view name, std::string_view text) {
    const auto url = webhooks::CallbackUrl::parse(text);
    if (url) return std::string(text);
    in.refuse(name, "'" + in.field(name) + "': " + url.error().message);
    return std::nullopt;
}

std::optional<scopes::WebhookHeaders> to_callback_headers(const json::Document& document, const json::Value& object,
                                                          ObjectReader& in, std::string_view name) {
    std::vector<webhooks::CustomHeader> given;
    for (const auto* member = document.first(object); member != nullptr; member = document.next(*member)) {
        if (member->type != json::Type::string) {
            in.refuse(name, "'" + in.field(name) + "." + std::string(member->name) + "' must be a string");
            return std::nullopt;
        }
        given.push_back({.name = std::string(member->name), .value = std::string(member->text)});
    }
    const auto headers = webhooks::CustomHeaders::parse(std::move(given));
    if (!headers) {
        in.refuse(name, "'" + in.field(name) + "': " + headers.error().message);
        return std::nullopt;
    }
    scopes::WebhookHeaders pairs;
    for (const auto& [header_name, value] : headers->list())
        pairs.emplace_back(header_name, value);
    return pairs;
}

std::string make_webhook_secret() {
    return webhooks::WebhookSecret::make().text();
}

void print_header_names(json::Writer& writer, const scopes::Webhook& webhook) {
    writer.open_object();
    for (const auto& name : webhook.header_names)
        writer.text_name(name).string("[REDACTED]");
    writer.close_object();
}

asio::awaitable<Result<DeliveryStanding>> standing_of(Call& call, const scopes::Webhook& webhook) {
    DeliveryStanding standing{.record = webhook.delivery};
    auto pending = co_await webhooks::count_pending(call.services.identity, webhook);
    if (!pending) co_return to_problem(pending.error());
    standing.pending = *pending;
    co_return standing;
}

void print(json::Writer& writer, const DeliveryStanding& standing, const StandingNames& names) {
    const auto& record = standing.record;
    writer.open_object().name(names.pending).number(standing.pending);
    writer.name(names.failures).number(record.failures);
    print_optional_time(writer, names.last_success_at, record.last_success_ms);
    print_optional_time(writer, names.last_failure_at, record.last_failure_ms);
    writer.optional_member(names.last_error, record.last_error);
    const bool waits = record.failures > 0 && !record.inactive_because;
    print_optional_time(writer, names.next_attempt_at, waits ? std::optional(record.retry_at_ms) : std::nullopt);
    writer.optional_member(names.inactive_because, record.inactive_because);
    writer.close_object();
}

}  // namespace alcove::api

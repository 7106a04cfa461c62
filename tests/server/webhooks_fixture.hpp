// A receiver, a sender that may call it, and deliveries in short.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "server/webhooks/sender.hpp"
#include "tests/support/receiver.hpp"
#include "tests/support/run.hpp"

namespace alcove::test {

using namespace std::chrono_literals;

struct WebhooksFixture {
    static constexpr webhooks::SenderOptions open_options{.allow_private_targets = true, .timeout = 20'000ms};
    static constexpr webhooks::SenderOptions short_options{.allow_private_targets = true, .timeout = 300ms};

    Receiver receiver;
    webhooks::Sender sender{open_options};
    webhooks::WebhookSecret secret = webhooks::WebhookSecret::make();

    webhooks::Delivery delivery(const std::string& body = "{}") const { return delivery_to(receiver.url(), body); }
    webhooks::Delivery delivery_to(const std::string& url, const std::string& body = "{}") const {
        return {.url = url, .id = "evt_1", .body = body, .secrets = {secret}, .timestamp_s = 1'700'000'000};
    }

    webhooks::Delivery delivery_of(const std::string& group, const std::string& url) const {
        auto what = delivery_to(url);
        what.group = group;
        return what;
    }

    webhooks::SendOutcome send(webhooks::Delivery what) { return run(sender.send(std::move(what))); }
    webhooks::SendOutcome send_to(const std::string& url) { return send(delivery_to(url)); }
    webhooks::SendOutcome send_with(webhooks::SenderOptions options) const {
        webhooks::Sender own(options);
        return run(own.send(delivery()));
    }
    webhooks::SendOutcome answered(ReceiverReply reply) {
        receiver.answer_with([reply = std::move(reply)](const ReceivedRequest&) { return reply; });
        return send(delivery());
    }

    // "200" or "500 why", for one-line expectations.
    static std::string text(const webhooks::SendOutcome& outcome) {
        const bool is_odd = outcome.delivered() != outcome.error.empty();
        return std::to_string(outcome.status) + (outcome.error.empty() ? "" : " " + outcome.error) +
               (is_odd ? " (odd)" : "");
    }
};

}  // namespace alcove::test

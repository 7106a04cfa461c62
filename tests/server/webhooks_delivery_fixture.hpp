// The whole product, with receivers that its webhooks may call.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/server/api_fixture.hpp"
#include "tests/support/receiver.hpp"

namespace alcove::test {

using namespace std::chrono_literals;

class DeliveryFixture : public ApiFixture {
public:
    DeliveryFixture() {
        close();
        settings.external_id_rename = true;
        settings.webhooks.sender.allow_private_targets = true;
        settings.webhooks.sender.timeout = 1000ms;
        settings.webhooks.retry.backoff = {.first = 100ms, .max = 2000ms};
        open();
        workspace_id = create_workspace("acme");
    }

    Reply send_here(std::string_view method, std::string_view target, std::string_view body = {}) {
        return send(method, target, body, {{"Alcove-Workspace", "acme"}});
    }

    // Returns the id.
    std::string create_destination(const std::string& url, const std::string& events = R"(["*"])") {
        const auto reply = send_here(
            "POST", "/v2/event-destinations",
            R"({"name":"D","type":"webhook","webhook":{"url":")" + url + R"("},"events":)" + events + "}");
        secret = member(reply.body, "secret");
        return member(reply.body, "id");
    }
    std::string destination(const std::string& id) { return send_here("GET", "/v2/event-destinations/" + id).body; }

    // The store's clock goes on while it waits, and retries go by it.
    bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds pace = 100ms) {
        for (int i = 0; i < 1500; ++i) {
            if (holds()) return true;
            clock.advance(pace.count());
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    bool eventually_received(const Receiver& from, std::size_t count) {
        return eventually([&] { return from.requests().size() >= count; });
    }

    // "end_user.created u1, …": type and external id of the events that came, or operation and key of the changes.
    static std::string told(const Receiver& receiver) {
        std::string text;
        for (const auto& request : receiver.requests()) {
            auto what = member(request.body, "type") + " " + member(request.body, "external_id");
            if (what == " ")
                what =
                    member(request.body, "op") + " " + member(request.body, "key") + member(request.body, "path");
            text.append(text.empty() ? "" : ", ").append(what);
        }
        return text;
    }
    static std::vector<std::string> ids(const Receiver& receiver) {
        std::vector<std::string> out;
        for (const auto& request : receiver.requests())
            out.push_back(request.header("webhook-id"));
        return out;
    }

    Receiver receiver;
    std::string workspace_id;
    std::string secret;  // of the last destination
};

}  // namespace alcove::test

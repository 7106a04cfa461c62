// Triggers that fell behind what the store's history keeps.
#include <boost/test/unit_test.hpp>

#include "tests/server/watch_tuned_fixture.hpp"
#include "tests/support/receiver.hpp"

namespace alcove::test {
namespace {

struct ForgetfulFixture : TunedFixture {
    ForgetfulFixture() {
        reopen([this] {
            settings.webhooks.sender.allow_private_targets = true;
            settings.webhooks.retry.backoff = {.first = 1000ms, .max = 1000ms};
        });
        send("POST", "/api/v1/workspaces/acme/integrations",
             R"({"integrationName":"kv-store","alias":"state","settings":{"persistence":{"scope":"workspace"}}})");
    }
    void enable(const std::string& prefix) {
        const auto enabled = send(
            "POST", "/api/v1/triggers/enable",
            R"({"workspaceId":"acme","integrationName":"kv-store","triggerName":"key_changed","callbackUrl":")" +
                receiver.url() + R"(","input":{"prefix":")" + prefix + "\"}}");
        BOOST_REQUIRE_EQUAL(enabled.status, 201U);
    }
    std::string triggers() { return send("GET", "/api/v1/triggers?workspaceId=acme").body; }
    // Without the store's clock going on, so that nothing is sent again meanwhile.
    bool soon(const std::string& text) {
        for (int i = 0; i < 500; ++i) {
            if (triggers().find(text) != std::string::npos) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

    Receiver receiver;
};

BOOST_FIXTURE_TEST_SUITE(webhooks_history, ForgetfulFixture)

BOOST_AUTO_TEST_CASE(a_history_that_was_compacted_is_told_as_a_reset) {
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.status = 500}; });
    enable("a/");
    put("a/1", "1");
    BOOST_TEST(soon("\"failures\":1"));
    put("a/2", "2");
    forget_history();
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{}; });
    receiver.clear();
    clock.advance(2000);
    BOOST_TEST(receiver.wait_for(1));
    const auto reset = receiver.requests()[0];
    BOOST_TEST(member(reset.body, "triggerName") == "trigger.reset");
    BOOST_TEST(reset.body.find(R"("data":{"triggerName":"key_changed","why":"compacted","version":")") !=
               std::string::npos);
    put("a/3", "3");
    BOOST_TEST(receiver.wait_for(2));
    BOOST_TEST(member(receiver.requests()[1].body, "triggerName") == "key_changed");
    BOOST_TEST(member(receiver.requests()[1].body, "key") == "a/3");
    BOOST_TEST(std::stoull(member(receiver.requests()[1].body, "version")) >
               std::stoull(member(reset.body, "version")));
    BOOST_TEST(soon("\"pending\":0,\"failures\":0"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Webhooks as the reference library of Standard Webhooks for Node sees them.
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "tests/server/webhooks_fixture.hpp"
#include "tests/support/process.hpp"

namespace alcove::test {
namespace {

using namespace webhooks;

std::int64_t now_s() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

BOOST_AUTO_TEST_SUITE(webhooks_conformance)

BOOST_AUTO_TEST_CASE(the_reference_library_verifies_what_is_sent_and_refuses_what_is_not_ours) {
    const auto secret = WebhookSecret::make();
    const auto next = WebhookSecret::make();
    const Delivery good{.url = "",
                        .id = "evt_1",
                        .body = R"({"type":"entry.changed","data":{"key":"größe","value":"\u0000"}})",
                        .secrets = {secret},
                        .timestamp_s = now_s()};
    Delivery rotating = good;
    rotating.secrets = {next, secret};
    Delivery old = good;
    old.timestamp_s -= 3600;
    const struct {
        std::string expected;
        Delivery delivery;
    } cases[] = {
        {"verified:" + secret.text(), good},     {"verified:" + secret.text(), rotating},
        {"verified:" + next.text(), rotating},   {"refused:" + next.text(), good},
        {"tampered:" + secret.text(), rotating}, {"refused:" + secret.text(), old},
    };

    std::vector<std::string> arguments = {"/usr/bin/env", "node",
                                          std::string(ALCOVE_SOURCE) + "/tests/conformance/standard_webhooks.mjs"};
    for (const auto& [expected, delivery] : cases)
        arguments.push_back(expected);
    BackgroundProgram library(arguments);
    const std::string url = library.word_after("listening on ");
    Sender sender({.allow_private_targets = true, .timeout = 20'000ms});
    for (const auto& [expected, delivery] : cases) {
        Delivery addressed = delivery;
        addressed.url = url;
        const SendOutcome outcome = run(sender.send(std::move(addressed)));
        BOOST_TEST(WebhooksFixture::text(outcome) == "204");
    }
    const int status = library.wait();
    BOOST_TEST(status == 0, library.printed());
    BOOST_TEST(library.printed().ends_with("1 verified: as expected: verified\n"
                                           "2 verified: as expected: verified\n"
                                           "3 verified: as expected: verified\n"
                                           "4 refused: as expected: refused: No matching signature found\n"
                                           "5 tampered: as expected: refused: No matching signature found\n"
                                           "6 refused: as expected: refused: Message timestamp too old\n"),
               library.printed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

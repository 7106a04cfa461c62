// What the outcome of sending does to how far a webhook was told.
#include <boost/test/unit_test.hpp>

#include "server/webhooks/progress.hpp"

namespace alcove::test {
namespace {

using namespace std::chrono_literals;
using namespace webhooks;

struct ProgressFixture {
    RetryPolicy policy{.backoff = {.first = 2000ms, .max = 60'000ms}, .attempts_max = 5};
    const Message message{.id = "evt_1", .body = "{}", .place = {.version = 7, .index = 2}};
    scopes::DeliveryRecord delivery;

    void note(const SendOutcome& outcome, kv::TimeMs now_ms = 1000, double random = 0) {
        note_outcome(delivery, message, outcome, now_ms, random, policy);
    }
    static SendOutcome failed(unsigned status) { return {.status = status, .error = "why"}; }
};

BOOST_FIXTURE_TEST_SUITE(webhooks_progress, ProgressFixture)

BOOST_AUTO_TEST_CASE(success_moves_the_place_and_forgets_failures) {
    note(failed(500));
    note({.status = 204}, 2000);
    BOOST_TEST(delivery.place == print(message.place));
    BOOST_TEST(delivery.failures == 0);
    BOOST_TEST(delivery.retry_at_ms == 0);
    BOOST_TEST(delivery.last_success_ms.value() == 2000);
    BOOST_TEST(delivery.last_failure_ms.value() == 1000);
    BOOST_TEST(delivery.last_error.value() == "why");  // of the last failure, though it is over
}

BOOST_AUTO_TEST_CASE(failures_leave_the_place_and_wait_longer_and_longer) {
    for (const kv::TimeMs expected : {1000, 2000, 4000, 8000}) {  // half of it at least, jitter above that
        note(failed(500));
        BOOST_TEST(delivery.retry_at_ms == 1000 + expected);
        BOOST_TEST(!delivery.inactive_because);
    }
    BOOST_TEST(delivery.place == "");
    BOOST_TEST(delivery.failures == 4);
    note(failed(500));
    BOOST_TEST(delivery.inactive_because.value() == "exhausted");
}

BOOST_AUTO_TEST_CASE(jitter_spreads_over_the_upper_half) {
    note(failed(0), 1000, 0.5);
    BOOST_TEST(delivery.retry_at_ms == 1000 + 1500);
}

BOOST_AUTO_TEST_CASE(a_receiver_may_ask_for_more_patience_and_not_for_less) {
    auto asked = failed(503);
    asked.retry_after = 100s;
    note(asked);
    BOOST_TEST(delivery.retry_at_ms == 1000 + 100'000);
    asked.retry_after = 0s;
    note(asked);
    BOOST_TEST(delivery.retry_at_ms == 1000 + 2000);
}

BOOST_AUTO_TEST_CASE(gone_is_the_end_at_once) {
    note(failed(410));
    BOOST_TEST(delivery.inactive_because.value() == "gone");
    BOOST_TEST(delivery.failures == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

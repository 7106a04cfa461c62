// How long webhooks that failed wait.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "server/webhooks/backoff.hpp"

namespace alcove::webhooks {
namespace {

using namespace std::chrono_literals;

constexpr BackoffOptions options{.first = 1000ms, .max = 60'000ms};
constexpr double almost_one = 0.9999999999;

std::int64_t at(std::uint64_t attempt, double random, const BackoffOptions& with = options) {
    return delay(attempt, random, with).count();
}

BOOST_AUTO_TEST_SUITE(webhooks_backoff)

BOOST_AUTO_TEST_CASE(delays_double_up_to_the_longest) {
    std::string longest;
    for (std::uint64_t attempt = 1; attempt <= 9; ++attempt)
        longest += std::to_string(at(attempt, 1)) + " ";
    BOOST_TEST(longest == "1000 2000 4000 8000 16000 32000 60000 60000 60000 ");
}

BOOST_AUTO_TEST_CASE(half_is_fixed_and_half_is_drawn) {
    BOOST_TEST(at(1, 0) == 500);
    BOOST_TEST(at(1, 0.5) == 750);
    BOOST_TEST(at(3, 0) == 2000);
    BOOST_TEST(at(3, 0.25) == 2500);
    BOOST_TEST(at(3, almost_one) == 3999);
    BOOST_TEST(at(100, 0) == 30'000);
}

BOOST_AUTO_TEST_CASE(no_number_of_failures_is_too_large) {
    for (const std::uint64_t attempt :
         {63ULL, 64ULL, 65ULL, 1000ULL, std::numeric_limits<unsigned long long>::max()})
        BOOST_TEST(at(attempt, 1) == 60'000);
    const BackoffOptions forever{.first = 1ms, .max = std::chrono::milliseconds::max()};
    BOOST_TEST(at(std::numeric_limits<std::uint64_t>::max(), 0, forever) ==
               std::numeric_limits<std::int64_t>::max() / 2);
    BOOST_TEST(at(1000, almost_one, forever) > 0);
    BOOST_TEST(at(1000, 1, forever) > 0);
}

BOOST_AUTO_TEST_CASE(a_first_delay_above_the_longest_is_cut) {
    BOOST_TEST(at(1, 1, {.first = 5000ms, .max = 2000ms}) == 2000);
    BOOST_TEST(at(7, 0, {.first = 5000ms, .max = 2000ms}) == 1000);
}

BOOST_AUTO_TEST_CASE(the_failure_before_the_first_waits_as_the_first) {
    BOOST_TEST(at(0, 0) == 500);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::webhooks

// Token buckets against a plain model of a bucket, and what happens when there are too many of them.
#include "server/auth/token_buckets.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <random>

using namespace std::chrono_literals;
using alcove::auth::Rate;
using alcove::auth::Standing;
using alcove::auth::TokenBucket;
using alcove::auth::TokenBuckets;

namespace {

using IntBuckets = TokenBuckets<std::uint64_t, std::hash<std::uint64_t>>;

// As the textbook has it: so many tokens, and when that was.
struct Bucket {
    Rate rate;
    double tokens = static_cast<double>(rate.capacity());
    TokenBucket::Time at{0};

    bool take(TokenBucket::Time now) {
        const double elapsed_s = std::chrono::duration<double>(now - at).count();
        tokens = std::min(static_cast<double>(rate.capacity()),
                          tokens + elapsed_s * static_cast<double>(rate.per_second));
        at = now;
        if (tokens < 1 - 1e-6) return false;
        tokens -= 1;
        return true;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(token_buckets)

BOOST_AUTO_TEST_CASE(a_bucket_allows_what_the_textbook_allows) {
    for (unsigned seed = 1; seed <= 50; ++seed) {
        std::mt19937_64 random(seed);
        // Rates that divide a second, so that rounding to nanoseconds does not tell the two apart.
        const std::uint64_t rates[] = {1, 2, 5, 10, 100, 1000};
        const Rate rate{.per_second = rates[random() % 6], .burst = random() % 20};
        TokenBucket bucket;
        Bucket model{.rate = rate};
        TokenBucket::Time now{1h};
        for (int step = 0; step < 2000; ++step) {
            now += std::chrono::microseconds(random() % (2'000'000 / rate.per_second + 1));
            const bool before_a_boundary = std::abs(model.tokens - std::round(model.tokens)) < 1e-3;
            const Standing standing = bucket.take(rate, now);
            const bool allowed = model.take(now);
            if (before_a_boundary && standing.allowed != allowed) break;  // a matter of rounding
            BOOST_REQUIRE_MESSAGE(standing.allowed == allowed, "seed " << seed << ", step " << step);
            if (allowed) BOOST_REQUIRE(std::abs(static_cast<double>(standing.remaining) - model.tokens) < 1.001);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_burst_is_allowed_and_then_one_by_one) {
    const Rate rate{.per_second = 10, .burst = 3};
    TokenBucket bucket;
    const TokenBucket::Time now{1h};
    for (std::uint64_t left : {2u, 1u, 0u}) {
        const Standing standing = bucket.take(rate, now);
        BOOST_TEST(standing.allowed);
        BOOST_TEST(standing.remaining == left);
    }
    const Standing refused = bucket.take(rate, now);
    BOOST_TEST(!refused.allowed);
    BOOST_TEST((refused.until_next == 100ms));
    BOOST_TEST((refused.until_full == 300ms));
    BOOST_TEST(!bucket.take(rate, now + 99ms).allowed);
    BOOST_TEST(bucket.take(rate, now + 100ms).allowed);
    BOOST_TEST(!bucket.take(rate, now + 100ms).allowed);
    BOOST_TEST(bucket.take(rate, now + 10s).remaining == 2);
}

BOOST_AUTO_TEST_CASE(a_refused_request_costs_nothing) {
    const Rate rate{.per_second = 1, .burst = 1};
    TokenBucket bucket;
    TokenBucket::Time now{1h};
    BOOST_TEST(bucket.take(rate, now).allowed);
    for (int i = 0; i < 1000; ++i)
        BOOST_TEST(!bucket.take(rate, now + 500ms).allowed);
    BOOST_TEST(bucket.take(rate, now + 1s).allowed);
}

BOOST_AUTO_TEST_CASE(each_has_a_bucket_of_their_own) {
    IntBuckets buckets(Rate{.per_second = 1, .burst = 2});
    const TokenBucket::Time now{1h};
    for (std::uint64_t who = 0; who < 100; ++who) {
        BOOST_TEST(buckets.take(who, now).allowed);
        BOOST_TEST(buckets.take(who, now).allowed);
        BOOST_TEST(!buckets.take(who, now).allowed);
    }
}

BOOST_AUTO_TEST_CASE(full_buckets_make_room_and_busy_ones_stay) {
    IntBuckets buckets(Rate{.per_second = 1, .burst = 1});
    const TokenBucket::Time now{1h};
    const std::uint64_t many = 4 * IntBuckets::buckets_max;
    std::uint64_t refused = 0;
    for (std::uint64_t who = 0; who < many; ++who)
        refused += buckets.take(who, now).allowed ? 0 : 1;
    BOOST_TEST(refused == 0u);
    // The first ones have a bucket, which is empty; for the last ones there was no room.
    BOOST_TEST(!buckets.take(0, now).allowed);
    BOOST_TEST(buckets.take(many - 1, now).allowed);
    // Two seconds later all are full again, so there is room for anybody.
    BOOST_TEST(buckets.take(many - 1, now + 2s).allowed);
    BOOST_TEST(!buckets.take(many - 1, now + 2s).allowed);
}

BOOST_AUTO_TEST_CASE(a_rate_of_zero_limits_nothing) {
    BOOST_TEST(!IntBuckets(Rate{}).limits());
    BOOST_TEST(IntBuckets(Rate{.per_second = 1}).limits());
}

BOOST_AUTO_TEST_SUITE_END()

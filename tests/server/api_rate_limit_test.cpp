// Rate limits as clients meet them: who is refused, who is not, and what the answers say.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

// With limits as given from now on.
class RateFixture : public NamespaceFixture {
public:
    void limit(auth::Rate token, auth::Rate name) {
        close();
        settings.token_rate = token;
        settings.namespace_rate = name;
        open();
    }

    struct Flood {
        std::uint64_t allowed = 0;
        std::uint64_t refused = 0;
        std::uint64_t allowed_max = 0;  // by the rate of 1 per second and the time that it took
        Reply last_refused{};
    };
    Flood flood(const std::string& target, const HttpClient::Headers& headers, std::uint64_t burst) {
        Flood flood;
        const auto begin = std::chrono::steady_clock::now();
        while (flood.refused < 20) {
            const Reply reply = send("GET", target, {}, headers);
            ++(reply.status == 429 ? flood.refused : flood.allowed);
            if (reply.status == 429) flood.last_refused = reply;
        }
        const auto seconds =
            std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin).count();
        flood.allowed_max = burst + static_cast<std::uint64_t>(seconds);
        return flood;
    }

    // Another token, which may do everything.
    HttpClient::Headers other_token() {
        const auto made = send("POST", "/api/v1/api-keys", R"({"name":"other","permissions":["admin"]})");
        return {{"Authorization", "Bearer " + member(made.body, "plainKey")}};
    }
};

constexpr auth::Rate slow = {.per_second = 1, .burst = 4};

BOOST_FIXTURE_TEST_SUITE(api_rate_limit, RateFixture)

BOOST_AUTO_TEST_CASE(without_limits_nothing_is_said_of_them) {
    const Reply reply = send("GET", kv);
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.header("x-ratelimit-limit").empty());
}

BOOST_AUTO_TEST_CASE(a_token_that_comes_too_fast_is_refused_and_others_are_not) {
    const auto other = other_token();
    limit(slow, {});
    const Flood flooded = flood(kv, {}, slow.burst);
    BOOST_TEST(flooded.allowed >= slow.burst);
    BOOST_TEST(flooded.allowed <= flooded.allowed_max);
    BOOST_TEST(masked(flooded.last_refused.text()) ==
               R"(429 {"error":"too many requests of this token","code":"RATE_LIMITED","details":{}})");
    BOOST_TEST(flooded.last_refused.header("retry-after") == "1");
    BOOST_TEST(send("GET", kv, {}, other).status == 200);
    // What needs no token is not counted.
    BOOST_TEST(send_as("GET", "/healthz").status == 200);
    BOOST_TEST(send_as("GET", kv).status == 401);
}

BOOST_AUTO_TEST_CASE(a_namespace_that_is_asked_too_often_is_refused_and_others_are_not) {
    limit({}, slow);
    const Flood flooded = flood(ns + "/external/noisy/kv", {}, slow.burst);
    BOOST_TEST(flooded.allowed >= slow.burst);
    BOOST_TEST(flooded.allowed <= flooded.allowed_max);
    BOOST_TEST(masked(flooded.last_refused.text()) ==
               R"(429 {"error":"too many requests to this namespace","code":"RATE_LIMITED","details":{}})");
    BOOST_TEST(send("GET", ns + "/external/quiet/kv").status == 200);
    BOOST_TEST(send("GET", ns + "/end-users/u/kv").status == 200);
    // What concerns no namespace is not counted.
    BOOST_TEST(send("GET", "/api/v1/workspaces").status == 200);
}

BOOST_AUTO_TEST_CASE(answers_say_how_the_tightest_limit_stands) {
    limit({.per_second = 1, .burst = 1000}, {.per_second = 1, .burst = 10});
    const Reply first = send("GET", kv);
    BOOST_TEST(first.header("x-ratelimit-limit") == "10");
    BOOST_TEST(first.header("x-ratelimit-remaining") == "9");
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    const long long reset_s = std::stoll(first.header("x-ratelimit-reset"));
    BOOST_TEST(reset_s >= now.count());
    BOOST_TEST(reset_s <= now.count() + 3);
    // Errors say it too.
    BOOST_TEST(!send("GET", kv + "/absent").header("x-ratelimit-remaining").empty());
    BOOST_TEST(send("GET", "/api/v1/workspaces").header("x-ratelimit-limit") == "1000");
    BOOST_TEST(send("GET", "/api/v1/nowhere").header("x-ratelimit-limit") == "1000");
}

BOOST_AUTO_TEST_CASE(actions_count_for_the_namespace_that_they_reach) {
    send("POST", ns + "/integrations",
         R"({"integrationName":"kv-store","settings":{"persistence":{"scope":"workspace"}}})");
    limit({}, slow);
    const std::string body =
        R"({"integrationName":"kv-store","actionName":"get","workspaceId":"acme","input":{"key":"k"}})";
    unsigned refused = 0;
    for (int i = 0; i < 40; ++i)
        refused += send("POST", "/api/v1/actions/execute", body).status == 429 ? 1 : 0;
    BOOST_TEST(refused > 0u);
    BOOST_TEST(refused < 40u);
    BOOST_TEST(send("GET", kv).status == 429);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

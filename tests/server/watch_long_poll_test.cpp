// Long polls of one key.
#include <boost/test/unit_test.hpp>
#include <future>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

using Clock = std::chrono::steady_clock;

struct LongPollFixture : WatchFixture {
    // Asks on a connection of its own, in the background.
    std::future<Reply> poll(const std::string& target, const std::string& tag = "") {
        auto headers = bearer(key);
        if (!tag.empty()) headers.emplace("If-None-Match", tag);
        return std::async(std::launch::async, [this, target, headers] {
            HttpClient client(port());
            return client.send("GET", target, {}, headers);
        });
    }
    static bool waits(const std::future<Reply>& answer) {
        return answer.wait_for(200ms) == std::future_status::timeout;
    }
    std::string put_tag(const std::string& name, const std::string& json, const std::string& query = "") {
        return quoted(std::to_string(put(name, json, query)));
    }
};

BOOST_FIXTURE_TEST_SUITE(watch_long_poll, LongPollFixture)

BOOST_AUTO_TEST_CASE(a_key_that_is_there_is_answered_at_once) {
    put("k", "1");
    const auto began = Clock::now();
    BOOST_TEST(call("GET", kv + "/k?wait=30") == "200 1");
    BOOST_TEST((Clock::now() - began < 2s));
}

BOOST_AUTO_TEST_CASE(an_absent_key_is_awaited) {
    auto answer = poll(kv + "/k?wait=30");
    BOOST_TEST(waits(answer));
    put("other", "1");
    BOOST_TEST(waits(answer));
    const auto tag = put_tag("k", "2");
    const auto reply = answer.get();
    BOOST_TEST(reply.text() == "200 2");
    BOOST_TEST(reply.header("etag") == tag);
    BOOST_TEST(reply.header("content-type") == "application/json");
}

BOOST_AUTO_TEST_CASE(a_version_that_is_known_is_awaited_to_be_another_one) {
    const auto tag = put_tag("k", "1");
    auto answer = poll(kv + "/k?wait=30", tag);
    BOOST_TEST(waits(answer));
    const auto next = put_tag("k", "1");
    const auto reply = answer.get();
    BOOST_TEST(reply.text() == "200 1");
    BOOST_TEST(reply.header("etag") == next);
}

BOOST_AUTO_TEST_CASE(a_version_that_is_another_one_already_is_answered_at_once) {
    const auto tag = put_tag("k", "1");
    put("k", "2");
    const auto began = Clock::now();
    BOOST_TEST(call("GET", kv + "/k?wait=30", {}, {{"If-None-Match", tag}}) == "200 2");
    BOOST_TEST((Clock::now() - began < 2s));
}

BOOST_AUTO_TEST_CASE(a_delete_and_an_expiry_are_news_too) {
    const auto tag = put_tag("k", "1");
    auto deleted = poll(kv + "/k?wait=30", tag);
    BOOST_TEST(waits(deleted));
    erase("k");
    BOOST_TEST(deleted.get().status == 404U);
    const auto short_lived = put_tag("k", "1", "?ttl=1");
    auto expired = poll(kv + "/k?wait=30", short_lived);
    BOOST_TEST(waits(expired));
    clock.advance(1000);
    BOOST_TEST(expired.get().status == 404U);
}

BOOST_AUTO_TEST_CASE(an_emptied_or_deleted_namespace_is_news_too) {
    const auto tag = put_tag("k", "1");
    auto emptied = poll(kv + "/k?wait=30", tag);
    BOOST_TEST(waits(emptied));
    send("DELETE", ns + "/data");
    BOOST_TEST(emptied.get().status == 404U);
    auto gone = poll(ns + "/end-users/u/kv/k?wait=30");
    BOOST_TEST(waits(gone));
    send("DELETE", "/api/v1/end-users/" + end_user_id);
    BOOST_TEST(gone.get().status == 404U);
}

BOOST_AUTO_TEST_CASE(nothing_new_is_304_and_nothing_at_all_404_at_the_end) {
    const auto tag = put_tag("k", "1");
    const auto began = Clock::now();
    auto unchanged = poll(kv + "/k?wait=1", tag);
    auto missing = poll(kv + "/none?wait=0.5");
    const auto absent = missing.get();
    BOOST_TEST(absent.status == 404U);
    BOOST_TEST(member(absent.body, "code") == "NOT_FOUND");
    BOOST_TEST((Clock::now() - began >= 450ms));
    const auto reply = unchanged.get();
    BOOST_TEST(reply.status == 304U);
    BOOST_TEST(reply.header("etag") == tag);
    BOOST_TEST((Clock::now() - began >= 950ms));
    BOOST_TEST((Clock::now() - began < 5s));
}

BOOST_AUTO_TEST_CASE(a_wait_has_bounds) {
    put("k", "1");
    for (const auto* wrong : {"0", "-1", "61", "60.001", "", "x", "1s", "1e9", "nan", "0.0"})
        BOOST_TEST(refusal("GET", kv + "/k?wait=" + wrong) == "400 VALIDATION_ERROR wait", wrong);
    BOOST_TEST(refusal("GET", kv + "/k?wait=1&wait=1") == "400 VALIDATION_ERROR wait");
    for (const auto* right : {"60", "0.1", "1.5"})
        BOOST_TEST(call("GET", kv + "/k?wait=" + std::string(right)) == "200 1", right);
    for (const auto* method : {"PUT", "DELETE", "POST"})
        BOOST_TEST(refusal(method, kv + "/k?wait=1", "{}") == "400 VALIDATION_ERROR wait", method);
}

BOOST_AUTO_TEST_CASE(every_form_of_a_namespace_can_be_polled) {
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store","alias":"state"})");
    auto user = poll(ns + "/end-users/u/kv/k?wait=30");
    auto external = poll(ns + "/external/e/kv/k?wait=30");
    auto integration = poll(ns + "/integrations/state/kv/k?endUserId=u&wait=30");
    BOOST_TEST(waits(integration));
    send("PUT", ns + "/end-users/u/kv/k", "1");
    send("PUT", ns + "/external/e/kv/k", "2");
    BOOST_TEST(user.get().text() == "200 1");
    BOOST_TEST(integration.get().text() == "200 1");
    BOOST_TEST(external.get().text() == "200 2");
    BOOST_TEST(refusal("GET", ns + "/end-users/nobody/kv/k?wait=30") == "404 END_USER_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(a_hundred_polls_wake_at_once) {
    std::vector<std::future<Reply>> answers;
    for (int i = 0; i < 100; ++i)
        answers.push_back(poll(kv + "/k?wait=30"));
    BOOST_TEST(waits(answers.back()));
    put("k", "1");
    for (auto& answer : answers)
        BOOST_TEST(answer.get().text() == "200 1");
}

BOOST_AUTO_TEST_CASE(no_change_is_missed_between_two_polls) {
    constexpr int last = 300;
    std::string tag = put_tag("n", "0");
    Writers writers(port(), 1, [this](auto& http, int, int call) {
        http.send("PUT", kv + "/n", std::to_string(call + 1), bearer(key));
        return call + 1 < last;
    });
    int value = 0;
    HttpClient client(port());
    while (value < last) {
        auto headers = bearer(key);
        headers.emplace("If-None-Match", tag);
        const auto reply = client.send("GET", kv + "/n?wait=10", {}, headers);
        BOOST_REQUIRE_EQUAL(reply.status, 200U);
        BOOST_TEST(std::stoi(reply.body) > value);
        value = std::stoi(reply.body);
        tag = reply.header("etag");
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_answers_polls_at_once) {
    const auto tag = put_tag("k", "1");
    auto unchanged = poll(kv + "/k?wait=60", tag);
    auto missing = poll(kv + "/none?wait=60");
    BOOST_TEST(waits(missing));
    const auto began = Clock::now();
    close();
    BOOST_TEST((Clock::now() - began < 5s));
    BOOST_TEST(unchanged.get().status == 304U);
    BOOST_TEST(missing.get().status == 404U);
    open();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

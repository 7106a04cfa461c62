// Pages of browsers: which origins may connect, and what CORS says to them.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

const std::string page = "https://app.example";
const std::string other_page = "https://evil.example";

struct OriginsFixture : WatchFixture {
    OriginsFixture() { allow({page, "http://localhost:3000"}); }
    void allow(std::vector<std::string> origins) {
        close();
        settings.allowed_origins = std::move(origins);
        open();
    }
    static HttpClient::Headers from(const std::string& origin) {
        auto headers = bearer(key);
        headers.emplace("Origin", origin);
        return headers;
    }
    // What CORS allows: "204 origin methods headers".
    Reply preflight(const std::string& target, const std::string& origin, const std::string& method = "GET") {
        return send_as("OPTIONS", target, {},
                       {{"Origin", origin},
                        {"Access-Control-Request-Method", method},
                        {"Access-Control-Request-Headers", "authorization,content-type"}});
    }
    std::string allowed(const Reply& reply) { return reply.header("access-control-allow-origin"); }
};

BOOST_FIXTURE_TEST_SUITE(watch_origins, OriginsFixture)

BOOST_AUTO_TEST_CASE(pages_of_allowed_origins_connect_and_others_are_403) {
    for (const auto& target : {watch_path, ns + "/watch"}) {
        WatchClient client(port(), target, from(page));
        need(client, "hello");
        WatchClient local(port(), target, from("http://localhost:3000"));
        need(local, "hello");
        for (const auto& origin :
             {other_page, std::string("http://app.example"), page + ".evil.example", page + ":8443",
              std::string("https://x.app.example"), std::string("null"), std::string("http://localhost:3001")})
            BOOST_TEST(refused(target, from(origin)).starts_with("403 "), origin);
    }
}

BOOST_AUTO_TEST_CASE(who_sends_no_origin_is_no_page_of_a_browser) {
    WatchClient client(port(), watch_path, bearer(key));
    need(client, "hello");
    BOOST_TEST(allowed(send("GET", kv)) == "");
}

BOOST_AUTO_TEST_CASE(by_default_no_page_connects) {
    allow({});
    BOOST_TEST(refused(watch_path, from(page)).starts_with("403 "));
    BOOST_TEST(allowed(send("GET", kv, {}, from(page))) == "");
    BOOST_TEST(allowed(preflight(kv, page)) == "");
}

BOOST_AUTO_TEST_CASE(a_star_allows_every_origin) {
    allow({"*"});
    WatchClient client(port(), watch_path, from(other_page));
    need(client, "hello");
    const auto origin = allowed(send("GET", kv, {}, from(other_page)));
    BOOST_TEST((origin == "*" || origin == other_page));
}

BOOST_AUTO_TEST_CASE(streams_and_answers_say_to_a_page_that_it_may_read_them) {
    SseReader reader(port(), target_of(""), from(page));
    BOOST_TEST(allowed(reader.reply()) == page);
    BOOST_TEST(reader.next().event == "ok");
    for (const auto& reply :
         {send("GET", kv, {}, from(page)), send("GET", kv + "/none", {}, from(page)),
          send_as("GET", kv, {}, {{"Origin", page}}), send("PUT", kv + "/k", "1", from(page))}) {
        BOOST_TEST(allowed(reply) == page);
        BOOST_TEST(reply.header("vary").find("Origin") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(another_page_is_answered_without_a_word_of_cors) {
    const auto reply = send("GET", kv, {}, from(other_page));
    BOOST_TEST(reply.status == 200U);
    BOOST_TEST(allowed(reply) == "");
    SseReader reader(port(), target_of(""), from(other_page));
    BOOST_TEST(allowed(reader.reply()) == "");
    BOOST_TEST(allowed(preflight(kv, other_page)) == "");
}

BOOST_AUTO_TEST_CASE(a_preflight_is_204_and_needs_no_token) {
    for (const auto& [target, method] : {std::pair(kv + "/k", "PUT"),
                                         {kv + "/k", "DELETE"},
                                         {kv, "GET"},
                                         {ns + "/watch", "GET"},
                                         {ns + "/transactions", "POST"}}) {
        const auto reply = preflight(target, page, method);
        BOOST_TEST(reply.status == 204U, target);
        BOOST_TEST(allowed(reply) == page);
        BOOST_TEST(reply.header("access-control-allow-methods").find(method) != std::string::npos, method);
        auto headers = reply.header("access-control-allow-headers");
        for (auto& c : headers)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        BOOST_TEST(headers.find("authorization") != std::string::npos);
        BOOST_TEST(headers.find("content-type") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_page_with_a_ticket_watches_without_a_header) {
    const auto ticket = [this] {
        return member(send("POST", "/api/v1/watch-tickets", R"({"namespace":{"workspace":"acme"}})").body,
                      "ticket");
    };
    WatchClient client(port(), ns + "/watch?from=snapshot", {{"Origin", page}}, "alcove.v1, " + ticket());
    need(client, "hello");
    SseReader reader(port(), target_of("from=snapshot&ticket=" + ticket()), {{"Origin", page}});
    BOOST_TEST(reader.reply().status == 200U);
    BOOST_TEST(allowed(reader.reply()) == page);
    BOOST_TEST(reader.next().event == "ok");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

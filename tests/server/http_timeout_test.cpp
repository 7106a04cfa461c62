// What happens to clients that are too slow, each in its own way.
#include <boost/test/unit_test.hpp>

#include "tests/server/http_harness.hpp"

using namespace alcove::http;
using namespace alcove::http::test;

namespace {

constexpr auto never = 60'000ms;

ServerOptions all_long() {
    ServerOptions options;
    options.header_timeout = options.body_timeout = options.write_timeout = options.idle_timeout = never;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_timeout)

BOOST_AUTO_TEST_CASE(a_header_that_does_not_end_is_answered_with_408) {
    auto options = all_long();
    options.header_timeout = 100ms;
    Harness harness(options);
    auto client = harness.client();
    BOOST_TEST(client.get("/hello").status == 200);
    auto answer = client.ask("GET / HTTP/1.1\r\nHo");
    BOOST_TEST(answer.status == 408);
    BOOST_TEST(answer.has("Connection: close"));
}

BOOST_AUTO_TEST_CASE(a_trickle_does_not_extend_the_header_deadline) {
    auto options = all_long();
    options.header_timeout = 150ms;
    Harness harness(options);
    auto client = harness.client();
    auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 30; ++i) {
        client.send("G");
        std::this_thread::sleep_for(10ms);
    }
    BOOST_TEST(client.receive().status == 408);
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 2s));
}

BOOST_AUTO_TEST_CASE(a_connection_that_never_says_anything_is_closed_silently) {
    auto options = all_long();
    options.header_timeout = 100ms;
    Harness harness(options);
    BOOST_TEST(harness.client().is_closed());
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_silently) {
    auto options = all_long();
    options.idle_timeout = 100ms;
    Harness harness(options);
    auto client = harness.client();
    BOOST_TEST(client.get("/hello").status == 200);
    BOOST_TEST(client.is_closed());
}

BOOST_AUTO_TEST_CASE(a_body_that_stops_is_a_timeout) {
    auto options = all_long();
    options.body_timeout = 100ms;
    Harness harness(options);
    auto sized = harness.client();
    BOOST_TEST(sized.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").status == 408);
    auto chunked = harness.client();
    auto answer = chunked.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab");
    BOOST_TEST(answer.status == 408);
    BOOST_TEST(answer.has("Connection: close"));
}

BOOST_AUTO_TEST_CASE(a_body_that_trickles_is_a_timeout) {
    auto options = all_long();
    options.body_timeout = 150ms;
    Harness harness(options);
    auto client = harness.client();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
    for (int i = 0; i < 30; ++i) {
        client.send("x");
        std::this_thread::sleep_for(10ms);
    }
    BOOST_TEST(client.receive().status == 408);
}

BOOST_AUTO_TEST_CASE(a_slow_service_is_not_a_slow_client) {
    auto options = all_long();
    options.header_timeout = options.body_timeout = options.write_timeout = options.idle_timeout = 100ms;
    Harness harness(options);
    BOOST_TEST(harness.client().get("/slow").body == "slow");
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_closed) {
    auto options = all_long();
    options.write_timeout = 100ms;
    Harness harness(options);
    auto client = harness.client();
    client.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(eventually([&harness] { return harness.server.connections() == 1; }));
    BOOST_TEST(eventually([&harness] { return harness.server.connections() == 0; }));
    BOOST_TEST(client.receive().status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

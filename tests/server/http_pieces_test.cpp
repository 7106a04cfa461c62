// Bodies that are read in pieces: of any size, framed in either way, with the deadlines of all bodies.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/server/http_harness.hpp"

using namespace alcove::http;
using namespace alcove::http::test;

namespace {

std::string sized(std::string_view path, std::string_view body) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

std::string chunked(std::string_view path, std::string_view body, std::size_t chunk_bytes) {
    std::string out = "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (; !body.empty(); body.remove_prefix(std::min(chunk_bytes, body.size()))) {
        auto chunk = body.substr(0, chunk_bytes);
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
        out.append(size).append(chunk).append("\r\n");
    }
    return out + "0\r\n\r\n";
}

std::string counting(std::size_t bytes) {
    std::string body(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i)
        body[i] = static_cast<char>(i * 7 + i / 251);
    return body;
}

std::string expected(std::string_view body) {
    return std::to_string(body.size()) + " " + std::to_string(checksum_of(body));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_pieces)

BOOST_AUTO_TEST_CASE(a_body_comes_whole_in_either_framing_and_the_connection_goes_on) {
    Harness harness;
    auto client = harness.client();
    for (const std::size_t bytes : {0, 1, 100, 4096, 70'000, 1'000'000}) {
        const auto body = counting(bytes);
        BOOST_TEST(client.ask(sized("/pieces", body)).body == expected(body));
        for (const std::size_t chunk_bytes : {7, 1000, 100'000}) {
            if (bytes > 10'000 && chunk_bytes == 7) continue;
            BOOST_TEST(client.ask(chunked("/pieces", body, chunk_bytes)).body == expected(body));
        }
    }
    BOOST_TEST(client.get("/count").body == "1");
}

BOOST_AUTO_TEST_CASE(pieces_may_be_cut_anywhere_and_requests_follow) {
    Harness harness;
    auto client = harness.client();
    const auto requests = sized("/pieces", "abc") + chunked("/pieces", "defgh", 2) + sized("/echo", "xyz") +
                          "GET /target HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t cut = 1; cut < requests.size(); ++cut) {
        client.send(requests.substr(0, cut));
        std::this_thread::sleep_for(300us);
        client.send(requests.substr(cut));
        BOOST_REQUIRE(client.receive().body == expected("abc"));
        BOOST_REQUIRE(client.receive().body == expected("defgh"));
        BOOST_REQUIRE(client.receive().body == "xyz");
        BOOST_REQUIRE(client.receive().body == "GET /target");
    }
}

BOOST_AUTO_TEST_CASE(a_piece_is_small_however_large_the_body_is) {
    Harness harness;
    const auto body = counting(std::size_t{32} << 20);
    BOOST_TEST(harness.client().ask(sized("/pieces", body)).body == expected(body));
    BOOST_TEST(harness.client().ask(chunked("/pieces", body, std::size_t{8} << 20)).body == expected(body));
    BOOST_TEST(harness.probe.largest_piece <= std::size_t{64} << 10);
}

BOOST_AUTO_TEST_CASE(continue_is_sent_when_the_first_piece_is_asked_for) {
    Harness harness;
    auto client = harness.client();
    auto answer =
        client.ask("PUT /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    BOOST_TEST(answer.status == 100);
    BOOST_TEST(client.ask("body").body == expected("body"));
    // Who has begun to send is not told.
    client.send("PUT /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbo");
    std::this_thread::sleep_for(5ms);
    BOOST_TEST(client.ask("dy").body == expected("body"));
}

BOOST_AUTO_TEST_CASE(a_body_that_stops_between_pieces_is_a_timeout) {
    ServerOptions options;
    options.body_timeout = 100ms;
    Harness harness(options);
    for (const std::string begun :
         {"POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
          "POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
        auto answer = harness.client().ask(begun);
        BOOST_TEST(answer.status == 408);
        BOOST_TEST(answer.has("Connection: close"));
    }
}

BOOST_AUTO_TEST_CASE(the_time_that_the_service_takes_is_not_the_clients) {
    ServerOptions options;
    options.body_timeout = 100ms;
    Harness harness(options);
    auto client = harness.client();
    client.send("POST /slow-pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n");
    for (int i = 0; i < 20; ++i) {
        client.send("x");
        std::this_thread::sleep_for(21ms);
    }
    // A byte each 21 ms, of which the service works 20.
    BOOST_TEST(client.receive().body == expected(std::string(20, 'x')));
}

BOOST_AUTO_TEST_CASE(bad_framing_and_too_much_are_told) {
    Harness harness;
    BOOST_TEST(harness.client()
                   .ask("POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n")
                   .status == 400);
    BOOST_TEST(
        harness.client().ask("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n").status ==
        413);
    BOOST_TEST(harness.client()
                   .ask("POST /pieces HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n")
                   .status == 413);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_given_up_half_way_ends_the_connection) {
    Harness harness;
    auto client = harness.client();
    auto answer = client.ask("POST /first-piece HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.has("Connection: close"));
    // The whole body in one piece is a whole body.
    auto second = harness.client();
    BOOST_TEST(second.ask(sized("/first-piece", "abc")).body == expected("abc"));
    BOOST_TEST(second.get("/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_client_that_vanishes_half_way_is_noticed) {
    Harness harness;
    {
        auto client = harness.client();
        client.send("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
        BOOST_TEST(eventually([&harness] { return harness.probe.largest_piece == 3u; }));
    }
    BOOST_TEST(eventually([&harness] { return harness.server.connections() == 0; }));
}

BOOST_AUTO_TEST_SUITE_END()

// Bodies that are made while they are sent: their framing, their end, and what they cost.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/server/http_harness.hpp"

using namespace alcove::http;
using namespace alcove::http::test;

namespace {

std::string request(std::string_view target, std::string_view method = "GET", std::string_view version = "1.1",
                    std::string_view headers = "") {
    return std::string(method) + " " + std::string(target) + " HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
           std::string(headers) + "\r\n";
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * 4096;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_stream)

BOOST_AUTO_TEST_CASE(a_streamed_body_comes_in_chunks_and_the_connection_goes_on) {
    Harness harness;
    auto client = harness.client();
    for (const std::size_t bytes : {0, 1, 15, 16, 4096, 100'000, 300'000}) {
        for (const std::size_t pieces : {0, 1, 2, 7}) {
            auto answer =
                client.get("/stream?pieces=" + std::to_string(pieces) + "&bytes=" + std::to_string(bytes));
            BOOST_TEST(answer.status == 200);
            BOOST_TEST(answer.has("Transfer-Encoding: chunked"));
            BOOST_TEST(answer.has("Content-Type: text/plain"));
            BOOST_TEST(answer.head.find("Content-Length") == std::string::npos);
            BOOST_TEST((answer.body == planned_body(pieces, bytes)));
        }
    }
    BOOST_TEST(client.get("/count").body == "1");
    BOOST_TEST(harness.probe.streams.alive == 0);
}

BOOST_AUTO_TEST_CASE(requests_pipelined_around_a_streamed_response_are_answered_in_order) {
    Harness harness;
    auto client = harness.client();
    for (int round = 0; round < 20; ++round) {
        client.send(request("/hello") + request("/big") + request("/stream?pieces=5&bytes=70000") +
                    request("/stream?pieces=2&bytes=3") + request("/target?x") +
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        BOOST_REQUIRE(client.receive().body == "hello");
        BOOST_REQUIRE(client.receive().body.size() == std::size_t{1} << 20);
        BOOST_REQUIRE(client.receive().body == planned_body(5, 70000));
        BOOST_REQUIRE(client.receive().body == "aaabbb");
        BOOST_REQUIRE(client.receive().body == "GET /target ? x");
        BOOST_REQUIRE(client.receive().body == "abc");
    }
}

BOOST_AUTO_TEST_CASE(head_gets_the_header_and_no_piece_is_made) {
    Harness harness;
    auto client = harness.client();
    client.send(request("/stream?pieces=3&bytes=5", "HEAD") + request("/hello"));
    auto answer = client.receive(true);
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.has("Transfer-Encoding: chunked"));
    BOOST_TEST(client.receive().body == "hello");
    BOOST_TEST(harness.probe.streams.pieces == 0u);
}

BOOST_AUTO_TEST_CASE(http_1_0_gets_the_body_up_to_the_end_of_the_connection) {
    Harness harness;
    auto client = harness.client();
    client.send(request("/stream?pieces=3&bytes=50000", "GET", "1.0", "Connection: keep-alive\r\n"));
    auto answer = client.receive();
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(answer.head.find("Transfer-Encoding") == std::string::npos);
    BOOST_TEST((client.receive_rest() == planned_body(3, 50000)));
}

BOOST_AUTO_TEST_CASE(a_body_that_cannot_be_finished_has_no_end) {
    Harness harness;
    for (const std::string end : {"broken", "throw"}) {
        auto client = harness.client();
        auto answer = client.get("/stream?pieces=3&bytes=5&end=" + end);
        BOOST_TEST(answer.status == 0);
    }
    BOOST_TEST(harness.probe.failures() == std::vector<std::string>{"on purpose"},
               boost::test_tools::per_element());
    BOOST_TEST(eventually([&harness] { return harness.server.connections() == 0; }));
    BOOST_TEST(harness.probe.streams.alive == 0);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_holds_up_the_making_and_costs_no_memory) {
    Harness harness;
    auto client = harness.client();
    const auto before = resident_bytes();
    client.send(request("/stream?pieces=4000&bytes=65536"));  // 250 MiB
    std::this_thread::sleep_for(300ms);
    const auto made = harness.probe.streams.pieces.load();
    BOOST_TEST(made < 400u);  // what the kernel's buffers hold
    std::this_thread::sleep_for(100ms);
    BOOST_TEST(harness.probe.streams.pieces == made);
    BOOST_TEST(resident_bytes() < before + (std::size_t{16} << 20));
    // Others are served meanwhile, on the same thread.
    BOOST_TEST(harness.client().get("/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_fast_reader_does_not_keep_the_thread_from_others) {
    Harness harness;
    auto busy = harness.client();
    busy.send(request("/stream?pieces=100000&bytes=65536"));
    std::atomic<bool> done = false;
    auto read = [&] {
        while (!done && busy.receive_some() > 0) {
        }
    };
    std::thread reader(read);
    auto other = harness.client();
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(other.get("/hello").body == "hello");
    done = true;
    reader.join();
}

BOOST_AUTO_TEST_CASE(a_client_that_vanishes_ends_the_making) {
    Harness harness;
    {
        auto client = harness.client();
        client.send(request("/stream?pieces=1000000&bytes=65536"));
        BOOST_TEST(client.receive_some() > 0u);
    }
    BOOST_TEST(eventually([&harness] { return harness.server.connections() == 0; }));
    BOOST_TEST(harness.probe.streams.alive == 0);
    BOOST_TEST(harness.probe.streams.pieces < 1000u);
    BOOST_TEST(eventually([&harness] { return harness.probe.responses == 1; }));
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_a_stream_is_closed) {
    ServerOptions options;
    options.write_timeout = 100ms;
    Harness harness(options);
    auto client = harness.client();
    client.send(request("/stream?pieces=1000000&bytes=65536"));
    BOOST_TEST(eventually([&harness] { return harness.server.connections() == 1; }));
    BOOST_TEST(eventually([&harness] { return harness.server.connections() == 0; }));
    BOOST_TEST(harness.probe.streams.alive == 0);
}

BOOST_AUTO_TEST_CASE(a_stream_under_way_outlasts_a_stop_within_its_grace_only) {
    ServerOptions options;
    options.shutdown_grace = 200ms;
    Harness harness(options);
    auto client = harness.client();
    client.send(request("/stream?pieces=1000000&bytes=65536"));
    BOOST_TEST(client.receive_some() > 0u);
    const auto begin = std::chrono::steady_clock::now();
    harness.server.stop();
    BOOST_TEST((std::chrono::steady_clock::now() - begin < 4s));
    BOOST_TEST(harness.probe.streams.alive == 0);
}

BOOST_AUTO_TEST_SUITE_END()

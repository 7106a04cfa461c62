// Starting, stopping, and how many connections there may be.
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <future>
#include <thread>

#include "tests/server/http_harness.hpp"

using namespace alcove::http;
using namespace alcove::http::test;

namespace {

std::size_t resident_bytes() {
    ::malloc_trim(0);
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    statm >> total >> resident;
    return resident * 4096;
}

ServerOptions with_threads(unsigned threads) {
    ServerOptions options;
    options.threads = threads;
    return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_server)

BOOST_AUTO_TEST_CASE(an_address_in_use_is_named) {
    Harness harness;
    Probe probe;
    ServerOptions options;
    options.port = harness.server.port();
    Server second(options);
    auto names_it = [&options](const std::runtime_error& error) {
        auto wanted =
            "cannot listen on 127.0.0.1 port " + std::to_string(options.port) + ": Address already in use";
        return error.what() == wanted;
    };
    BOOST_CHECK_EXCEPTION(second.start(probe), std::runtime_error, names_it);
    ServerOptions nonsense;
    nonsense.address = "localhost:80";
    Server third(nonsense);
    BOOST_CHECK_THROW(third.start(probe), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(connections_are_spread_over_threads_and_served_at_once) {
    Harness harness(with_threads(3));
    std::vector<std::thread> clients;
    std::atomic<int> right = 0;
    for (int i = 0; i < 12; ++i) {
        auto run = [&harness, &right] {
            auto client = harness.client();
            for (int n = 1; n <= 200; ++n)
                right += client.get("/count").body == std::to_string(n) ? 1 : 0;
        };
        clients.emplace_back(run);
    }
    for (auto& client : clients)
        client.join();
    BOOST_TEST(right == 12 * 200);
    BOOST_TEST(harness.probe.distinct_ids() == 12 * 200);
}

BOOST_AUTO_TEST_CASE(a_stop_lets_a_request_under_way_finish) {
    Harness harness(with_threads(2));
    auto busy = harness.client();
    auto idle = harness.client();
    BOOST_TEST(idle.get("/hello").status == 200);
    busy.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_REQUIRE(eventually([&harness] { return harness.probe.hanging == 1; }));
    auto stopping = std::async(std::launch::async, [&harness] { harness.server.stop(); });
    BOOST_TEST(idle.is_closed());
    BOOST_CHECK_THROW(harness.client(), std::system_error);
    BOOST_TEST((stopping.wait_for(50ms) == std::future_status::timeout));
    harness.probe.release = true;
    auto answer = busy.receive();
    BOOST_TEST(answer.body == "released");
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(busy.is_closed());
    stopping.get();
}

BOOST_AUTO_TEST_CASE(a_stop_lets_a_half_sent_request_finish) {
    Harness harness;
    auto client = harness.client();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n");
    std::this_thread::sleep_for(20ms);
    auto stopping = std::async(std::launch::async, [&harness] { harness.server.stop(); });
    std::this_thread::sleep_for(20ms);
    auto answer = client.ask("\r\nabc");
    BOOST_TEST(answer.body == "abc");
    BOOST_TEST(answer.has("Connection: close"));
    stopping.get();
}

BOOST_AUTO_TEST_CASE(a_stop_tells_the_service_so_that_long_polls_end) {
    Harness harness;
    harness.probe.release_when_stopping = true;
    auto client = harness.client();
    client.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_REQUIRE(eventually([&harness] { return harness.probe.hanging == 1; }));
    harness.server.stop();
    BOOST_TEST(client.receive().body == "released");
}

BOOST_AUTO_TEST_CASE(a_stop_closes_what_is_left_after_the_grace) {
    ServerOptions options;
    options.shutdown_grace = 100ms;
    Harness harness(options);
    auto stuck = harness.client();
    stuck.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
    auto half = harness.client();
    half.send("GET ");
    std::this_thread::sleep_for(50ms);
    auto begin = std::chrono::steady_clock::now();
    harness.server.stop();
    auto took = std::chrono::steady_clock::now() - begin;
    BOOST_TEST((took >= 100ms && took < 2s));
    BOOST_TEST(stuck.receive().status == 0);
    BOOST_TEST(half.receive().status == 0);
}

BOOST_AUTO_TEST_CASE(a_stop_under_load_loses_no_thread) {
    for (int round = 0; round < 10; ++round) {
        Harness harness(with_threads(2));
        std::atomic<bool> done = false;
        std::vector<std::thread> clients;
        for (int i = 0; i < 4; ++i) {
            auto run = [port = harness.server.port(), &done] {
                while (!done) {
                    try {
                        Client client(port);
                        while (client.get("/hello").status == 200) {
                        }
                    } catch (const std::system_error&) {
                        return;
                    }
                }
            };
            clients.emplace_back(run);
        }
        std::this_thread::sleep_for(20ms);
        harness.server.stop();
        BOOST_TEST(harness.server.connections() == 0);
        done = true;
        for (auto& client : clients)
            client.join();
    }
}

BOOST_AUTO_TEST_CASE(a_connection_above_the_limit_is_told_to_come_back) {
    ServerOptions options;
    options.connections_max = 2;
    Harness harness(options);
    std::vector<Client> clients;
    for (int i = 0; i < 2; ++i)
        BOOST_TEST(clients.emplace_back(harness.server.port()).get("/hello").status == 200);
    auto third = harness.client();
    auto answer = third.get("/hello");
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.body == "OVERLOADED");
    BOOST_TEST(answer.has("Retry-After: 1"));
    BOOST_TEST(answer.has("Connection: close"));
    third.finish_sending();
    BOOST_TEST(third.is_closed());
    clients.pop_back();
    BOOST_TEST(eventually([&harness] { return harness.client().get("/hello").status == 200; }));
}

BOOST_AUTO_TEST_CASE(an_idle_connection_costs_less_than_16_kib) {
    constexpr std::size_t connections = 400;  // both ends need a descriptor, and 1,024 is a common limit
    Harness harness;
    std::vector<Client> clients;
    for (std::size_t i = 0; i < connections; ++i)
        clients.emplace_back(harness.server.port());
    ::malloc_trim(0);  // what tests before this one left must not be given back while it measures
    auto before = resident_bytes();
    for (auto& client : clients) {
        BOOST_REQUIRE(
            client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n" + std::string(40000, 'x'))
                .status == 200);
    }
    std::this_thread::sleep_for(800ms);  // two sweeps and a little
    auto each = (std::max(resident_bytes(), before) - before) / connections;
    BOOST_TEST_MESSAGE("an idle connection costs " << each << " bytes");
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)  // they replace the heap
    BOOST_TEST(each < 16'384);
#endif
}

BOOST_AUTO_TEST_CASE(a_want_of_descriptors_is_waited_out) {
    Harness harness;
    auto client = harness.client();
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    auto next_descriptor = ::dup(0);
    ::close(next_descriptor);
    rlimit exhausted = before;
    exhausted.rlim_cur = static_cast<rlim_t>(next_descriptor) + 1;  // one for the client, none for the server
    ::setrlimit(RLIMIT_NOFILE, &exhausted);
    auto waiting = harness.client();
    std::this_thread::sleep_for(250ms);
    ::setrlimit(RLIMIT_NOFILE, &before);
    BOOST_TEST(waiting.get("/hello").status == 200);
    auto failures = harness.probe.failures().size();
    BOOST_TEST((failures >= 1 && failures <= 4), failures);
}

BOOST_AUTO_TEST_CASE(a_server_that_never_started_stops) {
    Server server({});
    BOOST_CHECK_NO_THROW(server.stop());
}

BOOST_AUTO_TEST_SUITE_END()

// Clients that take their time in every phase of a connection: each is ended when its time is over, and none keeps
// the server from the others.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/attacks_fixture.hpp"

namespace alcove::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// All of it together is what the most patient of these attacks can cost.
constexpr auto timeout = 500ms;
// Deadlines are looked at four times a second, and a refusal lingers for at most 2 s for who goes on sending.
constexpr auto allowance = 4s;

// Another client waits no longer for an answer, however busy the machine is with other tests.
constexpr auto prompt = 2s;

// What a connection says at first, and then, over and over, a byte at a time.
struct SlowClient {
    std::string_view name;
    std::string first;
    std::string trickle{};
    std::chrono::milliseconds ends_within = timeout + allowance;
};

class Slow : public UnderAttack {
public:
    explicit Slow(const std::string& seconds = "0.5") : UnderAttack(timeouts_of(seconds)) {
        call("PUT", large, std::string(large_bytes, 'x'));
    }

    static std::vector<std::string> timeouts_of(const std::string& seconds) {
        std::vector<std::string> flags = {"--server-threads", "1"};
        for (const char* which : {"header", "body", "write", "idle"}) {
            flags.push_back(std::string("--server-") + which + "-timeout-seconds");
            flags.push_back(seconds);
        }
        return flags;
    }

    // How long another client waits for its answer.
    std::chrono::milliseconds time_of_an_answer() const {
        const auto begin = Clock::now();
        const auto answer = call("GET", ns + "/kv/precious");
        BOOST_TEST(answer.body == "treasure");
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    }

    static constexpr std::size_t large_bytes = 1'000'000;
    const std::string large = ns + "/kv/large";
};

BOOST_FIXTURE_TEST_SUITE(attacks_slow, Slow)

BOOST_AUTO_TEST_CASE(slow_clients_of_all_kinds_are_ended_while_others_are_served) {
    const auto put = head("PUT", ns + "/kv/slow");
    const auto upload = head("PUT", ns + "/files/slow");
    const auto handshake = head("GET", "/api/v1/watch") +
                           "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const auto stranger =
        "GET /api/v1/watch HTTP/1.1\r\nHost: a\r\n" + handshake.substr(handshake.find("Connection"));
    const std::vector<SlowClient> clients = {
        {"says nothing", ""},
        {"begins with endless empty lines", "", "\r\n"},
        {"trickles its request line", "GET /", "a"},
        {"trickles its headers", "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"},
        {"stops within its headers", "GET / HTTP/1.1\r\nHost: a\r\nX: "},
        {"stops within its body", put + "Content-Length: 1000\r\n\r\nabc"},
        {"trickles its body", put + "Content-Length: 1000\r\n\r\n", "a"},
        {"trickles the body of a file", upload + "Content-Length: 1000000\r\n\r\n", "a"},
        {"stops within the size of a chunk", put + "Transfer-Encoding: chunked\r\n\r\n10"},
        {"trickles the size of a chunk", put + "Transfer-Encoding: chunked\r\n\r\n", "0"},
        {"trickles the extension of a chunk", put + "Transfer-Encoding: chunked\r\n\r\n1;a=", "b"},
        {"stops within a quoted extension", put + "Transfer-Encoding: chunked\r\n\r\n3;a=\"b\r\nabc\r\n0\r\n\r\n"},
        {"trickles a chunk", put + "Transfer-Encoding: chunked\r\n\r\n1000\r\n", "a"},
        {"trickles chunks", put + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"},
        {"trickles a trailer", put + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"},
        {"says nothing more", request("GET", "/healthz")},
        {"trickles its second request", request("GET", "/healthz") + "GET /", "a"},
        {"goes on behind a refusal", "GET / HTTP/9.9\r\n\r\n", "a"},
        {"opens a socket and does not say who it is", stranger + "\r\n", "", 5s + allowance},
        {"opens a socket and trickles a frame", stranger + "\r\n\x81\xfe", "a", 5s + allowance},
    };
    std::vector<Client> sockets;
    for (const auto& client : clients) {
        sockets.push_back(connect());
        sockets.back().send(client.first);
    }
    const auto begin = Clock::now();
    std::vector<bool> ended(clients.size());
    auto slowest = 0ms;
    for (std::size_t left = clients.size(), step = 0; left != 0; ++step) {
        const auto now = Clock::now() - begin;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (ended[i]) continue;
            const auto& trickle = clients[i].trickle;
            if (!trickle.empty()) sockets[i].send(trickle.substr(step % trickle.size(), 1));
            ended[i] = sockets[i].has_ended();
            if (!ended[i] && now > clients[i].ends_within) {
                BOOST_ERROR("a client is still there that " << clients[i].name);
                ended[i] = true;
            }
            if (ended[i]) --left;
        }
        slowest = std::max(slowest, time_of_an_answer());
        std::this_thread::sleep_for(20ms);
    }
    BOOST_TEST(slowest < prompt);
    BOOST_TEST(call("GET", ns + "/kv/slow").status == 404U);
    BOOST_TEST(call("GET", ns + "/files/slow").status == 404U);
}

// What is read in drops makes room in drops, and the kernel tells of room when there is a good part of it.
BOOST_AUTO_TEST_CASE(clients_that_hardly_read_are_ended) {
    constexpr std::size_t requests = 50;
    for (const std::size_t bytes_at_once : {0, 100}) {
        auto client = connect();
        for (std::size_t i = 0; i < requests; ++i)
            client.send(request("GET", large));
        for (const auto end = Clock::now() + 2s; Clock::now() < end;) {
            if (bytes_at_once != 0) client.drop(bytes_at_once);
            BOOST_TEST(time_of_an_answer() < prompt);
            std::this_thread::sleep_for(20ms);
        }
        // What was on its way when the connection was closed is still there, and no more than that.
        BOOST_TEST(client.receive_rest().size() < requests / 2 * large_bytes);
    }
}

// Long enough for all of them to be there at once.
struct Patient : Slow {
    Patient() : Slow("4") {}
};

BOOST_FIXTURE_TEST_CASE(hundreds_of_slow_clients_do_not_slow_down_a_fast_one, Patient) {
    std::vector<Client> crowd;
    auto slowest = 0ms;
    for (int i = 0; i < 500; ++i) {
        crowd.push_back(connect());
        crowd.back().send(i % 2 == 0 ? "GET / HTTP/1.1\r\nX: "
                                     : head("PUT", ns + "/kv/slow") + "Content-Length: 9\r\n\r\na");
    }
    for (int i = 0; i < 50; ++i)
        slowest = std::max(slowest, time_of_an_answer());
    BOOST_TEST(slowest < prompt);
    for (auto& client : crowd)
        BOOST_TEST(client.receive().status == 408U);
    BOOST_TEST(unharmed());
}

// One thread serves them all: who never stops asking gets its turns, and not all of them.
BOOST_AUTO_TEST_CASE(a_client_that_never_pauses_does_not_keep_others_waiting) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> floods;
    for (const std::string& bytes :
         {repeated(request("GET", ns + "/kv/precious"), 500),
          repeated("\r\n", 16) + repeated("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 500)}) {
        floods.emplace_back([this, bytes, &stop] {
            auto client = connect();
            std::thread reader([&client, &stop] {
                while (!stop)
                    client.receive_some();
            });
            while (!stop)
                client.send(bytes);
            reader.join();
        });
    }
    auto slowest = 0ms;
    for (int i = 0; i < 50; ++i)
        slowest = std::max(slowest, time_of_an_answer());
    stop = true;
    for (auto& flood : floods)
        flood.join();
    BOOST_TEST(slowest < prompt);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

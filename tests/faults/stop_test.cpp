// SIGTERM in the middle of everything: what was acknowledged is kept, everybody hears of the end, and the process
// is gone in time.
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <mutex>

#include "tests/faults/fixture.hpp"
#include "tests/support/watch_client.hpp"

namespace alcove::test {
namespace {

using Clock = std::chrono::steady_clock;

// Clients of all kinds, until the server is gone.
class Load {
public:
    Load(std::uint16_t port, int round) : port_(port), round_(round) {
        for (int i = 0; i < 6; ++i)
            threads_.emplace_back([this, i] { write(i); });
        for (int i = 0; i < 2; ++i)
            threads_.emplace_back([this, i] { upload(i); });
        for (int i = 0; i < 3; ++i)
            threads_.emplace_back([this] { watch(); });
        threads_.emplace_back([this] { poll(); });
    }
    void join() {
        for (auto& thread : threads_)
            thread.join();
    }

    std::map<std::string, std::string> keys;   // that were acknowledged
    std::map<std::string, std::string> files;  // likewise; the last of each
    std::string problems;
    std::atomic<int> watches_closed = 0;
    std::atomic<bool> poll_answered = false;

private:
    // Acknowledged, refused because the server stops, or closed without an answer: nothing else.
    bool may_go_on(const Reply& reply) {
        if (reply.status == 201 || reply.status == 204) return true;
        if (reply.status != 503 || text_member(reply.body, "code") != "SHUTTING_DOWN") complain(reply.text());
        return false;
    }
    void complain(const std::string& text) {
        const std::lock_guard lock(mutex_);
        problems += text + "\n";
    }
    void write(int number) {
        try {
            HttpClient client(port_);
            for (int i = 0;; ++i) {
                const auto name = std::to_string(round_) + "/" + std::to_string(number) + "/" + std::to_string(i);
                const auto target = FaultsFixture::acme + "/kv/" + name;
                if (!may_go_on(client.send("PUT", target, name, FaultsFixture::headers))) return;
                const std::lock_guard lock(mutex_);
                keys[name] = name;
            }
        } catch (const std::exception&) {  // closed
        }
    }
    void upload(int number) {
        try {
            HttpClient client(port_);
            const auto target = FaultsFixture::acme + "/files/" + std::to_string(number);
            for (std::uint64_t i = 0;; ++i) {
                const auto content = content_of(i, 400'000);
                if (!may_go_on(client.send("PUT", target, content, FaultsFixture::headers))) return;
                const std::lock_guard lock(mutex_);
                files[std::to_string(number)] = std::to_string(i);
            }
        } catch (const std::exception&) {
        }
    }
    void watch() {
        WatchClient client(port_, FaultsFixture::acme + "/watch?from=snapshot", FaultsFixture::headers);
        const auto code = client.close_code(30s);
        if (code != 1001) complain("a watch was closed with " + std::to_string(code));
        ++watches_closed;
    }
    void poll() {
        try {
            HttpClient client(port_);
            client.send("GET", FaultsFixture::acme + "/kv/absent?wait=60", "", FaultsFixture::headers);
            poll_answered = true;
        } catch (const std::exception&) {
            complain("a long poll was not answered");
        }
    }

    const std::uint16_t port_;
    const int round_;
    std::mutex mutex_;
    std::vector<std::thread> threads_;
};

BOOST_FIXTURE_TEST_SUITE(stopped_under_load, FaultsFixture)

BOOST_AUTO_TEST_CASE(what_was_acknowledged_stays_and_everybody_hears_of_it) {
    start_first();
    for (int round = 0; round < 3; ++round) {
        if (round != 0) start();
        Load load(server().port(), round);
        std::this_thread::sleep_for(700ms);
        const auto begin = Clock::now();
        BOOST_TEST(stop() == 0);
        BOOST_TEST((Clock::now() - begin < 10s));  // server.shutdown_seconds
        load.join();
        BOOST_TEST(load.problems == "");
        BOOST_TEST(load.watches_closed == 3);
        BOOST_TEST(load.poll_answered);
        BOOST_TEST(load.keys.size() > 100U);
        BOOST_TEST(load.files.size() == 2U);
        BOOST_TEST(problems() == "");

        start();
        for (const auto& [name, value] : load.keys)
            BOOST_REQUIRE_EQUAL(send("GET", acme + "/kv/" + name).body, value);
        for (const auto& [path, number] : load.files) {
            const auto content = send("GET", acme + "/files/" + path).body;
            const auto acknowledged = std::stoull(number);  // or the one that nobody was told of
            BOOST_TEST(
                (content == content_of(acknowledged, 400'000) || content == content_of(acknowledged + 1, 400'000)));
        }
        BOOST_TEST(stop() == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_request_that_never_ends_is_waited_for_only_so_long) {
    environment["ALCOVE_SERVER_SHUTDOWN_SECONDS"] = "1";
    start_first();
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), server().port()});
    const std::string half = "PUT " + acme + "/files/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key +
                             "\r\nContent-Length: 1000000\r\n\r\n" + std::string(400'000, 'x');
    boost::asio::write(socket, boost::asio::buffer(half));
    std::this_thread::sleep_for(200ms);

    const auto begin = Clock::now();
    BOOST_TEST(stop() == 0);
    const auto time = Clock::now() - begin;

    BOOST_TEST((time > 900ms && time < 3s));
    BOOST_TEST(problems() == "");
    start();
    BOOST_TEST(outcome("GET", acme + "/files/a") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

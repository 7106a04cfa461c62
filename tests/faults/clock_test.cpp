// A wall clock that is set while the server runs: nothing comes back, versions grow, and what waits goes by another
// clock.
#include <atomic>

#include "tests/faults/fixture.hpp"
#include "tests/support/receiver.hpp"
#include "tests/support/watch_client.hpp"

namespace alcove::test {
namespace {

class ClockFixture : public FaultsFixture {
public:
    ClockFixture() {
        environment["ALCOVE_SERVER_WATCH_HEARTBEAT_SECONDS"] = "0.2";
        environment["ALCOVE_WEBHOOKS_ALLOW_PRIVATE_TARGETS"] = "true";
        start_first();
    }

    // The version that a put makes.
    std::uint64_t put_version(const std::string& name, const std::string& query = "") {
        const auto tag = send("PUT", acme + "/kv/" + name + query, "v").header("etag");
        return std::stoull(tag.substr(1));
    }
    std::string updated_at(const std::string& name) {
        return text_member(send("GET", acme + "/kv?prefix=" + name).body, "updatedAt");
    }
    void enable(const std::string& integration) {
        const auto made = send(
            "POST", acme + "/integrations",
            R"({"integrationName":")" + integration + R"(","settings":{"persistence":{"scope":"workspace"}}})");
        BOOST_TEST(made.status == 201U);
    }
    std::string download_url() {
        const auto made = send("POST", "/api/v1/actions/execute",
                               R"({"integrationName":"storage","actionName":"get_download_url",)"
                               R"("workspaceId":"acme","input":{"path":"a","expiresInSeconds":600}})");
        return text_member(made.body, "url");
    }
};

BOOST_FIXTURE_TEST_SUITE(clock_set, ClockFixture)

BOOST_AUTO_TEST_CASE(what_has_expired_never_comes_back) {
    put_version("short", "?ttl=60");
    put_version("long", "?ttl=36000");
    BOOST_TEST(outcome("GET", acme + "/kv/short") == "200");

    faults.set_clock(1h);
    BOOST_TEST(outcome("GET", acme + "/kv/short") == "404 NOT_FOUND");
    BOOST_TEST(outcome("GET", acme + "/kv/long") == "200");
    const auto ahead = put_version("ahead");
    const auto time_ahead = updated_at("ahead");

    faults.set_clock(-1h);
    BOOST_TEST(outcome("GET", acme + "/kv/short") == "404 NOT_FOUND");
    BOOST_TEST(put_version("behind") > ahead);
    BOOST_TEST(updated_at("behind") >= time_ahead);

    BOOST_TEST(kill() == 128 + SIGKILL);
    BOOST_TEST(problems() == "");
    start();
    BOOST_TEST(outcome("GET", acme + "/kv/short") == "404 NOT_FOUND");
    BOOST_TEST(outcome("GET", acme + "/kv/long") == "200");
    BOOST_TEST(put_version("after") > ahead + 1);
    BOOST_TEST(updated_at("after") >= time_ahead);
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
}

BOOST_AUTO_TEST_CASE(tokens_and_links_end_by_the_clock_and_for_good) {
    const auto user = send("POST", "/api/v1/end-users", R"({"workspaceId":"acme","externalId":"u"})");
    const auto made = send("POST", "/api/v1/end-users/" + text_member(user.body, "id") + "/connect-token",
                           R"({"expiresIn":3600})");
    const auto token = text_member(made.body, "token");
    const auto session = [&] {
        HttpClient client(server().port());
        return client.send("GET", "/api/v1/connect-session", "", {{"Authorization", "Bearer " + token}}).status;
    };
    enable("storage");
    BOOST_TEST(put_file("a", "content") == "201");
    const auto url = download_url();
    BOOST_TEST(session() == 200U);
    BOOST_TEST(outcome("GET", url) == "200");

    faults.set_clock(2h);
    BOOST_TEST(session() == 401U);
    BOOST_TEST(outcome("GET", url) == "410 EXPIRED");
    BOOST_TEST(outcome("GET", download_url()) == "200");

    faults.set_clock(0h);
    BOOST_TEST(session() == 401U);
    BOOST_TEST(outcome("GET", url) == "410 EXPIRED");
    BOOST_TEST(outcome("GET", download_url()) == "200");
}

BOOST_AUTO_TEST_CASE(watches_and_connections_do_not_notice) {
    put_version("short", "?ttl=60");
    WatchClient watch(server().port(), acme + "/watch", headers);
    HttpClient idle(server().port());
    idle.send("GET", "/healthz");
    const auto signs_of_life = [&] {
        const auto until = std::chrono::steady_clock::now() + 1500ms;
        int count = 0;
        while (std::chrono::steady_clock::now() < until)
            count += watch.receive(2s).type == "progress";
        return count;
    };
    BOOST_TEST(watch.receive().type == "hello");
    BOOST_TEST(watch.receive().type == "ok");

    faults.set_clock(24h);
    BOOST_TEST(told(watch.next()) == "expire short");
    const int ahead = signs_of_life();
    BOOST_TEST(ahead >= 3);
    BOOST_TEST(ahead <= 12);

    faults.set_clock(-24h);
    const int behind = signs_of_life();
    BOOST_TEST(behind >= 3);
    BOOST_TEST(behind <= 12);
    put_version("k");
    BOOST_TEST(watch.next().events.at(0).key == "k");
    BOOST_TEST(idle.send("GET", "/healthz").status == 200U);
}

BOOST_AUTO_TEST_CASE(long_polls_last_as_long_as_they_should) {
    for (const auto ahead : {24h, -24h}) {
        std::thread setter([&] {
            std::this_thread::sleep_for(300ms);
            faults.set_clock(ahead);
        });
        const auto begin = std::chrono::steady_clock::now();
        BOOST_TEST(outcome("GET", acme + "/kv/absent?wait=1") == "404 NOT_FOUND");
        const auto time = std::chrono::steady_clock::now() - begin;
        setter.join();
        BOOST_TEST((time > 900ms && time < 3s));
    }
}

BOOST_AUTO_TEST_CASE(webhooks_are_called_whatever_the_clock_says) {
    const Receiver receiver;
    enable("kv-store");
    const auto enabled = send("POST", "/api/v1/triggers/enable",
                              R"({"workspaceId":"acme","integrationName":"kv-store",)"
                              R"("triggerName":"key_changed","callbackUrl":")" +
                                  receiver.url() + "\"}");
    BOOST_REQUIRE_EQUAL(enabled.status, 201U);
    std::size_t expected = 0;
    for (const auto ahead : {0h, 24h, -24h, 1h}) {
        faults.set_clock(ahead);
        put_version("k");
        BOOST_TEST(receiver.wait_for(++expected));
    }
}

BOOST_AUTO_TEST_CASE(writes_go_on_in_order_while_it_is_set_to_and_fro) {
    std::atomic<bool> write = true;
    std::atomic<std::uint64_t> writes = 0;
    std::atomic<int> wrong = 0;
    const auto increment = [&] {
        HttpClient client(server().port());
        std::uint64_t last = 0;
        while (write) {
            const auto reply = client.send("POST", acme + "/kv/count", R"({"op":"increment"})", headers);
            const auto version = std::strtoull(text_member(reply.body, "version").c_str(), nullptr, 10);
            wrong += reply.status != 200 || version <= last;
            last = version;
            ++writes;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back(increment);
    for (int i = 0; i < 100; ++i) {
        faults.set_clock(std::chrono::minutes(i * 7919 % 241 - 120));
        std::this_thread::sleep_for(20ms);
    }
    write = false;
    for (auto& thread : threads)
        thread.join();
    BOOST_TEST(wrong == 0);
    BOOST_TEST(send("GET", acme + "/kv/count").body == std::to_string(writes));
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

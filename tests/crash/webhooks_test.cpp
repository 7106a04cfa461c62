// Webhooks over kill -9: every event reaches its receivers at least once, and none is made up.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/api_fixture.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/receiver.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

const std::string key = "alc_the-root-key-of-the-tests";
constexpr int events_wanted = 10'000;
constexpr int writers = 8;
constexpr int kills = 12;

using namespace std::chrono_literals;
using Ending = ReceiverReply::Ending;

// Which external ids were told as created, under which event ids; and how many messages that took.
struct Told {
    std::map<std::string, std::set<std::string>> events;
    std::size_t messages = 0;

    explicit Told(const Receiver& receiver) {
        for (const auto& request : receiver.requests()) {
            ++messages;
            events[member(request.body, "external_id")].insert(request.header("webhook-id"));
        }
    }
};

HttpClient::Headers headers() {
    return {{"Authorization", "Bearer " + key}, {"Alcove-Workspace", "acme"}};
}

// What the writers share: the number of the next external id, and how many were acknowledged.
struct Counts {
    std::atomic<int> next = 0;
    std::atomic<int> acknowledged = 0;
};

// Creates end users until the server is gone or there are enough; what was acknowledged is kept.
void create_until_killed(std::uint16_t port, Counts& counts, std::set<std::string>& acknowledged) {
    try {
        HttpClient client(port);
        while (counts.acknowledged < events_wanted) {
            const auto external_id = "u" + std::to_string(counts.next++);
            const auto body = R"({"workspaceId":"acme","externalId":")" + external_id + "\"}";
            if (client.send("POST", "/api/v1/end-users", body, headers()).status != 201) continue;
            acknowledged.insert(external_id);
            ++counts.acknowledged;
        }
    } catch (const std::exception&) {  // killed: whether the last one is there is not known
    }
}

bool exists(HttpClient& client, const std::string& external_id) {
    const auto found =
        client.send("GET", "/api/v1/end-users?workspaceId=acme&externalId=" + external_id, {}, headers());
    return member(found.body, "externalId") == external_id;
}

BOOST_AUTO_TEST_SUITE(webhooks_over_kills)

BOOST_AUTO_TEST_CASE(every_acknowledged_event_arrives_and_none_is_invented) {
    const TemporaryFolder folder;
    Receiver steady;
    std::mt19937 dice_of_flaky(11);  // on the receiver's thread alone
    Receiver flaky([&dice_of_flaky](const ReceivedRequest&) -> ReceiverReply {
        const auto dice = dice_of_flaky() % 100;
        if (dice < 2) return {.status = 500};
        if (dice < 3) return {.body = "half", .ending = Ending::cut};
        if (dice < 4) return {.ending = Ending::close};
        return {};
    });
    Receiver hanging([](const ReceivedRequest&) { return ReceiverReply{.ending = Ending::silent}; });
    const Environment environment{{"ALCOVE_ROOT_KEY", key},
                                  {"ALCOVE_WEBHOOKS_ALLOW_PRIVATE_TARGETS", "true"},
                                  {"ALCOVE_WEBHOOKS_RETRY_FIRST_SECONDS", "0.01"},
                                  {"ALCOVE_WEBHOOKS_RETRY_MAX_SECONDS", "0.05"},
                                  {"ALCOVE_WEBHOOKS_ATTEMPTS_MAX", "1000"}};
    {
        const ServerProcess server(folder / "data", environment);
        HttpClient client(server.port());
        client.send("POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})", headers());
        for (const auto* receiver : {&steady, &flaky, &hanging}) {
            const auto made = client.send(
                "POST", "/v2/event-destinations",
                R"({"name":"D","type":"webhook","events":["*"],"webhook":{"url":")" + receiver->url() + "\"}}",
                headers());
            BOOST_REQUIRE_EQUAL(made.status, 201U);
        }
    }
    Counts counts;
    std::vector<std::set<std::string>> acknowledged(writers);
    std::mt19937 random(12);
    for (int round = 0; round <= kills; ++round) {
        ServerProcess server(folder / "data", environment);
        std::vector<std::thread> threads;
        for (int i = 0; i < writers; ++i)
            threads.emplace_back([&, i] { create_until_killed(server.port(), counts, acknowledged[i]); });
        if (round < kills) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 400));
            server.signal(SIGKILL);
            server.wait();
        }
        for (auto& thread : threads)
            thread.join();
        if (round < kills) continue;

        std::set<std::string> all;
        for (const auto& one : acknowledged)
            all.insert(one.begin(), one.end());
        const auto has_all = [&all](const Receiver& receiver) {
            const Told told(receiver);
            return std::ranges::all_of(all, [&](const auto& one) { return told.events.contains(one); });
        };
        for (const auto* receiver : {&steady, &flaky}) {
            bool complete = false;
            for (int i = 0; i < 240 && !complete; ++i) {
                std::this_thread::sleep_for(500ms);
                complete = has_all(*receiver);
            }
            BOOST_TEST(complete);
            const Told told(*receiver);
            HttpClient client(server.port());
            for (const auto& [external_id, ids] : told.events) {
                BOOST_TEST(ids.size() == 1U);  // one event, however often it came
                // The answer was lost with the server that was killed, the end user was not.
                if (!all.contains(external_id)) BOOST_TEST(exists(client, external_id));
            }
            BOOST_TEST_MESSAGE(kills << " kills, " << all.size() << " acknowledged, " << told.events.size()
                                     << " events told in " << told.messages << " messages");
        }
        BOOST_TEST(hanging.requests().size() > 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

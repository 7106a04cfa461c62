// Webhooks over kill -9: everything reaches its receivers at least once, and nothing is made up.
#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/webhook_run.hpp"
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
constexpr int creates_per_put = 4;

using namespace std::chrono_literals;
using Ending = ReceiverReply::Ending;
using Names = std::set<std::string>;

// Which external ids were told as created, or which keys as put, under which ids; and how many messages that took.
struct Told {
    std::map<std::string, Names> ids;
    std::size_t messages = 0;

    Told(const Receiver& receiver, const std::string& name) {
        for (const auto& request : receiver.requests()) {
            ++messages;
            ids[member(request.body, name)].insert(request.header("webhook-id"));
        }
    }
    Names names() const {
        Names all;
        for (const auto& [name, unused] : ids)
            all.insert(name);
        return all;
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

struct Acknowledged {
    Names end_users;
    Names keys;
};

// Creates end users, and now and then puts a key of the workspace, until the server is gone or there are enough.
void write_until_killed(std::uint16_t port, Counts& counts, Acknowledged& acknowledged) {
    try {
        HttpClient client(port);
        while (counts.acknowledged < events_wanted) {
            const int number = counts.next++;
            const auto name = "u" + std::to_string(number);
            const auto body = R"({"workspaceId":"acme","externalId":")" + name + "\"}";
            if (client.send("POST", "/api/v1/end-users", body, headers()).status != 201) continue;
            acknowledged.end_users.insert(name);
            ++counts.acknowledged;
            if (number % creates_per_put != 0) continue;
            const auto put = client.send("PUT", "/api/v1/workspaces/acme/kv/" + name, "v", headers());
            if (put.status == 201) acknowledged.keys.insert(name);
        }
    } catch (const std::exception&) {  // killed: whether the last one is there is not known
    }
}

// That member of everything on the list.
Names list(HttpClient& client, const std::string& target, const std::string& name) {
    Names all;
    const std::regex pattern("\"" + name + "\":\"([^\"]*)\"");
    std::string cursor;
    do {
        const auto page = client.send("GET", target + (cursor.empty() ? "" : "&cursor=" + cursor), {}, headers());
        BOOST_REQUIRE_EQUAL(page.status, 200U);
        for (std::sregex_iterator it(page.body.begin(), page.body.end(), pattern), end; it != end; ++it)
            all.insert((*it)[1]);
        cursor = member(page.body, "cursor");
    } while (!cursor.empty());
    return all;
}

bool includes(const Names& all, const Names& some) {
    return std::ranges::includes(all, some);
}

// The receivers of one run, and what is to call them.
struct Receivers {
    Receiver steady;
    Receiver flaky{flaky_answer(11)};
    Receiver hanging{[](const ReceivedRequest&) { return ReceiverReply{.ending = Ending::silent}; }};
    Receiver of_keys{flaky_answer(13)};

    void set_up(HttpClient& client) const {
        client.send("POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})", headers());
        for (const auto* receiver : {&steady, &flaky, &hanging}) {
            const auto made = client.send(
                "POST", "/v2/event-destinations",
                R"({"name":"D","type":"webhook","events":["*"],"webhook":{"url":")" + receiver->url() + "\"}}",
                headers());
            BOOST_REQUIRE_EQUAL(made.status, 201U);
        }
        client.send(
            "POST", "/api/v1/workspaces/acme/integrations",
            R"({"integrationName":"kv-store","alias":"kv","settings":{"persistence":{"scope":"workspace"}}})",
            headers());
        const auto enabled = client.send(
            "POST", "/api/v1/triggers/enable",
            R"({"workspaceId":"acme","integrationName":"kv-store","triggerName":"key_changed","callbackUrl":")" +
                of_keys.url() + "\"}",
            headers());
        BOOST_REQUIRE_EQUAL(enabled.status, 201U);
    }
};

// Everything that exists comes to be told, whether it was acknowledged or not, and nothing else; each under one id,
// however often it came.
void check_told(const Receiver& receiver, const std::string& name, const Names& existing) {
    bool complete = false;
    for (int i = 0; i < 240 && !complete; ++i) {
        std::this_thread::sleep_for(500ms);
        complete = includes(Told(receiver, name).names(), existing);
    }
    BOOST_TEST(complete);
    const Told told(receiver, name);
    BOOST_TEST((told.names() == existing));
    for (const auto& [each, ids] : told.ids)
        BOOST_TEST(ids.size() == 1U, each);
    BOOST_TEST_MESSAGE(name << ": " << existing.size() << " told in " << told.messages << " messages");
}

BOOST_AUTO_TEST_SUITE(webhooks_over_kills)

BOOST_AUTO_TEST_CASE(everything_that_is_there_is_told_and_nothing_is_invented) {
    const TemporaryFolder folder;
    const Receivers receivers;
    const Environment environment{{"ALCOVE_ROOT_KEY", key},
                                  {"ALCOVE_WEBHOOKS_ALLOW_PRIVATE_TARGETS", "true"},
                                  {"ALCOVE_WEBHOOKS_RETRY_FIRST_SECONDS", "0.01"},
                                  {"ALCOVE_WEBHOOKS_RETRY_MAX_SECONDS", "0.05"},
                                  {"ALCOVE_WEBHOOKS_ATTEMPTS_MAX", "1000"}};
    {
        const ServerProcess server(folder / "data", environment);
        HttpClient client(server.port());
        receivers.set_up(client);
    }
    Counts counts;
    std::vector<Acknowledged> acknowledged(writers);
    std::mt19937 random(12);
    for (int round = 0; round <= kills; ++round) {
        ServerProcess server(folder / "data", environment);
        std::vector<std::thread> threads;
        for (int i = 0; i < writers; ++i)
            threads.emplace_back([&, i] { write_until_killed(server.port(), counts, acknowledged[i]); });
        if (round < kills) {
            std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 400));
            server.signal(SIGKILL);
            server.wait();
        }
        for (auto& thread : threads)
            thread.join();
        if (round < kills) continue;

        HttpClient client(server.port());
        const auto end_users = list(client, "/api/v1/end-users?workspaceId=acme&limit=100", "externalId");
        const auto keys = list(client, "/api/v1/workspaces/acme/kv?limit=1000", "key");
        BOOST_TEST(end_users.size() >= std::size_t{events_wanted});
        for (const auto& one : acknowledged) {
            BOOST_TEST(includes(end_users, one.end_users));
            BOOST_TEST(includes(keys, one.keys));
        }
        check_told(receivers.steady, "external_id", end_users);
        check_told(receivers.flaky, "external_id", end_users);
        check_told(receivers.of_keys, "key", keys);
        BOOST_TEST(receivers.hanging.requests().size() > 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

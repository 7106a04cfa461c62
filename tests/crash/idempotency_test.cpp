// A server killed between effect and answer: a request that is sent again is answered again and never repeated.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

const std::string key = "alc_0123456789abcdef0123";

struct Request {
    std::string target;
    std::string body;
    std::string idempotency_key;
};

std::string number_text(int number) {
    return std::to_string(number);
}

// Increments of one counter by an action, and end users, which would be duplicates if they were made twice.
std::vector<Request> make_requests(int count) {
    std::vector<Request> requests;
    for (int i = 0; i < count; ++i) {
        const auto n = number_text(i);
        requests.push_back({"/api/v1/actions/execute",
                            R"({"workspaceId":"acme","integrationName":"kv-store","actionName":"increment",)"
                            R"("input":{"key":"n"},"idempotencyKey":"i)" +
                                n + "\"}",
                            ""});
        requests.push_back({"/api/v1/end-users", R"({"workspaceId":"acme","externalId":"u)" + n + "\"}", "e" + n});
    }
    return requests;
}

Reply send(HttpClient& client, const Request& request) {
    HttpClient::Headers headers{{"Authorization", "Bearer " + key}};
    if (!request.idempotency_key.empty()) headers.emplace("Idempotency-Key", request.idempotency_key);
    return client.send("POST", request.target, request.body, headers);
}

// Sends what is left, in order, until the server is gone. Returns how many were answered.
std::size_t send_until_killed(std::uint16_t port, const std::vector<Request>& requests, std::size_t from,
                              std::vector<std::string>& answers) {
    try {
        HttpClient client(port);
        for (; from < requests.size(); ++from) {
            const auto reply = send(client, requests[from]);
            if (reply.status != 200 && reply.status != 201) return from;
            answers[from] = reply.body.substr(0, reply.body.find(",\"duration\""));
        }
    } catch (const std::exception&) {  // killed: whether the last one had its effect is not known
    }
    return from;
}

BOOST_AUTO_TEST_CASE(a_request_that_is_sent_again_after_a_kill_has_its_effect_once) {
    constexpr int rounds = 8;
    constexpr int count = 2000;
    const TemporaryFolder folder;
    const auto requests = make_requests(count);
    std::vector<std::string> answers(requests.size());
    std::mt19937_64 random(7);
    std::size_t answered = 0;
    std::size_t replayed = 0;
    const Environment environment{{"ALCOVE_ROOT_KEY", key}};
    {
        const ServerProcess server(folder / "data", environment);
        HttpClient client(server.port());
        send(client, {"/api/v1/workspaces", R"({"name":"A","slug":"acme"})", ""});
        send(client, {"/api/v1/workspaces/acme/integrations",
                      R"({"integrationName":"kv-store","settings":{"persistence":{"scope":"workspace"}}})", ""});
    }
    for (int round = 0; round <= rounds; ++round) {
        ServerProcess server(folder / "data", environment);
        // Whatever was answered before the kill, and the one that was not: the same answer again.
        HttpClient client(server.port());
        for (std::size_t i = answered < 20 ? 0 : answered - 20; i < answered; ++i) {
            const auto reply = send(client, requests[i]);
            BOOST_TEST(reply.header("idempotent-replayed") == "true");
            BOOST_TEST(reply.body.substr(0, reply.body.find(",\"duration\"")) == answers[i]);
            ++replayed;
        }
        std::thread killer;
        if (round < rounds) {
            killer = std::thread([&server, after = std::chrono::milliseconds(20 + random() % 200)] {
                std::this_thread::sleep_for(after);
                server.signal(SIGKILL);
            });
        }
        answered = send_until_killed(server.port(), requests, answered, answers);
        if (killer.joinable()) {
            killer.join();
            server.wait();
            continue;
        }
        const HttpClient::Headers headers{{"Authorization", "Bearer " + key}};
        BOOST_TEST(answered == requests.size());
        BOOST_TEST(client.send("GET", "/api/v1/workspaces/acme/kv/n", {}, headers).body == number_text(count));
        const auto end_users = client.send("GET", "/api/v1/end-users?workspaceId=acme&limit=1", {}, headers).body;
        BOOST_TEST(end_users.find("\"total\":" + number_text(count)) != std::string::npos);
    }
    BOOST_TEST_MESSAGE(rounds << " kills, " << replayed << " answers given again");
}

}  // namespace
}  // namespace alcove::test

// Watches over kill -9: whatever was acknowledged is told, once, in order and whole, and nothing else is.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/rounds.hpp"
#include "tests/crash/watch_run.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

using namespace watch_run;

constexpr int writers = 4;
constexpr int watchers = 9;

BOOST_AUTO_TEST_SUITE(watch_over_kills)

// ALCOVE_WATCH_ROUNDS for more kills, ALCOVE_WATCH_SEED for another series.
BOOST_AUTO_TEST_CASE(every_acknowledged_write_is_told_once_in_order_and_none_is_invented) {
    const auto rounds = from_environment("ALCOVE_WATCH_ROUNDS", 12);
    const auto seed = from_environment("ALCOVE_WATCH_SEED", 1);
    Random random(seed);
    const TemporaryFolder folder;
    const Environment environment{{"ALCOVE_ROOT_KEY", root_key},
                                  {"ALCOVE_STORE_SEGMENT_BYTES", "64KiB"},
                                  {"ALCOVE_STORE_HISTORY_BYTES", "128KiB"},
                                  {"ALCOVE_STORE_APPLY_INTERVAL_SECONDS", "0.1"}};
    Stage stage;
    std::vector<std::unique_ptr<Writer>> all_writers;
    std::vector<std::unique_ptr<Watcher>> all_watchers;
    for (int i = 0; i < writers; ++i)
        all_writers.push_back(std::make_unique<Writer>(stage, seed * 1000 + i));
    for (int i = 0; i < watchers; ++i)
        all_watchers.push_back(std::make_unique<Watcher>(stage, i, seed * 2000 + i));

    auto server = std::make_unique<ServerProcess>(folder / "data", environment);
    {
        HttpClient client(server->port());
        client.send("POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})", headers);
        client.send("POST", "/api/v1/end-users", R"({"workspaceId":"acme","externalId":"u"})", headers);
    }
    stage.port = server->port();
    std::vector<std::thread> writing;
    std::vector<std::thread> watching;
    for (auto& writer : all_writers)
        writing.emplace_back([&writer] { writer->run(); });
    for (auto& watcher : all_watchers)
        watching.emplace_back([&watcher] { watcher->run(); });

    for (std::uint64_t round = 0; round < rounds; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds(300 + random() % 2700));
        server->signal(SIGKILL);
        stage.port = 0;
        server->wait();
        server = std::make_unique<ServerProcess>(folder / "data", environment);
        stage.port = server->port();
    }
    std::this_thread::sleep_for(1s);
    stage.write = false;
    for (auto& thread : writing)
        thread.join();
    std::this_thread::sleep_for(1500ms);  // what has a time to live ends meanwhile
    stage.settle = true;
    HttpClient client(server->port());
    for (std::size_t in = 0; in < namespaces.size(); ++in) {
        const auto last = put_last(client, stage.writes, in);
        for (auto& watcher : all_watchers)
            if (watcher->in == in) watcher->finish_at(last);
    }
    for (auto& thread : watching)
        thread.join();

    std::size_t acknowledged = 0;
    for (const auto& [id, write] : stage.writes.all())
        acknowledged += write.version != 0;
    BOOST_TEST_MESSAGE(rounds << " kills, " << stage.writes.all().size() << " puts, " << acknowledged
                              << " of them acknowledged");
    for (const auto& writer : all_writers)
        BOOST_TEST(writer->problems == "");
    for (const auto& watcher : all_watchers)
        BOOST_TEST_CONTEXT("seed " << seed) check_watcher(*watcher, stage.writes, client);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

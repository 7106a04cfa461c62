// Watches over kill -9: whatever was acknowledged is told, once, in order and whole, and nothing else is.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/watch_run.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

using namespace watch_run;

constexpr int writers = 4;
constexpr int watchers = 9;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// What of the acknowledged writes was not told, though nothing may be missing there; the first few.
std::string find_missing(const Watcher& watcher, const Writes& writes) {
    std::map<std::string, std::set<std::uint64_t>> versions;  // of each key
    for (const auto& [where, what] : watcher.told)
        versions[where.second].insert(where.first);
    std::string missing;
    for (const auto& [id, write] : writes.all()) {
        if (write.in != watcher.in || !write.key.starts_with(watcher.prefix) || missing.size() > 1000) continue;
        const auto within = [&](const auto& span) {
            return span.first < write.version && write.version <= span.second;
        };
        const auto span = std::ranges::find_if(watcher.spans, within);
        if (write.version == 0 || span == watcher.spans.end()) continue;
        const auto exact = watcher.told.find({write.version, write.key});
        if (exact != watcher.told.end() && exact->second == "put " + id) continue;
        const auto& of_key = versions[write.key];
        const auto later = of_key.upper_bound(write.version);
        const bool superseded = later != of_key.end() && *later <= span->second;
        if (watcher.mode == Replica::Mode::latest && superseded) continue;
        missing += id + " of " + write.key + " at " + std::to_string(write.version) + "\n";
    }
    return missing;
}

// What was told and never sent, or at another version than it was acknowledged at; the first few.
std::string find_invented(const Watcher& watcher, const Writes& writes) {
    std::string invented;
    for (const auto& [where, what] : watcher.told) {
        if (!what.starts_with("put ") || invented.size() > 1000) continue;
        const auto found = writes.all().find(what.substr(4));
        const bool fits = found != writes.all().end() && found->second.in == watcher.in &&
                          found->second.key == where.second &&
                          (found->second.version == 0 || found->second.version == where.first);
        if (!fits) invented += what + " of " + where.second + " at " + std::to_string(where.first) + "\n";
    }
    return invented;
}

// One more write that every watcher of the namespace is told of; returns its version.
std::uint64_t put_last(HttpClient& client, Writes& writes, std::size_t in) {
    const auto id = writes.next_id();
    writes.sent(id, {.in = in, .key = "p1/last"});
    const auto body = R"({"operations":[{"op":"put","key":"p1/last","value":")" + id + " \"}]}";
    const auto reply = client.send("POST", namespaces[in] + "/transactions", body, headers);
    const auto version = std::stoull(number_text(reply.body, "version"));
    writes.acknowledged(id, version);
    return version;
}

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
    for (const auto& watcher : all_watchers) {
        BOOST_TEST_CONTEXT("seed " << seed << ", " << namespaces[watcher->in] << ", prefix '" << watcher->prefix
                                   << "', " << (watcher->mode == Replica::Mode::every ? "every" : "latest")) {
            BOOST_TEST(watcher->problems == "");
            BOOST_TEST(watcher->replica.problems() == "");
            BOOST_TEST(find_missing(*watcher, stage.writes) == "");
            BOOST_TEST(find_invented(*watcher, stage.writes) == "");
            const auto listed = read_entries(client, headers, namespaces[watcher->in] + "/kv", watcher->prefix);
            BOOST_TEST((watcher->replica.entries() == listed));
            BOOST_TEST_MESSAGE(watcher->connections << " connections, " << watcher->resumptions << " resumed, "
                                                    << watcher->resets << " resets, " << watcher->spans.size()
                                                    << " snapshots, " << watcher->told.size() << " events");
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// A whole server is killed over and over under everything at once: keys of all scopes, files, renames, webhooks and
// watches. Nothing acknowledged is lost, nothing is there by half, and `alcove check` is content each time.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/crash/mixed_run.hpp"
#include "tests/crash/rounds.hpp"
#include "tests/crash/webhook_run.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

using namespace mixed_run;
using watch_run::Watcher;
using watch_run::Writer;

// Small, so that kills hit new segments, applications, and history being forgotten.
Environment environment_of_server() {
    return {{"ALCOVE_ROOT_KEY", watch_run::root_key},        {"ALCOVE_STORE_SEGMENT_BYTES", "256KiB"},
            {"ALCOVE_STORE_HISTORY_BYTES", "4MiB"},          {"ALCOVE_STORE_APPLY_INTERVAL_SECONDS", "0.1"},
            {"ALCOVE_EXTERNAL_ID_RENAME_ENABLED", "true"},   {"ALCOVE_WEBHOOKS_ALLOW_PRIVATE_TARGETS", "true"},
            {"ALCOVE_WEBHOOKS_RETRY_FIRST_SECONDS", "0.01"}, {"ALCOVE_WEBHOOKS_RETRY_MAX_SECONDS", "0.05"},
            {"ALCOVE_WEBHOOKS_ATTEMPTS_MAX", "1000"}};
}

// All that writes, watches and listens, and its threads.
class Everything {
public:
    explicit Everything(std::uint64_t seed) {
        for (int i = 0; i < 8; ++i)
            add<PairClient>(pairs_, i, seed);
        for (int i = 0; i < 3; ++i)
            add<CounterClient>(counters_, i, seed);
        for (int i = 0; i < 4; ++i)
            add<FileClient>(files_, i, seed);
        for (int i = 0; i < 3; ++i)
            add<UserClient>(users_, i, seed);
        for (int i = 0; i < 2; ++i)
            add<HookClient>(hooks_, i, seed);
        for (int i = 0; i < 2; ++i)
            writers_.push_back(std::make_unique<Writer>(stage, seed * 1000 + static_cast<std::uint64_t>(i)));
        for (int i = 0; i < 9; ++i)
            watchers_.push_back(std::make_unique<Watcher>(stage, i, seed * 2000 + static_cast<std::uint64_t>(i)));
    }

    void set_up(HttpClient& client) const {
        const auto make = [&](const std::string& target, const std::string& body,
                              const HttpClient::Headers& more = {}) {
            const auto made = client.send("POST", target, body, with_headers(more));
            BOOST_REQUIRE_MESSAGE(made.status == 201, target + ": " + made.text());
        };
        for (const std::string slug : {"acme", "mixed"})
            make("/api/v1/workspaces", R"({"name":"W","slug":")" + slug + "\"}");
        make("/api/v1/end-users", R"({"workspaceId":"acme","externalId":"u"})");
        make("/api/v1/end-users", R"({"workspaceId":"mixed","externalId":"pairs"})");
        make(mixed + "/integrations", R"({"integrationName":"kv-store","alias":"kv","settings":{"persistence":)"
                                      R"({"scope":"external","externalId":"by-policy"}}})");
        make(mixed + "/integrations", R"({"integrationName":"kv-store","alias":"own","settings":{"persistence":)"
                                      R"({"scope":"workspace"}}})");
        make("/v2/event-destinations",
             R"({"name":"D","type":"webhook","events":["*"],"webhook":{"url":")" + events.url() + "\"}}",
             {{"Alcove-Workspace", "mixed"}});
        make("/api/v1/triggers/enable",
             R"({"workspaceId":"mixed","integrationName":"kv-store","integrationAlias":"own",)"
             R"("triggerName":"key_changed","input":{"prefix":"hook/"},"callbackUrl":")" +
                 puts.url() + "\"}");
    }
    void start() {
        for (auto& client : clients_)
            threads_.emplace_back([client] { client->run(); });
        for (auto& writer : writers_)
            threads_.emplace_back([&writer] { writer->run(); });
        for (auto& watcher : watchers_)
            watching_.emplace_back([&watcher] { watcher->run(); });
    }
    // Nobody writes from then on, and the server stays.
    void settle(HttpClient& client) {
        stage.write = false;
        for (auto& thread : threads_)
            thread.join();
        std::this_thread::sleep_for(1500ms);  // what has a time to live ends meanwhile
        for (auto* each : clients_)
            each->look(client);
        stage.settle = true;
        for (std::size_t in = 0; in < watch_run::namespaces.size(); ++in) {
            const auto last = watch_run::put_last(client, stage.writes, in);
            for (auto& watcher : watchers_)
                if (watcher->in == in) watcher->finish_at(last);
        }
        for (auto& thread : watching_)
            thread.join();
    }
    void check(HttpClient& client) {
        for (const auto* each : clients_)
            BOOST_TEST(each->problems == "");
        for (const auto& writer : writers_)
            BOOST_TEST(writer->problems == "");
        for (const auto& watcher : watchers_)
            watch_run::check_watcher(*watcher, stage.writes, client);
        check_events();
        check_puts();
        report();
    }

    Stage stage;
    Receiver events{flaky_answer(11)};
    Receiver puts{flaky_answer(13)};

private:
    template <class Kind>
    void add(std::vector<std::unique_ptr<Kind>>& kind, int number, std::uint64_t seed) {
        const std::uint64_t own = seed * 3000 + clients_.size();
        clients_.push_back(kind.emplace_back(std::make_unique<Kind>(stage, number, own)).get());
    }

    // At least once each, under one id, and nothing that was never asked for.
    void check_events() {
        std::map<std::pair<std::string, std::string>, bool> renames;
        for (const auto& user : users_)
            renames.insert(user->renames.begin(), user->renames.end());
        const auto missing = [&] {
            const auto told = renames_told(events);
            return std::ranges::count_if(
                renames, [&](const auto& each) { return each.second && !told.contains(each.first); });
        };
        BOOST_TEST(comes_to_nothing(missing));
        for (const auto& [rename, ids] : renames_told(events)) {
            BOOST_TEST(ids.size() == 1U, rename.first << " to " << rename.second);
            const bool asked = renames.contains(rename) || rename.second == "pairs";
            BOOST_TEST(asked, rename.first << " to " << rename.second << " was invented");
        }
    }
    void check_puts() {
        std::map<std::string, std::pair<std::string, std::uint64_t>> values;
        for (const auto& hook : hooks_)
            values.insert(hook->values.begin(), hook->values.end());
        const auto missing = [&] {
            const PutsTold told(puts);
            return std::ranges::count_if(values, [&](const auto& each) {
                return each.second.second > told.reset && !told.puts.contains(each.first);
            });
        };
        BOOST_TEST(comes_to_nothing(missing));
        for (const auto& [value, where] : PutsTold(puts).puts) {
            const auto sent = values.find(value);
            const bool fits = sent != values.end() && sent->second.first == where.first &&
                              (sent->second.second == 0 || sent->second.second == where.second);
            BOOST_TEST(fits, value << " of " << where.first << " was invented");
        }
    }
    template <class Missing>
    static bool comes_to_nothing(Missing missing) {
        for (int i = 0; i < 120 && missing() != 0; ++i)
            std::this_thread::sleep_for(500ms);
        return missing() == 0;
    }

    template <class Kind>
    static std::uint64_t count(const std::vector<std::unique_ptr<Kind>>& kind) {
        std::uint64_t sum = 0;
        for (const auto& each : kind)
            sum += each->acknowledged;
        return sum;
    }
    void report() const {
        std::uint64_t told = 0;
        std::uint64_t resets = 0;
        for (const auto& watcher : watchers_) {
            told += watcher->told.size();
            resets += watcher->resets;
        }
        std::uint64_t puts_acknowledged = 0;
        for (const auto& [id, write] : stage.writes.all())
            puts_acknowledged += write.version != 0;
        BOOST_TEST_MESSAGE("acknowledged: "
                           << count(pairs_) << " transactions, " << count(counters_)
                           << " increments and keys with a time to live, " << puts_acknowledged << " watched puts, "
                           << count(files_) << " files, " << count(users_) << " renames and removals, "
                           << count(hooks_) << " puts under a trigger; received: " << renames_told(events).size()
                           << " events in " << events.requests().size() << " messages, " << puts.requests().size()
                           << " of the trigger, " << told << " watch events, " << resets << " resets");
    }

    std::vector<std::unique_ptr<PairClient>> pairs_;
    std::vector<std::unique_ptr<CounterClient>> counters_;
    std::vector<std::unique_ptr<FileClient>> files_;
    std::vector<std::unique_ptr<UserClient>> users_;
    std::vector<std::unique_ptr<HookClient>> hooks_;
    std::vector<Client*> clients_;  // all of these
    std::vector<std::unique_ptr<Writer>> writers_;
    std::vector<std::unique_ptr<Watcher>> watchers_;
    std::vector<std::thread> threads_;
    std::vector<std::thread> watching_;
};

// What `alcove check` says when it is not content. It opens the folder as a start does: of a copy, so that the next
// start finds what the killed server left, or of the folder itself.
std::string problems(const std::filesystem::path& data, bool of_copy) {
    const auto folder = of_copy ? data.parent_path() / "copy" : data;
    if (of_copy) std::filesystem::copy(data, folder, std::filesystem::copy_options::recursive);
    const Finished checked = run_program({ALCOVE_BINARY, "check", "--data", folder.string()});
    if (of_copy) std::filesystem::remove_all(folder);
    return checked.status == 0 ? "" : checked.output;
}

BOOST_AUTO_TEST_SUITE(mixed_kills)

// ALCOVE_MIXED_ROUNDS for more kills, ALCOVE_MIXED_SEED for another series.
BOOST_AUTO_TEST_CASE(a_server_killed_under_everything_at_once_loses_nothing) {
    const auto rounds = from_environment("ALCOVE_MIXED_ROUNDS", 40);
    const auto seed = from_environment("ALCOVE_MIXED_SEED", 1);
    const auto begin = Clock::now();
    Random random(seed);
    const TemporaryFolder folder;
    const auto data = folder / "data";
    const auto environment = environment_of_server();
    Everything all(seed);
    {
        const ServerProcess server(data, environment);
        HttpClient client(server.port());
        all.set_up(client);
    }
    all.start();
    for (std::uint64_t round = 0; round < rounds; ++round) {
        BOOST_TEST_CONTEXT("seed " << seed << ", round " << round) {
            if (random() % 6 == 0) {  // while it starts
                BackgroundProgram starting(
                    {ALCOVE_BINARY, "serve", "--data", data.string(), "--listen", "127.0.0.1:0"}, environment);
                std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
                starting.signal(SIGKILL);
                starting.wait();
            } else {
                ServerProcess server(data, environment);
                all.stage.port = server.port();
                std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 600));
                server.signal(SIGKILL);
                all.stage.port = 0;
                BOOST_TEST(server.wait() == 128 + SIGKILL);
            }
            BOOST_TEST(problems(data, random() % 2 == 0) == "");
        }
    }
    BOOST_TEST_CONTEXT("seed " << seed << ", after " << rounds << " kills") {
        ServerProcess server(data, environment);
        all.stage.port = server.port();
        std::this_thread::sleep_for(1s);
        HttpClient client(server.port());
        all.settle(client);
        all.check(client);
        server.signal(SIGTERM);
        BOOST_TEST(server.wait() == 0);
        BOOST_TEST(problems(data, false) == "");
    }
    const std::chrono::duration<double> time = Clock::now() - begin;
    BOOST_TEST_MESSAGE(rounds << " kills with seed " << seed << " in " << time.count() << " s");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// A full index and a full disk: writes are refused before anything is logged, deletes and reads go on, and writes
// come back by themselves.
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

std::string key_of(int i) {
    return "key" + std::to_string(i);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(room, StoreFixture)

BOOST_AUTO_TEST_CASE(a_full_map_refuses_writes_and_recovers_by_deletes) {
    options.map_bytes = std::uint64_t{8} << 20;
    options.apply_interval = std::chrono::milliseconds(20);
    const std::string value(10'000, 'x');
    int written = 0;
    std::string refused;
    kv::Shortage shortage;
    // What is not yet applied counts several times: once it is applied, some more may fit.
    for (int tries = 0; tries < 10'000 && !(refused == "store_full" && shortage.map); ++tries) {
        refused = outcome(commit({put(key_of(written), value)}));
        shortage = store().status().shortage;
        if (refused == "ok") ++written;
    }

    BOOST_TEST(refused == "store_full");
    BOOST_TEST(written > 100);
    BOOST_TEST(shortage.map);
    BOOST_TEST(!shortage.disk);
    BOOST_TEST(get(key_of(0)) == value);
    BOOST_TEST(get(key_of(written)) == "not_found");

    for (int i = 0; i < written; ++i)
        BOOST_TEST(outcome(commit({del(key_of(i))})) == "ok");

    BOOST_TEST(eventually([&] { return !store().status().shortage; }));
    BOOST_TEST(outcome(commit({put("again", value)})) == "ok");
    BOOST_TEST(usage().keys == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_writes_until_there_is_room) {
    std::atomic<std::uint64_t> free{std::uint64_t{1} << 40};
    options.disk_free_bytes = [&free] { return free.load(); };
    BOOST_TEST(outcome(commit({put("a", "1")})) == "ok");
    const kv::Version before = store().status().version;

    free = 0;
    BOOST_TEST(eventually([&] { return store().status().shortage.disk; }));
    BOOST_TEST(!store().status().shortage.map);
    BOOST_TEST(outcome(commit({put("b", "2")})) == "store_full");
    BOOST_TEST(store().status().version == before);
    BOOST_TEST(outcome(commit({del("a")})) == "ok");
    BOOST_TEST(get("a") == "not_found");

    free = std::uint64_t{1} << 40;
    BOOST_TEST(eventually([&] { return !store().status().shortage; }));
    BOOST_TEST(outcome(commit({put("b", "2")})) == "ok");
    close();
}

BOOST_AUTO_TEST_CASE(a_commit_that_frees_space_is_admitted_when_the_store_is_full) {
    std::atomic<std::uint64_t> free{0};
    options.disk_free_bytes = [&free] { return free.load(); };
    kv::Commit job = commit_of({put("job", "1")});
    job.frees_space = true;

    BOOST_TEST(outcome(commit({put("a", "1")})) == "store_full");
    BOOST_TEST(outcome(run(store().commit(name, std::move(job)))) == "ok");
    close();
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_and_loses_nothing) {
    options.queued_commits_max = 8;
    std::vector<boost::asio::awaitable<kv::Result<kv::Committed>>> tasks;
    for (int i = 0; i < 200; ++i)
        tasks.push_back(store().commit(name, commit_of({put(key_of(i), "x")})));
    const auto outcomes = run_all(std::move(tasks));

    std::uint64_t kept = 0;
    for (int i = 0; i < 200; ++i) {
        const bool ok = outcomes[static_cast<std::size_t>(i)].has_value();
        kept += ok;
        BOOST_TEST(get(key_of(i)) == (ok ? "x" : "not_found"));
        if (!ok) BOOST_TEST((outcomes[static_cast<std::size_t>(i)].error().code == kv::Errc::overloaded));
    }
    BOOST_TEST(kept >= 8u);
    BOOST_TEST(kept < 200u);
    BOOST_TEST(usage().keys == kept);
}

BOOST_AUTO_TEST_SUITE_END()

// Emptying a namespace: keys and files go at once and their space behind; versions, quota and memory stay.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

class EmptyFixture : public StoreFixture {
public:
    kv::Result<kv::Version> empty() {
        const auto emptied = run(store().empty(name));
        if (!emptied) return emptied.error();
        return emptied->version;
    }

    kv::Result<kv::Committed> put_file(std::string_view path, std::string_view bytes) {
        kv::Commit commit = commit_of({put(path, bytes)});
        commit.collection = kv::Collection::file;
        return run(store().commit(name, std::move(commit)));
    }
    std::string file(std::string_view path) { return value(run(store().get(name, path, kv::Collection::file))); }

    std::string listed() {
        const auto page = run(store().list(name, {}, {}));
        return page ? print(*page) : outcome(page);
    }
    kv::Commit with_request_id() {
        kv::Commit commit = commit_of({increment("count")});
        commit.request_id = kv::RequestId{.id = "r", .digest = "d"};
        return commit;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(empty, EmptyFixture)

BOOST_AUTO_TEST_CASE(an_emptied_namespace_holds_nothing_and_goes_on) {
    commit({put("a", "1"), put("b", "2")});
    const auto last = put_file("f", "file");
    BOOST_TEST(get("a") == "1");

    const auto version = empty();

    BOOST_TEST(*version == last->version + 1);
    BOOST_TEST(get("a") == "not_found");
    BOOST_TEST(file("f") == "not_found");
    BOOST_TEST(listed() == "");
    BOOST_TEST(usage().keys + usage().bytes + usage().files + usage().file_bytes == 0u);
    BOOST_TEST(usage().version == *version);
    BOOST_TEST(outcome(commit({put("a", "3")}, {absent("a")})) == "ok");
    BOOST_TEST(get("a") == "3");
    BOOST_TEST(get("b") == "not_found");
}

BOOST_AUTO_TEST_CASE(other_namespaces_stay) {
    commit({put("a", "1")});
    run(store().commit(end_user_namespace(), commit_of({put("a", "2")})));
    empty();
    name = end_user_namespace();
    BOOST_TEST(get("a") == "2");
}

BOOST_AUTO_TEST_CASE(emptying_what_holds_nothing_is_no_commit) {
    const kv::Version before = store().status().version;
    BOOST_TEST(empty().value() == 0u);
    const auto written = commit({put("a", "1")});
    const auto deleted = commit({del("a")});
    BOOST_TEST(empty().value() == deleted->version);
    BOOST_TEST(store().status().version == before + 2);
    BOOST_TEST(changes(written->version) == "remove a");
}

BOOST_AUTO_TEST_CASE(a_dropped_owner_is_not_found_and_the_system_namespace_is_refused) {
    name = kv::system_namespace();
    BOOST_TEST(outcome(empty()) == "invalid");
    name = end_user_namespace();
    commit({put("a", "1")});
    run(store().drop_owner(
        {.workspace = name.workspace, .subject = kv::Owner::Subject{.scope = name.scope, .id = name.subject}}));
    BOOST_TEST(outcome(empty()) == "not_found");
}

BOOST_AUTO_TEST_CASE(the_history_begins_anew_and_says_why) {
    const auto before = commit({put("a", "1")});
    const auto version = empty();
    commit({put("b", "2")});

    for (const kv::Version after : {kv::Version{0}, before->version, *version - 1}) {
        const auto page = run(store().changes(name, after, 10, 1 << 20));
        BOOST_TEST(outcome(page) == "compacted");
        BOOST_TEST(page.error().emptied);
    }
    BOOST_TEST(changes(*version) == "put b");
    reopen();
    BOOST_TEST(changes(*version) == "put b");
    BOOST_TEST(run(store().changes(name, 0, 10, 1 << 20)).error().emptied);
}

BOOST_AUTO_TEST_CASE(observers_are_told) {
    std::vector<kv::Change> heard;
    const auto observer = [&heard](const kv::PublicationPointer& told) {
        heard.insert(heard.end(), told->changes().begin(), told->changes().end());
    };
    const auto subscription = store().subscribe(name, observer);
    commit({put("a", "1")});
    const auto version = empty();

    BOOST_REQUIRE(heard.size() == 2u);
    BOOST_TEST((heard[1].kind == kv::Change::Kind::empty));
    BOOST_TEST(heard[1].version == *version);
}

BOOST_AUTO_TEST_CASE(remembered_requests_and_the_quota_stay) {
    const auto once = run(store().commit(name, with_request_id()));
    run(store().set_quota(name, {.keys = 1}));
    for (int round = 0; round < 3; ++round) {
        BOOST_TEST(outcome(empty()) == "ok");
        const auto again = run(store().commit(name, with_request_id()));
        BOOST_TEST(again->replayed);
        BOOST_TEST(again->version == once->version);
        BOOST_TEST(get("count") == "not_found");
        BOOST_TEST(outcome(commit({put("a", "1"), put("b", "1")})) == "quota_exceeded");
        BOOST_TEST(outcome(commit({put("a", "1")})) == "ok");
        store().apply_now();
        if (round == 1) reopen();
    }
    clock.advance(kv::limits::request_memory_ms);
    BOOST_TEST(outcome(commit({del("a")})) == "ok");
    BOOST_TEST(!run(store().commit(name, with_request_id()))->replayed);
}

BOOST_AUTO_TEST_CASE(an_emptying_with_a_request_id_happens_once) {
    const kv::RequestId id{.id = "e", .digest = "d"};
    for (const bool written : {false, true}) {
        name = external_namespace(written ? "written" : "unwritten");
        if (written) commit({put("a", "1")});
        const auto once = run(store().empty(name, id));
        BOOST_TEST(!once->replayed);
        commit({put("b", "2")});
        for (int round = 0; round < 2; ++round) {
            const auto again = run(store().empty(name, id));
            BOOST_TEST(again->replayed);
            BOOST_TEST(again->version == once->version);
            BOOST_TEST(get("b") == "2");
            reopen();
        }
        BOOST_TEST(outcome(run(store().empty(name, kv::RequestId{.id = "e", .digest = "other"}))) ==
                   "idempotency_conflict");
        BOOST_TEST(changes(once->version) == "put b");
        BOOST_TEST(usage().keys == 1u);
        empty();
        BOOST_TEST(run(store().empty(name, id))->replayed);
    }
    BOOST_TEST(outcome(run(store().empty(name, kv::RequestId{}))) == "invalid");
}

BOOST_AUTO_TEST_CASE(what_would_have_expired_does_not_count_twice) {
    commit({put("a", "1", kv::Expiry::after(50)), put("b", "1", kv::Expiry::after(50))});
    empty();
    commit({put("a", "2")});
    clock.advance(100);
    commit({put("c", "3", kv::Expiry::after(1))});
    clock.advance(100);
    BOOST_TEST(eventually([&] { return usage().keys == 1; }));
    BOOST_TEST(get("a") == "2");
    reopen();
    BOOST_TEST(usage().keys == 1u);
    BOOST_TEST(usage().bytes == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_left_of_an_emptied_namespace_does_not_hold_up_the_expiry_of_others) {
    options.apply_interval = std::chrono::hours(1);  // nothing is purged
    for (int i = 0; i < 9; ++i) {
        std::vector<kv::Operation> operations;
        for (int j = 0; j < 1000; ++j)
            operations.push_back(put(std::to_string(i) + "/" + std::to_string(j), "x", kv::Expiry::after(10)));
        commit(std::move(operations));
    }
    empty();
    name = workspace_namespace(2);
    commit({put("a", "1", kv::Expiry::after(11))});
    clock.advance(20);
    int waited_ms = 0;
    BOOST_TEST(eventually([&] {
        clock.advance(10);
        waited_ms += 10;
        return usage().keys == 0;
    }));
    BOOST_TEST(waited_ms <= 1000);
}

BOOST_AUTO_TEST_CASE(a_restart_at_any_point_leaves_it_emptied) {
    for (int round = 0; round < 4; ++round) {
        commit({put("a", "1"), put("b", "2")});
        if (round % 2 == 0) store().apply_now();
        const auto version = empty();
        if (round < 2) reopen();
        BOOST_TEST(listed() == "");
        BOOST_TEST(usage().version == *version);
        commit({put("c", std::to_string(round))});
        reopen();
        BOOST_TEST(listed() == "c=");
        store().apply_now();
        BOOST_TEST(listed() == "c=");
        BOOST_TEST(get("c") == std::to_string(round));
        BOOST_TEST(usage().keys == 1u);
    }
}

// Everything but the internal entries of the first round would fill the map twice over.
BOOST_AUTO_TEST_CASE(the_space_is_freed_also_when_a_restart_comes_between) {
    options.map_bytes = std::uint64_t{24} << 20;
    options.apply_interval = std::chrono::milliseconds(20);
    const auto once = run(store().commit(name, with_request_id()));
    for (int round = 0; round < 8; ++round) {
        for (int i = 0; i < 100; ++i) {
            const std::string key = std::to_string(i);
            BOOST_REQUIRE(eventually([&] {
                return outcome(commit({put(key, std::string(60'000, 'x'), kv::Expiry::after(1'000'000))})) == "ok";
            }));
        }
        BOOST_TEST(outcome(empty()) == "ok");
        if (round % 2 == 0) reopen();
    }
    BOOST_TEST(get("1") == "not_found");
    BOOST_TEST(run(store().commit(name, with_request_id()))->version == once->version);
}

BOOST_AUTO_TEST_CASE(dropping_an_emptied_namespace_frees_all_its_numbers) {
    name = end_user_namespace();
    run(store().commit(name, with_request_id()));
    empty();
    commit({put("a", "1")});
    run(store().drop_owner({.workspace = name.workspace, .subject = {}}));
    store().apply_now();
    reopen();
    clock.advance(2 * kv::limits::request_memory_ms);
    BOOST_TEST(outcome(commit({put("a", "1")})) == "not_found");
}

// Every round writes all keys in one commit and empties: a list must show all or none, whatever the caches know.
BOOST_AUTO_TEST_CASE(readers_see_all_or_nothing_while_it_is_emptied_and_purged) {
    options.apply_interval = std::chrono::milliseconds(1);
    store();
    std::atomic<bool> done = false;
    std::atomic<int> torn = 0;
    std::atomic<int> stale = 0;
    std::atomic<int> round_emptied = 0;
    auto read = [&] {
        while (!done) {
            const int emptied = round_emptied;
            const auto page = run(store().list(name, {}, {.entries_max = 100, .values = kv::Values::include}));
            if (page->items.size() != 0 && page->items.size() != 40) ++torn;
            if (!page->items.empty() && std::stoi(std::string(page->items[0].entry.value)) <= emptied) ++stale;
            const auto one = run(store().get(name, "0"));
            if (one && std::stoi(one->value) <= emptied) ++stale;
        }
    };
    std::thread first(read);
    std::thread second(read);
    for (int round = 1; round <= 150; ++round) {
        std::vector<kv::Operation> operations;
        for (int i = 0; i < 40; ++i)
            operations.push_back(put(std::to_string(i), std::to_string(round)));
        commit(std::move(operations));
        empty();
        round_emptied = round;
    }
    done = true;
    first.join();
    second.join();
    BOOST_TEST(torn == 0);
    BOOST_TEST(stale == 0);
}

BOOST_AUTO_TEST_CASE(commits_of_one_group_see_the_emptying_between_them) {
    for (int round = 0; round < 20; ++round) {
        std::vector<boost::asio::awaitable<kv::Result<kv::Committed>>> tasks;
        for (int i = 0; i < 20; ++i) {
            tasks.push_back(store().commit(name, commit_of({put("k" + std::to_string(i), "x")})));
            if (i == 10) tasks.push_back(store().empty(name));
        }
        const auto outcomes = run_all(std::move(tasks));
        std::size_t after = 0;
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            after += i != 11 && outcomes[i]->version > outcomes[11]->version ? 1 : 0;
        BOOST_TEST(usage().keys == after);
        if (round % 5 == 0) reopen();
        BOOST_TEST(usage().keys == after);
    }
}

BOOST_AUTO_TEST_SUITE_END()

// The history of a namespace: what changed after a version, and what happens when it no longer reaches back.
#include <boost/test/unit_test.hpp>
#include <map>

#include "kv/lmdb/core.hpp"
#include "kv/record.hpp"
#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

BOOST_FIXTURE_TEST_SUITE(history, StoreFixture)

BOOST_AUTO_TEST_CASE(changes_are_told_in_order_and_only_of_the_namespace) {
    commit({put("a", "1")});
    run(store().commit(workspace_namespace(2), commit_of({put("other", "x")})));
    const auto second = commit({put("b", "2"), del("a")});
    commit({delete_prefix("")});

    BOOST_TEST(changes() == "put a, remove a, put b, remove b");
    BOOST_TEST(changes(second->version) == "remove b");
}

BOOST_AUTO_TEST_CASE(a_page_ends_with_a_whole_version) {
    commit({put("a", "1"), put("b", "2"), put("c", "3")});
    commit({put("d", "4")});

    const auto first = run(store().changes(name, 0, 1, 1 << 20));
    BOOST_TEST(first->changes.size() == 3u);
    BOOST_TEST(first->more);
    const auto second = run(store().changes(name, first->through, 1, 1 << 20));
    BOOST_TEST(second->changes.size() == 1u);
    BOOST_TEST(!second->more);
    BOOST_TEST(second->through == store().status().version);
}

// The index knows commits of one group by runs: pages begin and end inside them.
BOOST_AUTO_TEST_CASE(changes_of_one_group_are_read_from_any_version_on) {
    constexpr std::size_t commits = 300;
    const kv::NamespaceName other = workspace_namespace(2);
    const auto is_other = [](std::size_t i) { return i % 50 == 17; };
    std::vector<boost::asio::awaitable<kv::Result<kv::Committed>>> tasks;
    for (std::size_t i = 0; i < commits; ++i) {
        const std::string value(i % 50 == 30 ? 60'000 : 10, 'x');
        tasks.push_back(
            store().commit(is_other(i) ? other : name, commit_of({put("k" + std::to_string(i), value)})));
    }
    const auto outcomes = run_all(std::move(tasks));
    std::map<kv::Version, std::string> written;
    for (std::size_t i = 0; i < commits; ++i) {
        if (!is_other(i)) written.emplace(outcomes[i]->version, "k" + std::to_string(i));
    }

    for (const bool applied : {false, true}) {
        if (applied) store().apply_now();
        std::string rest;
        for (auto it = written.rbegin(); it != written.rend(); ++it) {
            BOOST_TEST(changes(it->first) == rest);
            rest = "put " + it->second + (rest.empty() ? "" : ", ") + rest;
        }
        BOOST_TEST(changes() == rest);
        kv::Version through = 0;
        for (const auto& [version, key] : written) {
            const auto page = run(store().changes(name, through, 1, 1 << 20));
            BOOST_REQUIRE(page->changes.size() == 1u);
            BOOST_TEST(page->changes[0].key == key);
            BOOST_TEST(page->changes[0].version == version);
            BOOST_TEST(page->more == (version != written.rbegin()->first));
            through = page->through;
        }
    }
}

BOOST_AUTO_TEST_CASE(a_change_names_the_version_that_it_replaced) {
    const auto first = commit({put("a", "1")});
    commit({put("a", "2")});

    const auto page = run(store().changes(name, first->version, 10, 1 << 20));
    BOOST_TEST(page->changes[0].previous_version == first->version);
    BOOST_TEST(page->changes[0].entry->value == "2");
}

BOOST_AUTO_TEST_CASE(history_survives_applying_and_reopening) {
    commit({put("a", "1")});
    store().apply_now();
    commit({put("b", "2")});
    reopen();

    BOOST_TEST(changes() == "put a, put b");
}

BOOST_AUTO_TEST_CASE(a_trimmed_history_says_so_and_the_data_stays) {
    options.segment_bytes = 64 << 10;
    options.history_bytes = 128 << 10;
    options.apply_interval = std::chrono::milliseconds(20);
    const auto first = commit({put("first", "1")});
    for (int i = 0; i < 200; ++i)
        commit({put("a", std::string(5000, 'x'))});
    const kv::Version late = store().status().version;
    commit({put("last", "2")});

    BOOST_TEST(eventually([&] { return changes(first->version) == "compacted"; }));
    BOOST_TEST(changes(late) == "put last");
    BOOST_TEST(get("first") == "1");
    reopen();
    BOOST_TEST(changes(first->version) == "compacted");
    BOOST_TEST(changes(late) == "put last");
}

// What a crash in the middle of forgetting leaves: changes are gone from the index, their segment is there.
BOOST_AUTO_TEST_CASE(history_that_was_forgotten_by_half_is_forgotten) {
    const auto first = commit({put("a", "1")});
    const auto second = commit({put("b", "2")});
    commit({put("c", "3")});
    store().apply_now();
    close();
    {
        kv::Environment index(options.directory / "index", options.map_bytes);
        kv::WriteTransaction txn(index);
        std::string forgotten;
        kv::append_be64(forgotten, second->version);
        txn.put(kv::forgotten_key, forgotten);
        const auto id = kv::decode_state(*txn.get(kv::state_key(name))).id;
        txn.erase(kv::change_key(id, first->version));
        txn.commit();
    }
    BOOST_TEST(changes(0) == "compacted");
    BOOST_TEST(changes(first->version) == "compacted");
    BOOST_TEST(changes(second->version) == "put c");
}

BOOST_AUTO_TEST_CASE(a_namespace_that_began_after_the_trimmed_part_has_its_whole_history) {
    options.segment_bytes = 64 << 10;
    options.history_bytes = 128 << 10;
    options.apply_interval = std::chrono::milliseconds(20);
    for (int i = 0; i < 200; ++i)
        commit({put("a", std::string(5000, 'x'))});
    BOOST_TEST(eventually([&] { return changes(0) == "compacted"; }));

    name = workspace_namespace(2);
    commit({put("new", "1")});
    BOOST_TEST(changes(0) == "put new");
}

BOOST_AUTO_TEST_CASE(observers_hear_of_a_commit_before_its_answer) {
    std::vector<std::string> heard;
    const auto observer = [&heard](const kv::PublicationPointer& told) {
        for (const kv::Change& change : told->changes())
            heard.push_back(change.key);
    };
    auto subscription = store().subscribe(name, observer);
    commit({put("a", "1"), put("b", "2")});
    BOOST_TEST(heard == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());

    subscription.reset();
    commit({put("c", "3")});
    BOOST_TEST(heard.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

// Time to live: to the millisecond, as an ordered event, and over restarts and clocks that are set back.
#include <boost/test/unit_test.hpp>

#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;
using kv::Expiry;

BOOST_FIXTURE_TEST_SUITE(expiry, StoreFixture)

BOOST_AUTO_TEST_CASE(a_key_is_there_until_its_millisecond_and_gone_from_it_on) {
    commit({put("a", "1", Expiry::after(1000))});

    clock.advance(999);
    BOOST_TEST(get("a") == "1");
    clock.advance(1);
    BOOST_TEST(get("a") == "not_found");
}

BOOST_AUTO_TEST_CASE(an_expired_key_becomes_an_event_and_leaves_the_usage) {
    commit({put("a", "1", Expiry::after(1000)), put("b", "2")});
    clock.advance(1000);

    BOOST_TEST(eventually([&] { return usage().keys == 1; }));
    BOOST_TEST(changes() == "put a, put b, expire a");
    BOOST_TEST(usage().bytes == 2u);
}

BOOST_AUTO_TEST_CASE(a_write_that_meets_an_expired_key_comes_after_its_event_and_creates) {
    options.apply_interval = std::chrono::hours(1);
    commit({put("a", "1", Expiry::after(1000))});
    clock.advance(5000);

    const auto created = commit({put("a", "2")}, {absent("a")});

    BOOST_TEST(outcome(created) == "ok");
    BOOST_TEST(!created->results[0].existed);
    BOOST_TEST(changes() == "put a, expire a, put a");
    const auto entry = run(store().get(name, "a"));
    BOOST_TEST(entry->created_version == created->version);
}

BOOST_AUTO_TEST_CASE(a_renewed_key_stays) {
    commit({put("a", "1", Expiry::after(1000))});
    commit({touch("a", Expiry::after(10'000))});
    clock.advance(2000);
    commit({put("b", "")});
    std::this_thread::sleep_for(std::chrono::milliseconds(300));

    BOOST_TEST(get("a") == "1");
    BOOST_TEST(changes() == "put a, put a, put b");
}

BOOST_AUTO_TEST_CASE(a_put_without_ttl_clears_an_earlier_one) {
    commit({put("a", "1", Expiry::after(1000))});
    commit({put("a", "2")});
    clock.advance(5000);

    BOOST_TEST(get("a") == "2");
    BOOST_TEST(!run(store().get(name, "a"))->expires_ms);
}

BOOST_AUTO_TEST_CASE(an_expired_key_fails_a_check_that_wants_it) {
    const auto first = commit({put("a", "1", Expiry::after(1000))});
    clock.advance(1000);

    BOOST_TEST(outcome(commit({}, {at_version("a", first->version)})) == "check_failed");
    BOOST_TEST(outcome(commit({}, {absent("a")})) == "ok");
}

BOOST_AUTO_TEST_CASE(expired_keys_are_in_no_list_and_no_prefix_delete) {
    commit({put("a", "1", Expiry::after(1000)), put("b", "2")});
    clock.advance(1000);

    const auto page = run(store().list(name, {}, {}));
    const auto deleted = commit({delete_prefix("")});

    BOOST_TEST(page->items.size() == 1u);
    BOOST_TEST(page->items[0].key == "b");
    BOOST_TEST(deleted->results[0].deleted == 1u);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_revives_nothing) {
    commit({put("a", "1", Expiry::after(1000))});
    clock.advance(1000);
    BOOST_TEST(get("a") == "not_found");

    clock.advance(-500);
    BOOST_TEST(get("a") == "not_found");
    BOOST_TEST(eventually([&] { return changes() == "put a, expire a"; }));
    reopen();
    BOOST_TEST(get("a") == "not_found");
}

BOOST_AUTO_TEST_CASE(keys_that_expired_while_the_store_was_closed_expire_at_the_start) {
    commit({put("a", "1", Expiry::after(1000))});
    close();
    clock.advance(1000);

    BOOST_TEST(get("a") == "not_found");
    BOOST_TEST(eventually([&] { return changes() == "put a, expire a"; }));
}

BOOST_AUTO_TEST_CASE(thousands_of_keys_that_expire_at_once_are_swept_while_writes_go_on) {
    constexpr int keys = 20'000;
    for (int i = 0; i < keys; i += 1000) {
        std::vector<kv::Operation> operations;
        for (int k = i; k < i + 1000; ++k)
            operations.push_back(put(std::to_string(k), "x", Expiry::after(1000)));
        commit(std::move(operations));
    }
    clock.advance(1000);

    int written = 0;
    while (usage().keys != static_cast<std::uint64_t>(written)) {
        BOOST_REQUIRE(outcome(commit({put("w" + std::to_string(written), "")})) == "ok");
        ++written;
        BOOST_REQUIRE(written < keys);
    }

    BOOST_TEST(written > 10);
    const auto page = run(store().list(name, {}, {.entries_max = 1}));
    BOOST_TEST(page->items[0].key == "w0");
}

BOOST_AUTO_TEST_SUITE_END()

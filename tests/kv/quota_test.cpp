// Quotas: what grows a namespace beyond them is refused alone, what shrinks it goes through, and they last.
#include <boost/test/unit_test.hpp>

#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

class QuotaFixture : public StoreFixture {
public:
    std::string set(kv::Quota quota) { return outcome(run(store().set_quota(name, quota))); }
    kv::Quota quota() { return run(store().describe(name)).value().quota; }

    // "bytes 8 of 10": which quota was exceeded.
    static std::string excess(const kv::Result<kv::Committed>& committed) {
        if (committed || !committed.error().exceeded) return outcome(committed);
        const kv::ExceededQuota exceeded = *committed.error().exceeded;
        return (exceeded.kind == kv::ExceededQuota::Kind::bytes ? "bytes " : "keys ") +
               std::to_string(exceeded.used) + " of " + std::to_string(exceeded.limit);
    }
    // "ok", or how long to wait.
    std::string write() {
        const auto committed = commit({increment("count")});
        if (committed || committed.error().code != kv::Errc::rate_limited) return outcome(committed);
        return std::to_string(committed.error().retry_after_ms);
    }

    kv::Result<kv::Committed> put_file(std::string_view path, std::string_view bytes) {
        kv::Commit commit = commit_of({put(path, bytes)});
        commit.collection = kv::Collection::file;
        return run(store().commit(name, std::move(commit)));
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(quota, QuotaFixture)

BOOST_AUTO_TEST_CASE(a_commit_that_grows_the_namespace_over_its_bytes_fails_and_changes_nothing) {
    set({.bytes = 10});
    BOOST_TEST(outcome(commit({put("a", "1234")})) == "ok");
    BOOST_TEST(outcome(commit({put("b", "1234")})) == "ok");

    BOOST_TEST(excess(commit({put("c", "")})) == "bytes 10 of 10");
    BOOST_TEST(excess(commit({put("a", "12345")})) == "bytes 10 of 10");
    BOOST_TEST(get("c") == "not_found");
    BOOST_TEST(get("a") == "1234");
    BOOST_TEST(outcome(commit({put("a", "4321")})) == "ok");
    BOOST_TEST(outcome(commit({del("a"), put("c", "1234")})) == "ok");
}

BOOST_AUTO_TEST_CASE(keys_and_files_count_together) {
    set({.bytes = 100, .keys = 2});
    commit({put("a", "1")});
    put_file("f", "1");

    BOOST_TEST(excess(commit({put("b", "1")})) == "keys 2 of 2");
    BOOST_TEST(excess(put_file("g", "1")) == "keys 2 of 2");
    BOOST_TEST(excess(put_file("f", std::string(100, 'x'))) == "bytes 4 of 100");
    BOOST_TEST(outcome(put_file("f", "another")) == "ok");
}

BOOST_AUTO_TEST_CASE(a_namespace_over_its_quota_accepts_what_shrinks_it) {
    commit({put("a", "12345"), put("b", "12345"), put("c", "12345")});
    set({.bytes = 1, .keys = 1});

    BOOST_TEST(excess(commit({put("d", "")})) == "bytes 18 of 1");
    BOOST_TEST(outcome(commit({put("a", "123")})) == "ok");
    BOOST_TEST(outcome(commit({put("b", "54321")})) == "ok");
    BOOST_TEST(outcome(commit({del("a")})) == "ok");
    BOOST_TEST(outcome(commit({delete_prefix("")})) == "ok");
    BOOST_TEST(outcome(commit({put("d", "")})) == "ok");
}

BOOST_AUTO_TEST_CASE(what_has_expired_makes_room_in_the_very_commit_that_replaces_it) {
    set({.bytes = 5});
    commit({put("a", "1234", kv::Expiry::after(10))});
    clock.advance(10);

    BOOST_TEST(excess(commit({put("a", "12345")})) == "bytes 0 of 5");
    BOOST_TEST(outcome(commit({put("a", "4321")})) == "ok");
}

BOOST_AUTO_TEST_CASE(a_quota_lasts_over_a_restart_and_an_application) {
    set({.bytes = 10, .keys = 3, .writes_per_second = 7});
    reopen();
    BOOST_TEST((quota() == kv::Quota{.bytes = 10, .keys = 3, .writes_per_second = 7}));
    commit({put("a", "1")});
    store().apply_now();
    reopen();
    BOOST_TEST((quota() == kv::Quota{.bytes = 10, .keys = 3, .writes_per_second = 7}));

    set({.keys = 4});
    reopen();
    BOOST_TEST((quota() == kv::Quota{.keys = 4}));
    BOOST_TEST(get("a") == "1");
}

BOOST_AUTO_TEST_CASE(a_quota_can_be_set_before_the_first_write) {
    BOOST_TEST(set({.keys = 1}) == "ok");
    BOOST_TEST(get("a") == "not_found");
    commit({put("a", "1")});
    BOOST_TEST(excess(commit({put("b", "1")})) == "keys 1 of 1");
    BOOST_TEST(usage().keys == 1u);
    BOOST_TEST(changes() == "put a");
}

BOOST_AUTO_TEST_CASE(the_same_quota_again_is_no_commit) {
    const kv::Version before = store().status().version;
    set({});
    BOOST_TEST(store().status().version == before);
    set({.keys = 1});
    const kv::Version after = store().status().version;
    set({.keys = 1});
    BOOST_TEST(store().status().version == after);
}

BOOST_AUTO_TEST_CASE(a_dropped_owner_and_the_system_namespace_have_no_quota) {
    name = kv::system_namespace();
    BOOST_TEST(set({.keys = 1}) == "invalid");
    name = workspace_namespace();
    BOOST_TEST(set({.writes_per_second = 0}) == "invalid");
    run(store().drop_owner({.workspace = name.workspace, .subject = {}}));
    BOOST_TEST(set({.keys = 1}) == "not_found");
    BOOST_TEST(outcome(run(store().describe(name))) == "not_found");
}

BOOST_AUTO_TEST_CASE(a_namespace_may_write_one_seconds_worth_at_once_and_then_as_it_comes) {
    set({.writes_per_second = 4});
    for (int i = 0; i < 4; ++i)
        BOOST_TEST(write() == "ok");
    BOOST_TEST(write() == "250");
    clock.advance(249);
    BOOST_TEST(write() == "1");
    clock.advance(1);
    BOOST_TEST(write() == "ok");
    BOOST_TEST(write() == "250");

    clock.advance(60'000);
    for (int i = 0; i < 4; ++i)
        BOOST_TEST(write() == "ok");
    BOOST_TEST(write() == "250");
    BOOST_TEST(get("count") == "9");
}

BOOST_AUTO_TEST_CASE(the_rate_of_one_namespace_is_not_that_of_another) {
    set({.writes_per_second = 1});
    BOOST_TEST(write() == "ok");
    BOOST_TEST(write() == "1000");
    name = workspace_namespace(2);
    set({.writes_per_second = 1});
    BOOST_TEST(write() == "ok");
    name = workspace_namespace(3);
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(write() == "ok");
}

BOOST_AUTO_TEST_CASE(what_only_frees_space_and_what_changes_nothing_costs_no_write) {
    commit({put("a", "1"), put("b", "1")});
    set({.writes_per_second = 1});
    BOOST_TEST(outcome(commit({put("c", "1")}, {absent("a")})) == "check_failed");
    BOOST_TEST(write() == "ok");
    BOOST_TEST(outcome(commit({del("a")})) == "ok");
    BOOST_TEST(outcome(commit({delete_prefix("b")})) == "ok");
    BOOST_TEST(outcome(run(store().empty(name))) == "ok");
    BOOST_TEST(set({.writes_per_second = 2}) == "ok");
    BOOST_TEST(write() == "500");
}

BOOST_AUTO_TEST_CASE(a_replay_is_refused_by_no_quota) {
    kv::Commit first = commit_of({put("a", "1")});
    first.request_id = kv::RequestId{.id = "r", .digest = "d"};
    const auto once = run(store().commit(name, first));
    set({.bytes = 0, .keys = 0, .writes_per_second = 1});
    BOOST_TEST(outcome(commit({put("a", "2")})) == "ok");
    BOOST_TEST(write() == "1000");

    const auto again = run(store().commit(name, first));
    BOOST_TEST(again->replayed);
    BOOST_TEST(again->version == once->version);
}

BOOST_AUTO_TEST_SUITE_END()

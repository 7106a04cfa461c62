// Dropping an owner: gone at once and for good, whatever was under way, and its space is freed behind.
#include <boost/test/unit_test.hpp>

#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

kv::Owner owner_of(const kv::NamespaceName& name) {
    kv::Owner owner{.workspace = name.workspace, .subject = {}};
    if (!name.subject.empty()) owner.subject = kv::Owner::Subject{.scope = name.scope, .id = name.subject};
    return owner;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(drop, StoreFixture)

BOOST_AUTO_TEST_CASE(a_dropped_owner_is_gone_for_every_caller_and_for_good) {
    name = end_user_namespace();
    commit({put("a", "1")});
    BOOST_TEST(get("a") == "1");

    run(store().drop_owner(owner_of(name)));

    BOOST_TEST(get("a") == "not_found");
    BOOST_TEST(outcome(commit({put("a", "2")})) == "not_found");
    BOOST_TEST(outcome(run(store().list(name, {}, {}))) == "not_found");
    BOOST_TEST(outcome(run(store().usage(name))) == "not_found");
    BOOST_TEST(changes() == "not_found");
    reopen();
    BOOST_TEST(get("a") == "not_found");
    BOOST_TEST(outcome(commit({put("a", "2")})) == "not_found");
}

BOOST_AUTO_TEST_CASE(dropping_a_workspace_drops_all_its_namespaces_and_no_others) {
    for (const auto& each : {workspace_namespace(1), end_user_namespace(1, 1), external_namespace("x", 1),
                             workspace_namespace(2), end_user_namespace(1, 2)}) {
        name = each;
        commit({put("a", "1")});
    }

    run(store().drop_owner({.workspace = uuid(1), .subject = {}}));

    std::string seen;
    for (const auto& each : {workspace_namespace(1), end_user_namespace(1, 1), external_namespace("x", 1),
                             workspace_namespace(2), end_user_namespace(1, 2)}) {
        name = each;
        seen += get("a") + " ";
    }
    BOOST_TEST(seen == "not_found not_found not_found 1 1 ");
}

BOOST_AUTO_TEST_CASE(an_owner_whose_name_begins_alike_stays) {
    name = external_namespace("tenant");
    commit({put("a", "1")});
    name = external_namespace("tenant-2");
    commit({put("a", "2")});

    run(store().drop_owner(owner_of(external_namespace("tenant"))));
    store().apply_now();
    run(store().drop_owner(owner_of(external_namespace("ten"))));
    store().apply_now();

    BOOST_TEST(get("a") == "2");
}

BOOST_AUTO_TEST_CASE(the_nil_workspace_of_the_system_namespace_cannot_be_dropped) {
    name = kv::system_namespace();
    commit({put("a", "1")});

    BOOST_TEST(outcome(run(store().drop_owner({.workspace = {}, .subject = {}}))) == "invalid");
    BOOST_TEST(get("a") == "1");
}

BOOST_AUTO_TEST_CASE(dropping_does_not_lose_what_the_same_group_committed_elsewhere) {
    std::vector<boost::asio::awaitable<kv::Result<kv::Committed>>> tasks;
    auto drop = [this]() -> boost::asio::awaitable<kv::Result<kv::Committed>> {
        auto dropped = co_await store().drop_owner(owner_of(end_user_namespace(9)));
        co_return kv::Committed{.version = *dropped, .results = {}, .replayed = false};
    };
    for (int i = 0; i < 50; ++i) {
        tasks.push_back(store().commit(name, commit_of({put("k" + std::to_string(i), "x")})));
        if (i == 25) tasks.push_back(drop());
    }
    run_all(std::move(tasks));

    BOOST_TEST(usage().keys == 50u);
    reopen();
    BOOST_TEST(usage().keys == 50u);
}

BOOST_AUTO_TEST_CASE(the_space_of_a_dropped_owner_is_freed_also_when_a_restart_comes_between) {
    options.map_bytes = std::uint64_t{24} << 20;
    options.apply_interval = std::chrono::milliseconds(20);
    for (int round = 0; round < 6; ++round) {
        name = end_user_namespace(static_cast<std::uint8_t>(10 + round));
        for (int i = 0; i < 100; ++i) {
            const std::string key = std::to_string(i);
            BOOST_REQUIRE(eventually([&] {
                return outcome(commit({put(key, std::string(60'000, 'x'), kv::Expiry::after(1'000'000))})) == "ok";
            }));
        }
        run(store().drop_owner(owner_of(name)));
        if (round % 2 == 0) reopen();
    }
    BOOST_TEST(get("1") == "not_found");
}

BOOST_AUTO_TEST_SUITE_END()

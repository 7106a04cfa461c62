// Keys that hold the version of the commit that made them.
#include <boost/test/unit_test.hpp>

#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

struct SequentialFixture : StoreFixture {
    // The values below a prefix, in the order of their keys.
    std::string values(std::string_view prefix) {
        kv::KeyRange range;
        range.prefix = prefix;
        kv::PageRequest page;
        page.values = kv::Values::include;
        std::string text;
        const auto listed = run(store().list(name, range, page)).value();
        for (const auto& item : listed.items)
            text.append(text.empty() ? "" : " ").append(item.entry.value);
        return text;
    }
};

BOOST_FIXTURE_TEST_SUITE(sequential, SequentialFixture)

BOOST_AUTO_TEST_CASE(a_sequential_key_holds_the_version_of_its_commit) {
    const auto committed =
        commit({put("a", "1"), put_sequential("event/", "/0", "x"), put_sequential("event/", "/1", "y")});
    const auto& result = committed->results[1];
    BOOST_TEST(!result.existed);
    BOOST_TEST(result.entry->version == committed->version);
    BOOST_TEST(result.entry->created_version == committed->version);
    const auto first = kv::sequential_key("event/", committed->version, "/0");
    BOOST_TEST(first.size() == 6u + 16u + 2u);
    BOOST_TEST(get(first) == "x");
    BOOST_TEST(get(kv::sequential_key("event/", committed->version, "/1")) == "y");
    BOOST_TEST(changes() ==
               "put a, put " + first + ", put " + kv::sequential_key("event/", committed->version, "/1"));
}

BOOST_AUTO_TEST_CASE(sequential_keys_list_in_the_order_of_their_commits) {
    for (const auto* one : {"1", "2", "3"})
        commit({put_sequential("event/", "", one)});
    BOOST_TEST(values("event/") == "1 2 3");
    reopen();
    BOOST_TEST(values("event/") == "1 2 3");
}

BOOST_AUTO_TEST_CASE(expired_keys_that_go_first_do_not_displace_it) {
    commit({put("gone", "1", kv::Expiry::after(10))});
    clock.advance(20);
    const auto committed = commit({put("gone", "2"), put_sequential("event/", "", "x")});
    BOOST_TEST(get(kv::sequential_key("event/", committed->version, "")) == "x");
}

BOOST_AUTO_TEST_CASE(a_replayed_commit_makes_no_second_key) {
    for (int i = 0; i < 2; ++i) {
        auto once = commit_of({put_sequential("event/", "", "x")});
        once.request_id = kv::RequestId{.id = "r", .digest = "d", .note = {}};
        const auto committed = run(store().commit(name, std::move(once)));
        BOOST_TEST(committed->replayed == (i == 1));
    }
    BOOST_TEST(values("event/") == "x");
}

BOOST_AUTO_TEST_CASE(a_key_that_would_be_too_long_with_its_version_is_refused) {
    const std::string prefix(kv::limits::key_bytes_max - 16, 'k');
    BOOST_TEST(commit({put_sequential(prefix, "", "x")}).has_value());
    BOOST_TEST((commit({put_sequential(prefix, "s", "x")}).error().code == kv::Errc::too_large));
}

BOOST_AUTO_TEST_SUITE_END()

// Where the history ends: what cannot be told any more is said, and nothing is left out before.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/watch_tuned_fixture.hpp"

namespace alcove::test {
namespace {

struct HistoryFixture : TunedFixture {
    // What a watch from there says first, `ok` apart.
    WatchFrame first_from(const std::string& cursor) {
        auto client = begin("from=" + cursor);
        auto frame = client.next();
        return frame.type == "ok" ? client.next() : frame;
    }
    // Waits until the history reaches no further back than behind that cursor; returns the reset.
    WatchFrame wait_for_reset(const std::string& cursor) {
        WatchFrame frame;
        const auto reset = [&] {
            put("poke", "1");
            frame = first_from(cursor);
            return frame.type == "reset";
        };
        if (!eventually(reset)) throw std::runtime_error("the history was not forgotten");
        return frame;
    }
    // Forgets everything before now but the last segment, and says from where one can go on.
    std::string forget_before(const std::string& cursor) {
        forget_history();
        return wait_for_reset(cursor).oldest;
    }
};

BOOST_FIXTURE_TEST_SUITE(watch_history, HistoryFixture)

BOOST_AUTO_TEST_CASE(a_cursor_older_than_the_history_is_a_reset) {
    put("a", "1");
    const auto cursor = watch().cursor();
    put("b", "2");
    forget_history();
    const auto frame = wait_for_reset(cursor);
    BOOST_TEST(told(frame) == "reset compacted");
    BOOST_TEST(frame.id.value() == 1U);
    BOOST_TEST(!frame.oldest.empty());
}

BOOST_AUTO_TEST_CASE(history_that_is_too_old_is_forgotten_too) {
    reopen([this] {
        options.history_bytes = std::uint64_t{1} << 30;
        options.history_age = 1ms;
    });
    put("a", "1");
    const auto cursor = watch().cursor();
    put("b", "2");
    forget_history();
    BOOST_TEST(told(wait_for_reset(cursor)) == "reset compacted");
}

BOOST_AUTO_TEST_CASE(the_oldest_place_can_be_gone_on_from) {
    put("a", "1");
    const auto cursor = watch().cursor();
    put("b", "2");
    const auto oldest = forget_before(cursor);
    put("c", "3");
    auto client = watch("prefix=c&from=" + oldest);
    BOOST_TEST(told(client.events(1)) == "put c=3");
}

// Puts and deletes of one key by turns, so that the history is often cut off at a delete.
BOOST_AUTO_TEST_CASE(from_the_oldest_place_on_nothing_is_missing_not_even_a_delete_at_its_edge) {
    const auto begin_of_all = watch().cursor();
    std::vector<std::pair<std::uint64_t, std::string>> all;
    int resets = 0;
    for (int round = 0; round < 8; ++round) {
        for (int i = 0; i < 20; ++i) {
            const auto value = quoted(std::string(5000 + round * 331, 'x'));
            all.emplace_back(put("k", value), "put k");
            all.emplace_back(erase("k"), "delete k");
        }
        apply_and_trim();
        const auto frame = first_from(begin_of_all);
        if (frame.type != "reset") continue;
        ++resets;
        auto client = begin("values=false&from=" + frame.oldest);
        auto first = client.next();
        if (first.type == "ok") first = client.next();
        std::string expected;
        for (const auto& [version, text] : all)
            if (version > cursor_version(frame.oldest)) expected += (expected.empty() ? "" : ", ") + text;
        auto events = first.events;
        const auto rest = client.events_until(all.back().first);
        events.insert(events.end(), rest.begin(), rest.end());
        BOOST_TEST(told(events) == expected);
    }
    BOOST_TEST(resets > 0);
}

BOOST_AUTO_TEST_CASE(who_watches_while_the_history_is_cut_sees_every_event_or_a_reset) {
    Replica replica;
    auto client = begin("from=snapshot");
    std::uint64_t last = 0;
    for (int i = 0; i < 600; ++i) {
        const auto name = std::to_string(i % 3);
        last =
            i % 2 == 0 ? put(name, quoted(std::string(5000, 'x'))) : transact({delete_op(name), put_op("n", "1")});
        if (i % 50 == 0) store().apply_now();
        if (i % 40 != 39) continue;
        follow(client, replica, last);
        if (replica.over().empty()) continue;
        BOOST_TEST(replica.over() == "reset compacted");
        client = begin("from=snapshot");
        replica.begin_again(Replica::From::snapshot);
    }
    while (!replica.synced())
        replica.apply(client.receive());
    follow(client, replica, put("last", "1"));
    BOOST_TEST(replica.problems() == "");
    BOOST_TEST((replica.entries() == entries()));
}

BOOST_AUTO_TEST_CASE(the_previous_value_is_left_out_once_it_has_left_the_history) {
    put("a", "1");
    put("b", "1");
    const auto cursor = watch().cursor();
    put("c", "1");
    forget_before(cursor);
    auto client = watch("previous=true");
    put("a", "2");
    erase("b");
    put("a", "3");
    const auto events = client.events(3);
    BOOST_TEST(told(events) == "put a=2, delete b, put a=3");
    BOOST_TEST(events[0].previous == "");
    BOOST_TEST(!events[0].created.value());
    BOOST_TEST(events[1].previous == "");
    BOOST_TEST(events[2].previous.ends_with("\"value\":2}"));
}

BOOST_AUTO_TEST_CASE(a_namespace_that_is_emptied_ends_its_watches_with_a_reset) {
    put("a", "1");
    auto client = watch();
    const auto before = client.cursor();
    const auto emptied = std::stoull(member(send("DELETE", ns + "/data").body, "version"));
    BOOST_TEST(told(client.next()) == "reset emptied");
    const auto reset = first_from(before);
    BOOST_TEST(told(reset) == "reset emptied");
    put("b", "2");
    Replica replica;
    auto anew = begin("from=snapshot");
    while (!replica.synced())
        replica.apply(anew.receive());
    BOOST_TEST(replica.entries().size() == 1U);
    BOOST_TEST(replica.version() > emptied);
    BOOST_TEST(told(watch("from=" + reset.oldest).events(1)) == "put b=2");
}

BOOST_AUTO_TEST_CASE(a_cursor_behind_the_emptying_is_good) {
    put("a", "1");
    send("DELETE", ns + "/data");
    const auto cursor = watch().cursor();
    const auto last = put("b", "2");
    BOOST_TEST(told(watch("from=" + cursor).events_until(last)) == "put b=2");
}

BOOST_AUTO_TEST_CASE(events_before_an_emptying_are_told_before_the_reset) {
    auto client = watch();
    put("a", "1");
    send("DELETE", ns + "/data");
    const auto first = client.next();
    if (first.type == "reset") return;  // what it missed cannot be told any more
    BOOST_TEST(told(first) == "put a=1");
    BOOST_TEST(told(client.next()) == "reset emptied");
}

BOOST_AUTO_TEST_CASE(a_cursor_of_another_epoch_is_a_reset) {
    put("a", "1");
    for (const auto version : {5U, 5'000'000U}) {
        const auto frame = first_from(make_cursor("0000000000000000", version));
        BOOST_TEST(told(frame) == "reset epoch");
        BOOST_TEST(frame.id.value() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(the_id_of_a_watch_that_was_reset_is_free_again) {
    auto client = connect();
    client.send(R"({"t":"watch","id":7,"namespace":{"workspace":"acme"},"from":{"cursor":")" +
                make_cursor("0000000000000000", 5) + "\"}}");
    auto frame = client.next();
    if (frame.type == "ok") frame = client.next();
    BOOST_TEST(told(frame) == "reset epoch");
    client.send(R"({"t":"watch","id":7,"namespace":{"workspace":"acme"}})");
    BOOST_TEST(client.next().type == "ok");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Ordered, unique, whole and without a gap, whoever writes beside it.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

struct OrderFixture : WatchFixture {
    // Transactions of `a/<n>`, `b/<n>` and `c/<n>`, most of them puts, each of which leaves or takes all three.
    bool write_three(HttpClient& client, int writer, int call) const {
        const auto name = "/" + std::to_string(call % 7);
        const auto value = std::to_string(writer * 100'000 + call);
        std::vector<std::string> all;
        for (const auto* letter : {"a", "b", "c"})
            all.push_back(call % 5 == 4 ? delete_op(letter + name) : put_op(letter + name, value));
        client.send("POST", ns + "/transactions", operations(all), bearer(key));
        return true;
    }
    static void put_once(HttpClient& client, const std::string& target, const std::string& value) {
        auto headers = bearer(key);
        headers.emplace("Content-Type", "application/json");
        client.send("PUT", target, value, headers);
    }
};

// Applies what comes up to the answer.
void sync(WatchClient& client, Replica& replica) {
    client.send(R"({"t":"sync","id":1})");
    WatchFrame frame;
    do {
        frame = client.receive();
        replica.apply(frame);
    } while (frame.type != "progress");
}

// How many keys each version has.
std::map<std::uint64_t, int> keys_of_versions(const Replica& replica) {
    std::map<std::uint64_t, int> counts;
    for (const auto& [version, changed] : replica.events())
        ++counts[version];
    return counts;
}

BOOST_FIXTURE_TEST_SUITE(watch_order, OrderFixture)

BOOST_AUTO_TEST_CASE(a_transaction_is_told_whole_in_one_frame_at_one_version) {
    put("b", "1");
    auto client = watch();
    const auto version = transact({put_op("a", "1"), delete_op("b"), put_op("c", "3")});
    const auto frame = client.next();
    BOOST_TEST(told(frame) == "put a=1, delete b, put c=3");
    BOOST_TEST(frame.events.front().version == version);
    BOOST_TEST(frame.events.back().version == version);
    BOOST_TEST(!frame.more);
}

BOOST_AUTO_TEST_CASE(the_events_of_a_version_come_in_the_byte_order_of_their_keys) {
    auto client = watch();
    transact({put_op("b", "1"), put_op("a/2", "1"), put_op("a", "1"), put_op("B", "1"), put_op("\xc3\xa9", "1")});
    BOOST_TEST(told(client.next()) == "put B=1, put a=1, put a/2=1, put b=1, put \xc3\xa9=1");
}

BOOST_AUTO_TEST_CASE(a_key_that_a_transaction_changes_often_is_told_once_as_it_was_left) {
    put("b", "1");
    auto client = watch();
    const auto last = transact({put_op("a", "1"), put_op("a", "2"), delete_op("b"), put_op("b", "2"),
                                put_op("a", "3"), R"({"op":"increment","key":"a","by":4})"});
    const auto events = client.events_until(last);
    BOOST_TEST(told(events) == "put a=7, put b=2");
    BOOST_TEST(events[0].created.value());
}

BOOST_AUTO_TEST_CASE(a_prefix_that_is_deleted_is_a_delete_for_each_key_at_one_version) {
    std::vector<std::string> all;
    for (int i = 100; i < 200; ++i)
        all.push_back(put_op("p/" + std::to_string(i), "1"));
    transact(all);
    put("q", "1");
    auto client = watch();
    send("DELETE", kv + "?prefix=p/");
    const auto events = client.events(100);
    const auto is_one = [&](const WatchEvent& event) {
        return event.op == "delete" && event.version == events[0].version;
    };
    BOOST_TEST(std::ranges::all_of(events, is_one));
    std::set<std::string> keys;
    for (const auto& event : events)
        keys.insert(event.key);
    BOOST_TEST(keys.size() == 100U);
}

BOOST_AUTO_TEST_CASE(a_version_larger_than_a_frame_is_told_in_frames_with_more_up_to_its_end) {
    const auto value = quoted(std::string(100'000, 'v'));
    auto client = watch();
    put("before", "1");
    const auto before = client.events(1)[0].version;
    std::vector<std::string> all;
    for (int i = 100; i < 200; ++i)
        all.push_back(put_op("k" + std::to_string(i), value));
    const auto version = transact(all);
    put("after", "1");
    std::size_t seen = 0;
    int frames = 0;
    for (bool more = true; more; ++frames) {
        const auto frame = client.next();
        seen += frame.events.size();
        more = frame.more;
        BOOST_TEST(frame.text.size() < (std::size_t{1} << 20) + 1000);
        BOOST_TEST(frame.events.back().version == version);
        BOOST_TEST(cursor_version(frame.cursor) == (more ? before : version));
    }
    BOOST_TEST(seen == 100U);
    BOOST_TEST(frames >= 10);
    BOOST_TEST(told(client.events(1)) == "put after=1");
}

BOOST_AUTO_TEST_CASE(a_version_that_was_told_in_part_is_told_whole_from_its_cursor) {
    const auto value = quoted(std::string(300'000, 'v'));
    std::vector<std::string> all;
    for (int i = 10; i < 20; ++i)
        all.push_back(put_op("k" + std::to_string(i), value));
    auto client = watch();
    transact(all);
    const auto part = client.next();
    BOOST_TEST(part.more);
    const auto last = put("after", "1");
    auto second = watch("from=" + part.cursor);
    BOOST_TEST(second.events_until(last).size() == 11U);
}

BOOST_AUTO_TEST_CASE(an_event_larger_than_a_frame_is_told) {
    close();
    settings.value_bytes = std::size_t{4} << 20;
    open();
    auto client = watch();
    const auto value = quoted(std::string(3'000'000, 'v'));
    put("a", "1");
    put("large", value);
    put("b", "2");
    const auto events = client.events(3);
    BOOST_TEST(events[1].value.size() == value.size());
    BOOST_TEST(events[2].key == "b");
}

BOOST_AUTO_TEST_CASE(versions_rise_and_nothing_comes_twice_while_four_write) {
    auto client = begin("from=snapshot");
    Replica replica;
    {
        Writers writers(port(), 4, [this](auto& http, int writer, int call) {
            return write_three(http, writer, call) && call < 250;
        });
        for (int i = 0; i < 100; ++i)
            sync(client, replica);
        writers.join();
    }
    follow(client, replica, put("last", "1"));
    BOOST_TEST(replica.problems() == "");
    BOOST_TEST((replica.entries() == entries()));
    BOOST_TEST(replica.events().size() > 2000U);
    for (const auto& [version, keys] : keys_of_versions(replica))
        if (version != replica.entries().at("last").version) BOOST_TEST(keys == 3);
}

BOOST_AUTO_TEST_CASE(progress_is_never_ahead_of_events) {
    auto client = begin();
    Replica replica(Replica::From::now);
    std::atomic<std::uint64_t> acknowledged = 0;
    Writers writers(port(), 4, [this, &acknowledged](auto& http, int writer, int call) {
        const auto reply = http.send("PUT", kv + "/" + std::to_string(writer), std::to_string(call), bearer(key));
        acknowledged = std::max(acknowledged.load(), version_of(reply));
        return true;
    });
    int behind = 0;
    for (int i = 0; i < 300 || replica.events().size() <= 300U; ++i) {
        const auto before = acknowledged.load();
        sync(client, replica);
        behind += replica.version() < before;
    }
    writers.stop();
    BOOST_TEST(replica.problems() == "");
    BOOST_TEST(behind == 0);
}

BOOST_AUTO_TEST_CASE(a_quiet_prefix_loses_nothing_beside_a_flood) {
    std::vector<WatchClient> quiet;
    for (int i = 0; i < 5; ++i)
        quiet.push_back(watch("prefix=quiet/"));
    auto flooded = watch("prefix=flood/&values=false");
    Writers writers(port(), 4, [this](auto& http, int writer, int call) {
        put_once(http, kv + "/flood/" + std::to_string(writer), quoted(std::string(2000, 'f')));
        if (call % 10 == 0) put_once(http, kv + "/quiet/" + std::to_string(writer), std::to_string(call));
        return call < 500;
    });
    writers.join();
    const auto last = put("quiet/last", "1");
    for (auto& client : quiet) {
        std::map<std::string, int> next;
        const auto events = client.events_until(last);
        BOOST_TEST(events.size() == 4 * 51 + 1U);
        for (const auto& event : events)
            if (event.key != "quiet/last") BOOST_TEST(event.value == std::to_string(10 * next[event.key]++));
    }
    BOOST_TEST(flooded.events_until(last).size() == 4 * 501U);
}

BOOST_AUTO_TEST_CASE(who_takes_nothing_for_a_while_loses_nothing) {
    auto client = watch();
    const auto value = quoted(std::string(100'000, 'v'));  // of 400 more than the sockets' buffers hold
    for (int i = 0; i < 400; ++i)
        put("k" + std::to_string(i), value);
    const auto last = put("last", "1");
    const auto events = client.events_until(last);
    BOOST_TEST(events.size() == 401U);
    for (int i = 0; i < 400; ++i)
        BOOST_TEST(events[i].key == "k" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(who_wants_the_latest_alone_ends_with_what_the_store_holds) {
    auto client = begin("from=snapshot&mode=latest");
    Replica replica(Replica::From::snapshot, "", Replica::Mode::latest);
    const auto value = quoted(std::string(5000, 'v'));  // of 2,000 more than the sockets' buffers hold
    {
        Writers writers(port(), 4, [&](auto& http, int writer, int call) {
            const auto target = kv + "/" + std::to_string((writer + call) % 6);
            call % 9 == 8 ? void(http.send("DELETE", target, {}, bearer(key))) : put_once(http, target, value);
            return call < 500;
        });
        writers.join();
    }
    follow(client, replica, put("last", "1"));
    BOOST_TEST(replica.problems() == "");
    BOOST_TEST((replica.entries() == entries()));
    BOOST_TEST(replica.events().size() < 1900U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

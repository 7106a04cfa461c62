// What a watch tells of changes: which, how they look, and what is asked to be left out.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(watch_events, WatchFixture)

BOOST_AUTO_TEST_CASE(puts_deletes_and_expiries_are_told_in_their_order) {
    auto client = watch();
    put("a", "1");
    put("a", "2");
    erase("a");
    put("b", "3", "?ttl=1");
    put("c", "4");
    clock.advance(1000);
    BOOST_TEST(told(client.events(6)) == "put a=1, put a=2, delete a, put b=3, put c=4, expire b");
}

BOOST_AUTO_TEST_CASE(a_put_looks_as_documented) {
    auto client = watch();
    put("a/1", R"({"n": 1})");
    BOOST_TEST(masked(client.next().text) ==
               R"({"t":"events","id":1,"cursor":"C","more":false,"events":[{"op":"put","key":"a/1","version":"V",)"
               R"("contentType":"application/json","created":true,"value":{"n": 1}}]})");
}

BOOST_AUTO_TEST_CASE(a_delete_and_an_expiry_have_key_and_version_alone) {
    put("a", "1");
    put("b", "1", "?ttl=1");
    auto client = watch();
    erase("a");
    BOOST_TEST(
        masked(client.next().text) ==
        R"({"t":"events","id":1,"cursor":"C","more":false,"events":[{"op":"delete","key":"a","version":"V"}]})");
    clock.advance(1000);
    BOOST_TEST(
        masked(client.next().text) ==
        R"({"t":"events","id":1,"cursor":"C","more":false,"events":[{"op":"expire","key":"b","version":"V"}]})");
}

BOOST_AUTO_TEST_CASE(an_event_has_the_version_of_its_commit) {
    auto client = watch();
    const auto first = put("a", "1");
    const auto second = transact({put_op("a", "2"), put_op("b", "2")});
    const auto events = client.events(3);
    BOOST_TEST(events[0].version == first);
    BOOST_TEST(events[1].version == second);
    BOOST_TEST(events[2].version == second);
}

BOOST_AUTO_TEST_CASE(values_look_as_in_lists) {
    auto client = watch();
    put("json", R"([1, {"a":"\u00e9"}])");
    send("PUT", kv + "/text", "line\n\"two\"", {{"Content-Type", "text/plain"}});
    send("PUT", kv + "/bytes", std::string("\0\xff", 2));
    send("PUT", kv + "/broken", "{broken", {{"Content-Type", "application/json"}});
    send("PUT", kv + "/empty", "");
    for (const auto& event : client.events(5)) {
        BOOST_TEST(!event.value.empty(), event.key);
        BOOST_TEST(event.value == entries(event.key)[event.key].value, event.key);
    }
}

BOOST_AUTO_TEST_CASE(created_says_whether_the_key_was_absent) {
    auto client = watch();
    put("a", "1", "?ttl=1");
    put("a", "2", "?ttl=1");
    erase("a");
    put("a", "3", "?ttl=1");
    clock.advance(1000);
    put("a", "4");
    std::string text;
    for (const auto& event : client.events(6))
        text += event.op + (event.created ? (*event.created ? "+ " : " ") : " ");
    BOOST_TEST(text == "put+ put delete put+ expire put+ ");
}

BOOST_AUTO_TEST_CASE(operations_on_values_are_puts_of_what_came_out) {
    auto client = watch();
    send("POST", kv + "/n", R"({"op":"increment","by":5})");
    send("POST", kv + "/l", R"({"op":"addToList","value":1})");
    send("POST", kv + "/t", R"({"op":"append","value":"x"})");
    BOOST_TEST(told(client.events(3)) == R"(put n=5, put l=[1], put t="x")");
}

BOOST_AUTO_TEST_CASE(a_change_of_the_time_to_live_is_a_put) {
    put("a", "1");
    auto client = watch();
    send("POST", kv + "/a", R"({"op":"touch","ttl":100})");
    const auto events = client.events(1);
    BOOST_TEST(told(events) == "put a=1");
    BOOST_TEST(!events[0].created.value());
}

BOOST_AUTO_TEST_CASE(what_changes_nothing_is_not_told) {
    put("a", "1");
    auto client = watch();
    send("DELETE", kv + "/nothing");
    send("PUT", kv + "/a", "2", {{"If-None-Match", "*"}});
    send("POST", kv + "/nothing", R"({"op":"touch","ttl":100})");
    send("POST", ns + "/transactions", R"({"operations":[{"op":"get","key":"a"}]})");
    put("last", "1");
    BOOST_TEST(told(client.events(1)) == "put last=1");
}

BOOST_AUTO_TEST_CASE(keys_without_the_prefix_are_not_told) {
    auto client = watch("prefix=a/");
    put("a", "1");
    put("a/1", "1");
    put("b/1", "1");
    transact({delete_op("a/1"), put_op("a/2", "2"), delete_op("b/1"), put_op("b/2", "2")});
    send("DELETE", kv + "?prefix=b");
    put("A/1", "1");
    const auto last = put("a/3", "3");
    BOOST_TEST(told(client.events_until(last)) == "put a/1=1, delete a/1, put a/2=2, put a/3=3");
}

BOOST_AUTO_TEST_CASE(a_prefix_is_decoded_as_everything_in_a_url) {
    auto client = watch("prefix=%C3%A9%2F+");
    put("%C3%A9%2F%20x", "1");
    put("%C3%A9%2Fx", "2");
    const auto last = put("e%2F%20x", "3");
    BOOST_TEST(told(client.events_until(last)) == "put \xc3\xa9/ x=1");
}

BOOST_AUTO_TEST_CASE(only_the_operations_that_were_asked_for_are_told) {
    auto puts = watch("operations=put");
    auto ends = watch("operations=delete,expire");
    put("a", "1");
    put("b", "2", "?ttl=1");
    erase("a");
    clock.advance(1000);
    BOOST_TEST(told(ends.events(2)) == "delete a, expire b");
    const auto last = put("c", "3");
    BOOST_TEST(told(puts.events_until(last)) == "put a=1, put b=2, put c=3");
    BOOST_TEST(told(ends.events_until(last)) == "");
}

BOOST_AUTO_TEST_CASE(values_are_left_out_when_nobody_wants_them) {
    put("a", "1");
    auto client = watch("from=snapshot&values=false");
    BOOST_TEST(masked(client.next().text) ==
               R"({"t":"snapshot","id":1,"items":[{"key":"a","version":"V","contentType":"application/json"}]})");
    BOOST_TEST(client.next().type == "synced");
    put("a", "2");
    BOOST_TEST(masked(client.next().text) ==
               R"({"t":"events","id":1,"cursor":"C","more":false,"events":[{"op":"put","key":"a","version":"V",)"
               R"("contentType":"application/json","created":false}]})");
}

BOOST_AUTO_TEST_CASE(the_previous_value_stands_beside_what_replaced_or_removed_it) {
    auto client = watch("previous=true");
    const auto first = std::to_string(put("a", "1"));
    const auto second = std::to_string(put("a", "2", "?ttl=1"));
    clock.advance(1000);
    const auto third = std::to_string(put("a", "3"));
    erase("a");
    const auto previous = [](const std::string& version, const std::string& value) {
        return R"({"version":")" + version + R"(","contentType":"application/json","value":)" + value + "}";
    };
    const auto events = client.events(5);
    BOOST_TEST(told(events) == "put a=1, put a=2, expire a, put a=3, delete a");
    BOOST_TEST(events[0].previous == "");
    BOOST_TEST(events[1].previous == previous(first, "1"));
    BOOST_TEST(events[2].previous == previous(second, "2"));
    BOOST_TEST(events[3].previous == "");
    BOOST_TEST(events[4].previous == previous(third, "3"));
}

BOOST_AUTO_TEST_CASE(the_previous_value_is_told_to_nobody_who_did_not_ask) {
    put("a", "1");
    auto client = watch();
    put("a", "2");
    BOOST_TEST(client.events(1)[0].previous == "");
}

BOOST_AUTO_TEST_CASE(the_latest_mode_tells_the_last_event_of_each_key_that_waits) {
    put("before", "1");
    const auto cursor = watch().cursor();
    for (int i = 1; i <= 50; ++i)
        put("a", std::to_string(i));
    put("b", "1");
    const auto last = erase("b");
    auto latest = watch("mode=latest&from=" + cursor);
    BOOST_TEST(told(latest.events_until(last)) == "put a=50, delete b");
    auto every = watch("mode=every&from=" + cursor);
    BOOST_TEST(every.events_until(last).size() == 52U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

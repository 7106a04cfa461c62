// The tests' own judge of watches: that it notices what must not be.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/watch_frames.hpp"

namespace alcove::test {
namespace {

std::string cursor(std::uint64_t version) {
    return "\"" + make_cursor("0000000000000001", version) + "\"";
}
std::string ok(std::uint64_t version) {
    return R"({"t":"ok","id":1,"cursor":)" + cursor(version) + "}";
}
std::string progress(std::uint64_t version) {
    return R"({"t":"progress","id":1,"cursor":)" + cursor(version) + "}";
}
std::string put_event(const std::string& key, int version, bool created = true) {
    return R"({"op":"put","key":")" + key + R"(","version":")" + std::to_string(version) +
           R"(","contentType":"application/json","created":)" + (created ? "true" : "false") + R"(,"value":1})";
}
std::string delete_event(const std::string& key, int version) {
    return R"({"op":"delete","key":")" + key + R"(","version":")" + std::to_string(version) + "\"}";
}
std::string events(std::uint64_t through, const std::string& all, bool more = false) {
    return R"({"t":"events","id":1,"cursor":)" + cursor(through) + ",\"more\":" + (more ? "true" : "false") +
           ",\"events\":[" + all + "]}";
}

// What is wrong with a watch from now on keys with the prefix `a`, in the words of the first problem.
std::string judge(const std::vector<std::string>& frames) {
    Replica replica(Replica::From::now, "a");
    for (const auto& text : frames)
        replica.apply(parse_frame(text));
    return replica.problems().substr(0, replica.problems().find(": {"));
}

BOOST_AUTO_TEST_SUITE(watch_replica)

BOOST_AUTO_TEST_CASE(what_keeps_every_promise_is_content) {
    BOOST_TEST(judge({ok(5), events(6, put_event("a", 6)), progress(9), events(10, delete_event("a", 10)),
                      events(10, put_event("a1", 11) + "," + put_event("a2", 11), true),
                      events(12, put_event("a3", 11) + "," + put_event("a1", 12, false))}) == "");
}

BOOST_AUTO_TEST_CASE(each_broken_promise_is_noticed) {
    BOOST_TEST(judge({ok(5), events(5, put_event("a", 5))}) == "an event came behind its cursor");
    BOOST_TEST(judge({ok(5), progress(7), events(7, put_event("a", 7))}) == "an event came behind its cursor");
    BOOST_TEST(judge({ok(5), events(7, put_event("a", 7) + "," + put_event("a", 6, false))}) ==
               "a version went back or came twice");
    BOOST_TEST(judge({ok(5), events(7, put_event("a", 7)), events(8, put_event("a1", 7))}) ==
               "a version went back or came twice");
    BOOST_TEST(judge({ok(5), events(7, put_event("a2", 7) + "," + put_event("a1", 7))}) ==
               "keys of a version are not in byte order, or come twice");
    BOOST_TEST(judge({ok(5), events(5, put_event("a1", 7), true), events(8, put_event("a2", 8))}) ==
               "a version without its rest");
    BOOST_TEST(judge({ok(5), events(7, put_event("a1", 7), true)}) == "the cursor is ahead of what was told");
    BOOST_TEST(judge({ok(5), events(6, put_event("a1", 7))}) == "a cursor before the last event");
    BOOST_TEST(judge({ok(5), progress(4)}) == "a cursor went back");
    BOOST_TEST(judge({ok(5), events(6, put_event("b", 6))}) == "an event without the prefix");
    BOOST_TEST(judge({ok(5), events(6, put_event("a", 6)), events(7, put_event("a", 7))}) == "a wrong 'created'");
    BOOST_TEST(judge({ok(5), events(6, delete_event("a", 6)), events(7, delete_event("a", 7))}) ==
               "a delete of what was not there");
    BOOST_TEST(judge({progress(5)}) == "not begun by one ok");
    BOOST_TEST(judge({ok(5), R"({"t":"end","id":1,"why":"auth"})", progress(6)}) == "told of behind its end");
}

BOOST_AUTO_TEST_CASE(what_is_no_frame_is_refused) {
    for (const auto* text :
         {"{}", "[]", R"({"t":"ok","id":1})", R"({"t":"ok","id":1,"cursor":"x","more":true})",
          R"({"t":"events","id":1,"cursor":null,"more":false,"events":[{"op":"put","key":"a"}]})",
          R"({"t":"events","id":1,"cursor":null,"events":[]})", R"({"t":"news","id":1})"})
        BOOST_CHECK_THROW(parse_frame(text), BadFrame);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

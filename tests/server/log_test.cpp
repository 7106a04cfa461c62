// A line of the log: one JSON object, whatever is in the values.
#include "server/log.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace alcove;

namespace {

// Without the time, which stands first.
std::string logged(std::string_view event, std::initializer_list<log::Field> fields) {
    const std::string line = log::format_line(log::Level::warn, event, fields);
    constexpr std::string_view before = R"({"time":"2026-01-02T03:04:05.678Z",)";
    return "{" + line.substr(before.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(a_line_holds_its_fields_in_order_with_their_types) {
    const std::string line = logged("started", {{"listen", "127.0.0.1:1"},
                                                {"count", std::int64_t{-3}},
                                                {"seconds", 1.5},
                                                {"never", std::numeric_limits<double>::infinity()},
                                                {"first", true}});

    BOOST_TEST(line == R"({"level":"warn","event":"started","listen":"127.0.0.1:1","count":-3,"seconds":1.5,)"
                       R"("never":null,"first":true})");
}

BOOST_AUTO_TEST_CASE(no_value_forges_a_line_or_leaves_its_string) {
    BOOST_TEST(logged("x", {{"path", "a\"}\r\n{\"event\":\"forged\""}}) ==
               R"({"level":"warn","event":"x","path":"a\"}\r\n{\"event\":\"forged\""})");
    BOOST_TEST(logged("x", {{"path", std::string_view("\0\x1b[2J", 5)}}) ==
               R"({"level":"warn","event":"x","path":"\u0000\u001B[2J"})");
}

BOOST_AUTO_TEST_CASE(a_line_is_ascii_and_bytes_that_are_no_utf8_keep_their_number) {
    BOOST_TEST(logged("x", {{"name", "\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80"}}) ==
               R"({"level":"warn","event":"x","name":"\u00E9\u2028\uD83D\uDE00"})");
    BOOST_TEST(logged("x", {{"name", "\xff\x9b!"}}) == R"({"level":"warn","event":"x","name":"\u00FF\u009B!"})");
}

BOOST_AUTO_TEST_SUITE_END()

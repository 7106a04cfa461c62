// Server-sent events out of pieces, line by line as WHATWG's HTML standard has them.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "server/cli/cli.hpp"
#include "server/cli/event_stream.hpp"

using alcove::cli::EventStream;
using alcove::cli::Failure;
using alcove::cli::StreamEvent;

namespace {

constexpr std::size_t bytes_max = 64;

// "type data id", with bars between.
std::string told(const std::string& text, std::size_t piece_bytes) {
    std::string out;
    EventStream stream(
        [&](const StreamEvent& event) {
            if (!out.empty()) out += " | ";
            out.append(event.type).append(" ").append(event.data).append(" ").append(event.id);
        },
        bytes_max);
    for (std::size_t at = 0; at < text.size(); at += piece_bytes)
        stream.pass(std::string_view(text).substr(at, piece_bytes));
    return out;
}

// Whatever the pieces are.
void check(const std::string& text, const std::string& expected) {
    for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1000}})
        BOOST_TEST(told(text, piece_bytes) == expected, "in pieces of " << piece_bytes);
}

std::optional<std::chrono::milliseconds> retry_of(const std::string& text) {
    EventStream stream([](const StreamEvent&) {}, bytes_max);
    stream.pass(text);
    return stream.retry();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_event_stream)

BOOST_AUTO_TEST_CASE(an_event_ends_with_an_empty_line) {
    check("event: put\ndata: one\nid: 7\n\n", "put one 7");
    check("data: one\n\ndata: two\n\n", "message one  | message two ");
    check("data: one\n\ndata: cut off\n", "message one ");
    check("data: one", "");
}

BOOST_AUTO_TEST_CASE(lines_end_in_any_of_three_ways) {
    check("data: a\rdata: b\r\rdata: c\r\n\r\ndata: d\n\n", "message a\nb  | message c  | message d ");
    check("data: a\n\r\n", "message a ");
    check("data: a\r\n\n", "message a ");
}

BOOST_AUTO_TEST_CASE(lines_of_data_are_joined) {
    check("data: a\ndata:\ndata: b\n\n", "message a\n\nb ");
    check("data\ndata\n\n", "message \n ");
    check("data:\n\n", "message  ");
}

BOOST_AUTO_TEST_CASE(one_space_behind_the_colon_does_not_count) {
    check("data:a\n\ndata:  a\n\ndata:\ta\n\n", "message a  | message  a  | message \ta ");
    check("data: a: b\n\n", "message a: b ");
}

BOOST_AUTO_TEST_CASE(comments_and_unknown_fields_pass_by) {
    check(": hello\n:\nwhat: ever\nDATA: no\ndata : no\ndata: a\n\n", "message a ");
    check(":\n\n:\n\n", "");
}

BOOST_AUTO_TEST_CASE(an_event_without_data_is_none_but_its_id_stays) {
    check("event: put\n\ndata: a\n\n", "message a ");
    check("id: 1\n\ndata: a\n\ndata: b\nid: 2\n\ndata: c\nid\n\n", "message a 1 | message b 2 | message c ");
    check(std::string("id: 1\nid: 2\0\ndata: a\n\n", 22), "message a 1");
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_counts_at_the_very_begin_alone) {
    check(
        "\xef\xbb\xbf"
        "data: a\n\n",
        "message a ");
    check(
        "\xef\xbb\xbf\xef\xbb\xbf"
        "data: a\n\n",
        "");
    check(
        "data: a\n\n\xef\xbb\xbf"
        "data: b\n\n",
        "message a ");
}

BOOST_AUTO_TEST_CASE(the_time_to_try_again_is_digits) {
    BOOST_TEST((retry_of("retry: 1500\n") == std::chrono::milliseconds(1500)));
    for (const char* wrong :
         {"retry: -1\n", "retry: 1.5\n", "retry:\n", "retry: 99999999999999999999\n", "data: 1\n"})
        BOOST_TEST(!retry_of(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(what_is_longer_than_the_bound_is_refused) {
    const std::string longest(bytes_max - 6, 'x');
    check("data: " + longest + "\n\n", "message " + longest + " ");
    BOOST_CHECK_THROW(told("data: " + longest + "x", 1), Failure);
    BOOST_CHECK_THROW(told(":" + std::string(bytes_max, ' '), 1000), Failure);
    BOOST_CHECK_THROW(told("data: " + longest + "\ndata: more than fits\n", 1000), Failure);
}

BOOST_AUTO_TEST_SUITE_END()

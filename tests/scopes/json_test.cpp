// JSON trees and the printer.
#include "scopes/json.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "scopes/json_writer.hpp"

namespace alcove::scopes::json {
namespace {

// "ok", or the kind of error and its path.
std::string verdict(std::string_view text, ParseLimits limits = {}) {
    const auto document = Document::parse(text, limits);
    if (document) return "ok";
    switch (document.error().kind) {
        case ParseError::Kind::malformed:
            return "malformed";
        case ParseError::Kind::duplicate:
            return "duplicate " + document.error().path;
        case ParseError::Kind::too_deep:
            return "too deep";
        case ParseError::Kind::too_many:
            return "too many";
    }
    return "?";
}

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(every_value_keeps_its_own_text) {
    const std::string text =
        " { \"a\" : [ 1 , 2.50e+1,\ttrue, null ] , \"b\\u0062\": \"x\\n\\\"y\", \"c\":{ \"d\": {} } } ";
    const auto document = Document::parse(text).value();
    const auto& root = document.root();
    BOOST_TEST(root.raw == text.substr(1, text.size() - 2));
    BOOST_TEST(root.count == 3U);
    const auto& list = *document.member(root, "a");
    BOOST_TEST(list.raw == "[ 1 , 2.50e+1,\ttrue, null ]");
    std::string elements;
    for (const auto* value = document.first(list); value != nullptr; value = document.next(*value)) {
        elements += std::string(value->raw) + ";";
    }
    BOOST_TEST(elements == "1;2.50e+1;true;null;");
    const auto& string = *document.member(root, "bb");
    BOOST_TEST(string.raw == "\"x\\n\\\"y\"");
    BOOST_TEST(string.text == "x\n\"y");
    BOOST_TEST(document.member(*document.member(root, "c"), "d")->raw == "{}");
    BOOST_TEST(document.member(root, "d") == nullptr);
}

BOOST_AUTO_TEST_CASE(numbers_keep_digits_that_no_double_holds) {
    const auto document = Document::parse("[12345678901234567890123,0.1000000000000000055]").value();
    BOOST_TEST(document.first(document.root())->raw == "12345678901234567890123");
}

BOOST_AUTO_TEST_CASE(malformed_text_is_refused) {
    for (const std::string bad :
         {"", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "'a'", "01", "1 2", "nul", "\"\n\"", "\"\xff\"",
          "\"\xed\xa0\x80\"", "\"\\ud800\"", "\"\\udc00\"", "1e999", "[1}", "//x\n1"}) {
        BOOST_TEST(verdict(bad) == "malformed", bad);
    }
    BOOST_TEST(verdict(std::string(400, '9')) == "malformed");
    BOOST_TEST(verdict("[1e-999,1e308,-0.0,0.1e-2]") == "ok");
    BOOST_TEST(verdict(std::string("1\0", 2)) == "malformed");
    BOOST_TEST(verdict("\"\\ud83d\\ude00\"") == "ok");
}

BOOST_AUTO_TEST_CASE(duplicate_members_are_refused_with_their_path) {
    BOOST_TEST(verdict("{\"a\":1,\"a\":2}") == "duplicate a");
    BOOST_TEST(verdict("{\"a\":1,\"\\u0061\":2}") == "duplicate a");
    BOOST_TEST(verdict("{\"x\":[0,{\"y\":{\"z\":{\"q\":{\"r\":1,\"s\":1,\"r\":1}}}}]}") ==
               "duplicate x[1].y.z.q.r");
    BOOST_TEST(verdict("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}]}") == "ok");
}

BOOST_AUTO_TEST_CASE(depth_and_number_of_values_are_bounded) {
    BOOST_TEST(verdict(nested(64)) == "ok");
    BOOST_TEST(verdict(nested(65)) == "too deep");
    BOOST_TEST(verdict(nested(100'000)) == "too deep");
    BOOST_TEST(verdict("[1,2,3]", {.depth_max = 64, .built_depth_max = 4, .values_max = 4}) == "ok");
    BOOST_TEST(verdict("[1,2,3]", {.depth_max = 64, .built_depth_max = 4, .values_max = 3}) == "too many");
    BOOST_TEST(verdict("[[1,2,3]]", {.depth_max = 64, .built_depth_max = 1, .values_max = 2}) == "ok");
}

BOOST_AUTO_TEST_CASE(what_is_too_deep_to_be_built_still_has_its_text) {
    const auto document =
        Document::parse("[[[1,[2]]]]", {.depth_max = 64, .built_depth_max = 2, .values_max = 9}).value();
    const auto* middle = document.first(*document.first(document.root()));
    BOOST_TEST(middle->raw == "[1,[2]]");
    BOOST_TEST(document.first(*middle) == nullptr);
}

BOOST_AUTO_TEST_CASE(validity_is_that_of_one_text_no_deeper_than_asked) {
    BOOST_TEST(is_valid("{\"a\":[1,2,{}]}"));
    BOOST_TEST(is_valid(nested(64)));
    BOOST_TEST(!is_valid(nested(65)));
    BOOST_TEST(!is_valid(nested(100'000)));
    BOOST_TEST(!is_valid("1 2"));
    BOOST_TEST(!is_valid(""));
    BOOST_TEST(!is_valid("\"\xff\""));
}

BOOST_AUTO_TEST_CASE(writer_puts_commas_and_escapes) {
    std::string text;
    Writer writer(text);
    writer.open_object().member("a", std::string("q\"\\\n\t\r\x01\xc3\xa9", 9)).name("b").open_array().number(-1);
    writer.number(18446744073709551615U).null().boolean(true).raw("{ }").string("").close_array();
    writer.optional_member("c", std::nullopt).optional_member("d", "[").name("e").open_object().close_object();
    writer.name("f").string("{").close_object();
    BOOST_TEST(text ==
               "{\"a\":\"q\\\"\\\\\\n\\t\\r\\u0001\xc3\xa9\",\"b\":[-1,18446744073709551615,null,true,{ },\"\"],"
               "\"c\":null,\"d\":\"[\",\"e\":{},\"f\":\"{\"}");
    BOOST_TEST(verdict(text) == "ok");
}

BOOST_AUTO_TEST_CASE(writer_escapes_at_every_position) {
    for (std::size_t size = 1; size < 50; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            const std::string before(at, 'a');
            const std::string behind(size - at - 1, 'b');
            std::string text;
            Writer(text).string(before + '"' + behind);
            BOOST_TEST(text == '"' + before + "\\\"" + behind + '"');
        }
    }
}

BOOST_AUTO_TEST_CASE(writer_leaves_exactly_what_was_printed) {
    const std::string large(100'000, 'x');
    std::string text = "before";
    text.reserve(5'000);
    Writer writer(text);
    writer.name("a").open_array().string(large).open_object().close_object().close_array().member("b", large);
    BOOST_TEST(text == "before,\"a\":[\"" + large + "\",{}],\"b\":\"" + large + '"');
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::scopes::json

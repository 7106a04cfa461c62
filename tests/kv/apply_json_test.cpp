// Operations over JSON values: numbers, lists, merges, and what they refuse.
#include <boost/test/unit_test.hpp>
#include <limits>

#include "kv/json.hpp"
#include "tests/kv/apply_support.hpp"

namespace alcove::test {
namespace {

std::string nested(std::size_t depth, std::string_view innermost = "") {
    return std::string(depth, '[') + std::string(innermost) + std::string(depth, ']');
}

std::string nested_objects(std::size_t depth) {
    std::string text = "1";
    for (std::size_t i = 0; i < depth; ++i)
        text = R"({"a":)" + text + "}";
    return text;
}

kv::Operation increment_by(double by) {
    return kv::Increment{.key = "k", .by = by};
}

bool equal(std::string_view left, std::string_view right) {
    kv::json::Value a;
    kv::json::Value b;
    kv::json::parse(left, 64, a);
    kv::json::parse(right, 64, b);
    return kv::json::equal(a, b) && kv::json::equal(b, a);
}

BOOST_AUTO_TEST_SUITE(apply_json)

BOOST_AUTO_TEST_CASE(increment_is_exact_in_64_bits) {
    constexpr auto top = std::numeric_limits<std::int64_t>::max();
    constexpr auto bottom = std::numeric_limits<std::int64_t>::min();
    BOOST_TEST(effect(increment("k", 1), stored_json("9007199254740993")) == "put 9007199254740994");
    BOOST_TEST(effect(increment("k", 1), stored_json("9223372036854775806")) == "put 9223372036854775807");
    BOOST_TEST(effect(increment("k", 1), stored_json("9223372036854775807")) == "type_mismatch");
    BOOST_TEST(effect(increment("k", -1), stored_json("-9223372036854775808")) == "type_mismatch");
    BOOST_TEST(effect(increment("k", top), stored_json("-9223372036854775808")) == "put -1");
    BOOST_TEST(effect(increment("k", bottom), nothing) == "put -9223372036854775808");
    BOOST_TEST(effect(increment("k", 0), stored_json(" -0 ")) == "put 0");
}

BOOST_AUTO_TEST_CASE(increment_refuses_a_stored_integer_beyond_64_bits) {
    for (const char* value : {"9223372036854775808", "-9223372036854775809", "18446744073709551616",
                              "1000000000000000000000000000000"}) {
        BOOST_TEST(effect(increment("k", -1), stored_json(value)) == "type_mismatch");
        BOOST_TEST(effect(increment_by(0.5), stored_json(value)) == "type_mismatch");
    }
}

BOOST_AUTO_TEST_CASE(increment_with_a_double_on_either_side_gives_a_double) {
    BOOST_TEST(effect(increment("k", 1), stored_json("1.5")) == "put 2.5");
    BOOST_TEST(effect(increment("k", 1), stored_json("1.0")) == "put 2.0");
    BOOST_TEST(effect(increment("k", 1), stored_json("1e2")) == "put 101.0");
    BOOST_TEST(effect(increment_by(0.25), stored_json("1")) == "put 1.25");
    BOOST_TEST(effect(increment_by(0.1), nothing) == "put 0.1");
    BOOST_TEST(effect(increment_by(0.2), stored_json("0.1")) == "put 0.30000000000000004");
}

BOOST_AUTO_TEST_CASE(numbers_that_stretch_a_parser_are_read_exactly) {
    BOOST_TEST(effect(increment_by(0), stored_json("2.2250738585072011e-308")) == "put 2.225073858507201e-308");
    BOOST_TEST(effect(increment_by(0), stored_json("1.7976931348623157e308")) == "put 1.7976931348623157e+308");
    BOOST_TEST(effect(increment_by(0), stored_json("1e-400")) == "put 0.0");
    BOOST_TEST(effect(increment_by(0), stored_json("1e-2147483648")) == "put 0.0");
    BOOST_TEST(effect(increment_by(0), stored_json("0." + std::string(800, '0') + "1e801")) == "put 1.0");
    BOOST_TEST(effect(increment_by(0), stored_json("1." + std::string(70'000, '1'))) == "put 1.1111111111111112");
    BOOST_TEST(effect(increment_by(0), stored_json("1e999999999999999999999")) == "type_mismatch");
}

BOOST_AUTO_TEST_CASE(increment_to_infinity_is_a_mismatch) {
    BOOST_TEST(effect(increment_by(1e308), stored_json("1.7e308")) == "type_mismatch");
    BOOST_TEST(effect(increment_by(std::numeric_limits<double>::infinity()), nothing) == "type_mismatch");
    BOOST_TEST(effect(increment_by(std::numeric_limits<double>::quiet_NaN()), nothing) == "type_mismatch");
    BOOST_TEST(effect(increment("k"), stored_json("1e400")) == "type_mismatch");
}

BOOST_AUTO_TEST_CASE(number_operations_take_every_json_type_and_nothing_else) {
    for (const char* type : {"application/json", "Application/JSON; charset=utf-8", "application/json ;a=b",
                             "application/problem+json", "image/svg+JSON"}) {
        BOOST_TEST(applied(increment("k"), stored("1", type))->entry->content_type == "application/json");
    }
    for (const char* type : {"", "application/jsonx", "json", "+json", "application/+json", "/a+json", "text/json",
                             "application/json-seq"}) {
        BOOST_TEST(effect(increment("k"), stored("1", type)) == "type_mismatch");
    }
}

BOOST_AUTO_TEST_CASE(number_operations_refuse_other_values) {
    for (const char* value : {"\"1\"", "[1]", "{}", "null", "true", "", "1 2", "01", "1.", "NaN", "+1", "0x1"}) {
        BOOST_TEST(effect(increment("k"), stored_json(value)) == "type_mismatch");
    }
    BOOST_TEST(effect(increment("k"), stored_json(std::string_view("1\0", 2))) == "type_mismatch");
}

BOOST_AUTO_TEST_CASE(lists_grow_at_the_end) {
    BOOST_TEST(effect(add_to_list("k", "2"), stored_json(" [ 1 ] ")) == "put [1,2]");
    BOOST_TEST(effect(add_to_list("k", R"({"a":[]})"), nothing) == R"(put [{"a":[]}])");
    BOOST_TEST(effect(add_to_list("k", "1"), stored_json("[1]")) == "put [1,1]");
    BOOST_TEST(effect(add_to_list("k", "18446744073709551615"), nothing) == "put [18446744073709551615]");
    BOOST_TEST(effect(add_to_list("k", R"("é\n\u0000")"), nothing) == R"(put ["é\n\u0000"])");
}

BOOST_AUTO_TEST_CASE(unique_elements_are_added_once) {
    BOOST_TEST(effect(add_to_list("k", "1.0", true), stored_json("[3, 1]")) == "none [3, 1]");
    BOOST_TEST(effect(add_to_list("k", "2", true), stored_json("[3,1]")) == "put [3,1,2]");
    BOOST_TEST(effect(add_to_list("k", R"({"b":2,"a":1})", true), stored_json(R"([{"a":1,"b":2.0}])")) ==
               R"(none [{"a":1,"b":2.0}])");
    BOOST_TEST(effect(add_to_list("k", "1", true), nothing) == "put [1]");
}

BOOST_AUTO_TEST_CASE(only_the_first_equal_element_goes) {
    BOOST_TEST(effect(remove_from_list("k", "1"), stored_json("[2,1.0,1]")) == "put [2,1]");
    BOOST_TEST(effect(remove_from_list("k", "1"), stored_json("[1]")) == "put []");
    BOOST_TEST(effect(remove_from_list("k", "4"), stored_json("[2, 1]")) == "none [2, 1]");
}

BOOST_AUTO_TEST_CASE(removing_from_a_missing_list_writes_nothing_and_shows_an_empty_one) {
    const auto outcome = applied(remove_from_list("k", "1"), nothing);
    BOOST_TEST((outcome->effect == kv::Applied::Effect::none));
    BOOST_TEST(print(*outcome->result.entry) == "[] (application/json) v0 at 0, created v0 at 0");
}

BOOST_AUTO_TEST_CASE(list_operations_refuse_other_values) {
    for (const char* value : {"1", "{}", "null", "\"[]\"", "[", "[1,]", "[]x", "['a']", "[\"\xff\"]"}) {
        BOOST_TEST(effect(add_to_list("k", "1"), stored_json(value)) == "type_mismatch");
        BOOST_TEST(effect(remove_from_list("k", "1"), stored_json(value)) == "type_mismatch");
    }
}

BOOST_AUTO_TEST_CASE(malformed_arguments_are_invalid) {
    for (const char* value : {"", "x", "[1", "1 1", "\"\xff\"", R"("\ud800")", R"("\udc00")", R"({"\udfff":1})"}) {
        BOOST_TEST(effect(add_to_list("k", value), nothing) == "invalid");
        BOOST_TEST(effect(remove_from_list("k", value), nothing) == "invalid");
        BOOST_TEST(effect(merge("k", value), nothing) == "invalid");
    }
}

BOOST_AUTO_TEST_CASE(equality_is_by_value) {
    const std::vector<std::pair<const char*, const char*>> same = {
        {"1", "1.0"},
        {"100", "1e2"},
        {"0", "-0.0"},
        {"\"a\"", "\"\\u0061\""},
        {"[1,[2]]", "[1.0,[2]]"},
        {R"({"a":1,"b":{"c":2}})", R"({"b":{"c":2},"a":1})"},
        {"9223372036854775808", "9223372036854775808.0"},
        {"null", "null"},
        {"-9223372036854775808", "-9.223372036854775808e18"}};
    for (const auto& [left, right] : same)
        BOOST_TEST(equal(left, right), left << " equals " << right);
    const std::vector<std::pair<const char*, const char*>> different = {
        {"1", "\"1\""},
        {"1", "true"},
        {"null", "false"},
        {"[]", "{}"},
        {"[1,2]", "[2,1]"},
        {"[1]", "[1,1]"},
        {R"({"a":1})", R"({"a":1,"b":1})"},
        {R"({"a":1})", R"({"b":1})"},
        {"\"a\"", "\"a\\u0000\""},
        // Equal once both are doubles.
        {"9007199254740993", "9007199254740992.0"},
        {"9223372036854775807", "9223372036854775808.0"},
        {"18446744073709551615", "18446744073709551616.0"},
        {"-1", "18446744073709551615"}};
    for (const auto& [left, right] : different)
        BOOST_TEST(!equal(left, right), left << " differs from " << right);
}

// The table of RFC 7396, appendix A, as far as both sides are objects.
BOOST_AUTO_TEST_CASE(merge_follows_rfc_7396) {
    struct Row {
        const char* target;
        const char* patch;
        const char* expected;
    };
    const std::vector<Row> rows = {
        {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
        {R"({"a":"b"})", R"({"a":null})", R"({})"},
        {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
        {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
        {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
        {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
        {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
        {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
        {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
        {R"({"a":1})", R"({"a":{"b":null,"c":2}})", R"({"a":{"c":2}})"},
        {R"({"a":1})", R"({"a":[null]})", R"({"a":[null]})"},
        {R"({"a":1})", R"({})", R"({"a":1})"},
        {R"({"a":1,"a":2,"b":3})", R"({"b":4})", R"({"a":2,"b":4})"},
        {R"({"a":1})", R"({"a":null,"a":{"b":2}})", R"({"a":{"b":2}})"},
        {R"({"a":1})", R"({"a":2,"a":null})", R"({})"},
        {R"({"n":9007199254740993})", R"({"m":-9223372036854775808})",
         R"({"n":9007199254740993,"m":-9223372036854775808})"},
    };
    for (const Row& row : rows) {
        BOOST_TEST(effect(merge("k", row.patch), stored_json(row.target)) == std::string("put ") + row.expected);
    }
    BOOST_TEST(effect(merge("k", R"({"a":{"b":null,"c":1},"d":null})"), nothing) == R"(put {"a":{"c":1}})");
    BOOST_TEST(effect(merge("k", "{}"), nothing) == "put {}");
}

BOOST_AUTO_TEST_CASE(merge_refuses_what_is_no_object) {
    for (const char* value : {"1", "[]", "null", "\"{}\"", "{"}) {
        BOOST_TEST(effect(merge("k", "{}"), stored_json(value)) == "type_mismatch");
    }
    for (const char* patch : {"1", "[]", "null", "\"{}\""}) {
        BOOST_TEST(effect(merge("k", patch), stored_json("{}")) == "type_mismatch");
    }
}

BOOST_AUTO_TEST_CASE(stored_values_nested_too_deeply_are_a_mismatch) {
    for (const std::size_t depth : {65, 1'000'000}) {
        BOOST_TEST(effect(add_to_list("k", "1"), stored_json(nested(depth))) == "type_mismatch");
        BOOST_TEST(effect(merge("k", "{}"), stored_json(nested_objects(65))) == "type_mismatch");
    }
    BOOST_TEST(effect(remove_from_list("k", "1"), stored_json(nested(64))) == "none " + nested(64));
    BOOST_TEST(effect(merge("k", "{}"), stored_json(nested_objects(64))) == "put " + nested_objects(64));
}

BOOST_AUTO_TEST_CASE(arguments_nested_too_deeply_are_invalid) {
    BOOST_TEST(effect(merge("k", nested_objects(64)), nothing) == "put " + nested_objects(64));
    BOOST_TEST(effect(merge("k", nested_objects(65)), nothing) == "invalid");
    BOOST_TEST(effect(remove_from_list("k", nested(64)), nothing) == "none []");
    BOOST_TEST(effect(remove_from_list("k", nested(1'000'000)), nothing) == "invalid");
}

BOOST_AUTO_TEST_CASE(a_list_never_grows_deeper_than_it_can_be_read) {
    BOOST_TEST(effect(add_to_list("k", nested(63)), nothing) == "put " + nested(64));
    BOOST_TEST(effect(add_to_list("k", nested(64)), nothing) == "invalid");
}

BOOST_AUTO_TEST_CASE(large_objects_are_compared_and_merged_in_reasonable_time) {
    std::string object = "{";
    for (int i = 0; i < 50'000; ++i)
        object += (i ? ",\"member" : "\"member") + std::to_string(i) + "\":1";
    object += "}";
    BOOST_TEST(effect(add_to_list("k", object, true), stored_json("[" + object + "]")).starts_with("none"));
    BOOST_TEST(effect(merge("k", object), stored_json(object)) == "put " + object);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

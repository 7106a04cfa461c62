// What each operation does to an entry: versions, times, expiry, text and limits.
#include <boost/test/unit_test.hpp>
#include <limits>

#include "tests/kv/apply_support.hpp"

namespace alcove::test {
namespace {

using kv::Applied;
using kv::Entry;
using kv::Expiry;

std::optional<Entry> expiring(std::string_view value, std::string_view content_type, kv::TimeMs expires_ms) {
    auto entry = stored(value, content_type);
    entry->expires_ms = expires_ms;
    return entry;
}

// One operation of each kind that writes, on a key whose value fits it.
struct Case {
    kv::Operation operation;
    std::string value;
    std::string content_type;
};
std::vector<Case> writing_operations() {
    return {
        {increment("k"), "1", "application/json"},
        {append("k", "x"), "abc", "text/plain"},
        {add_to_list("k", "1"), "[]", "application/json"},
        {remove_from_list("k", "1"), "[1]", "application/json"},
        {merge("k", R"({"a":1})"), "{}", "application/json"},
    };
}

BOOST_AUTO_TEST_SUITE(apply_operation)

BOOST_AUTO_TEST_CASE(get_returns_the_entry_and_has_no_effect) {
    const auto outcome = applied(get("k"), stored("abc", "text/plain"));
    BOOST_TEST(print(*outcome->result.entry) == print(*stored("abc", "text/plain")));
    BOOST_TEST((outcome->effect == Applied::Effect::none));
    BOOST_TEST(effect(get("k"), nothing) == "none -");
}

BOOST_AUTO_TEST_CASE(put_of_a_new_key_is_created_now) {
    const auto outcome = applied(put("k", "abc"), nothing);
    BOOST_TEST(print(*outcome->entry) == "abc (text/plain) v9 at 5000, created v9 at 5000");
    BOOST_TEST(!outcome->result.existed);
}

BOOST_AUTO_TEST_CASE(put_over_a_key_keeps_when_it_was_created_and_nothing_else) {
    const auto outcome =
        applied(put("k", "new", Expiry::never(), "text/html"), expiring("old", "text/plain", 7'000));
    BOOST_TEST(print(*outcome->entry) == "new (text/html) v9 at 5000, created v3 at 1000");
    BOOST_TEST(outcome->result.existed);
}

BOOST_AUTO_TEST_CASE(put_tells_the_entry_without_its_value) {
    const auto outcome = applied(put("k", "abc", Expiry::after(10)), nothing);
    BOOST_TEST(print(*outcome->result.entry) == " (text/plain) v9 at 5000, created v9 at 5000, expires 5010");
}

BOOST_AUTO_TEST_CASE(expiry_counts_from_the_commit_or_is_an_instant) {
    const auto expires = [](Expiry expiry) { return applied(put("k", "v", expiry), nothing)->entry->expires_ms; };
    constexpr auto end = std::numeric_limits<kv::TimeMs>::max();
    BOOST_TEST((expires(Expiry::never()) == std::nullopt));
    BOOST_TEST(expires(Expiry::after(1)).value() == 5'001);
    BOOST_TEST(expires(Expiry::after(end)).value() == end);
    BOOST_TEST(expires(Expiry::at(6'000)).value() == 6'000);
    BOOST_TEST(expires(Expiry::at(4'000)).value() == 4'000);
}

BOOST_AUTO_TEST_CASE(delete_removes_what_is_there) {
    BOOST_TEST(effect(del("k"), stored("abc", "text/plain")) == "remove");
    BOOST_TEST(effect(del("k"), nothing) == "none -");
    BOOST_TEST(applied(del("k"), stored("abc", "text/plain"))->result.existed);
    BOOST_TEST(!applied(del("k"), nothing)->result.existed);
}

BOOST_AUTO_TEST_CASE(touch_changes_the_expiry_alone) {
    const auto outcome = applied(touch("k", Expiry::after(500)), expiring("abc", "text/x", 7'000));
    BOOST_TEST(print(*outcome->entry) == "abc (text/x) v9 at 5000, created v3 at 1000, expires 5500");
    BOOST_TEST(print(*outcome->result.entry) == print(*outcome->entry));
    BOOST_TEST(!applied(touch("k", Expiry::never()), expiring("abc", "text/x", 7'000))->entry->expires_ms);
}

BOOST_AUTO_TEST_CASE(touch_of_a_missing_key_leaves_it_missing) {
    const auto outcome = applied(touch("k", Expiry::after(500)), nothing);
    BOOST_TEST((outcome->effect == Applied::Effect::none && !outcome->result.entry && !outcome->result.existed));
}

BOOST_AUTO_TEST_CASE(touch_works_on_a_value_beyond_the_limit) {
    BOOST_TEST(effect(touch("k", Expiry::never()), stored("abcdef", "text/x"), 3) == "put abcdef");
}

BOOST_AUTO_TEST_CASE(operations_that_compute_keep_expiry_and_creation) {
    for (const Case& one : writing_operations()) {
        BOOST_TEST_CONTEXT(print(one.operation)) {
            const auto outcome = applied(one.operation, expiring(one.value, one.content_type, 7'000));
            BOOST_TEST(outcome->entry->expires_ms.value() == 7'000);
            BOOST_TEST(outcome->entry->created_version == 3u);
            BOOST_TEST(outcome->entry->created_ms == 1'000);
            BOOST_TEST(outcome->entry->version == 9u);
            BOOST_TEST(outcome->entry->updated_ms == 5'000);
            BOOST_TEST(print(*outcome->result.entry) == print(*outcome->entry));
        }
    }
}

BOOST_AUTO_TEST_CASE(operations_that_compute_start_from_nothing_without_an_expiry) {
    const std::vector<std::pair<kv::Operation, std::string>> cases = {
        {increment("k", 5), "5 (application/json)"},
        {append("k", "x", ","), "x (text/plain; charset=utf-8)"},
        {add_to_list("k", "1"), "[1] (application/json)"},
        {merge("k", R"({"a":1})"), R"({"a":1} (application/json))"},
    };
    for (const auto& [operation, expected] : cases) {
        BOOST_TEST(print(*applied(operation, nothing)->entry) == expected + " v9 at 5000, created v9 at 5000");
    }
}

BOOST_AUTO_TEST_CASE(operations_that_compute_refuse_a_value_of_another_type) {
    for (const Case& one : writing_operations()) {
        BOOST_TEST_CONTEXT(print(one.operation)) {
            BOOST_TEST(effect(one.operation, stored(one.value, "application/octet-stream")) == "type_mismatch");
            BOOST_TEST(effect(one.operation, stored(one.value, "")) == "type_mismatch");
        }
    }
}

BOOST_AUTO_TEST_CASE(append_puts_the_separator_only_between) {
    BOOST_TEST(effect(append("k", "b", ", "), stored("a", "text/plain")) == "put a, b");
    BOOST_TEST(effect(append("k", "b", ", "), stored("", "text/plain")) == "put b");
    BOOST_TEST(effect(append("k", "b", ", "), nothing) == "put b");
    BOOST_TEST(effect(append("k", "", ", "), stored("a", "text/plain")) == "put a, ");
    BOOST_TEST(effect(append("k", ""), nothing) == "put ");
}

BOOST_AUTO_TEST_CASE(append_takes_every_text_type_and_writes_plain_text) {
    for (const char* type : {"text/plain", "TEXT/HTML", "text/csv; charset=latin1", "text/plain;charset=utf-8"}) {
        BOOST_TEST(applied(append("k", "b"), stored("a", type))->entry->content_type ==
                   "text/plain; charset=utf-8");
    }
    BOOST_TEST(effect(append("k", "b"), stored("1", "application/json")) == "type_mismatch");
    BOOST_TEST(effect(append("k", "b"), stored("1", "context/plain")) == "type_mismatch");
}

BOOST_AUTO_TEST_CASE(a_result_beyond_the_limit_is_too_large) {
    BOOST_TEST(effect(put("k", "12345"), nothing, 5) == "put 12345");
    BOOST_TEST(effect(put("k", "123456"), nothing, 5) == "too_large");
    BOOST_TEST(effect(append("k", "45"), stored("123", "text/plain"), 5) == "put 12345");
    BOOST_TEST(effect(append("k", "45", ","), stored("123", "text/plain"), 5) == "too_large");
    BOOST_TEST(effect(increment("k", 1), stored_json("9999"), 5) == "put 10000");
    BOOST_TEST(effect(increment("k", 1), stored_json("99999"), 5) == "too_large");
    BOOST_TEST(effect(add_to_list("k", "1"), stored_json("[1]"), 5) == "put [1,1]");
    BOOST_TEST(effect(add_to_list("k", "12"), stored_json("[1]"), 5) == "too_large");
    BOOST_TEST(effect(merge("k", R"({"a":1})"), nothing, 5) == "too_large");
}

BOOST_AUTO_TEST_CASE(a_value_beyond_the_limit_can_still_shrink) {
    BOOST_TEST(effect(remove_from_list("k", "1"), stored_json("[1,2,3,4]"), 5) == "put [2,3,4]");
    BOOST_TEST(effect(merge("k", R"({"a":null})"), stored_json(R"({"a":1,"b":2})"), 5) == R"(put {"b":2})");
}

BOOST_AUTO_TEST_CASE(messages_name_the_key_and_what_was_found) {
    BOOST_TEST(message(increment("a"), stored("1", "text/plain; x=y")) ==
               "the value of key 'a' is text/plain, not JSON");
    BOOST_TEST(message(increment("a"), stored_json("[]")) == "the value of key 'a' is an array, not a number");
    BOOST_TEST(message(add_to_list("a", "1"), stored_json("{}")) ==
               "the value of key 'a' is an object, not an array");
    BOOST_TEST(message(merge("a", "{}"), stored_json("{")) ==
               "the value of key 'a' is malformed JSON, not an object");
    BOOST_TEST(message(append("a", "b"), stored("", "")) ==
               "the value of key 'a' is without a content type, not text");
    BOOST_TEST(message(put("a", "123"), nothing, 2) ==
               "the value of key 'a' would have 3 bytes; at most 2 are allowed");
    BOOST_TEST(message(merge("a", "3"), nothing) == "the patch for key 'a' is a number, not an object");
}

BOOST_AUTO_TEST_CASE(messages_cut_long_keys_between_characters_and_escape_controls) {
    const std::string key = std::string(63, 'a') + "éé";
    BOOST_TEST(message(put(key, "1"), nothing, 0) ==
               "the value of key '" + std::string(63, 'a') + "…' would have 1 bytes; at most 0 are allowed");
    BOOST_TEST(message(put("a\nb", "1"), nothing, 0) ==
               "the value of key 'a\\x0ab' would have 1 bytes; at most 0 are allowed");
}

BOOST_AUTO_TEST_CASE(key_of_an_operation_is_its_key_or_prefix) {
    BOOST_TEST(kv::key_of(merge("a", "{}")) == "a");
    BOOST_TEST(kv::key_of(delete_prefix("p/")) == "p/");
}

BOOST_AUTO_TEST_CASE(every_error_has_a_name_and_taking_its_value_throws) {
    for (int code = 0; code <= static_cast<int>(kv::Errc::outcome_unknown); ++code) {
        BOOST_TEST(kv::to_string(static_cast<kv::Errc>(code)) != "unknown");
    }
    BOOST_CHECK_THROW(applied(put("k", "1"), nothing, 0).value(), std::logic_error);
}

BOOST_AUTO_TEST_CASE(the_system_namespace_belongs_to_nobody) {
    BOOST_TEST(print(kv::system_namespace()) == "system/00000000-0000-0000-0000-000000000000/");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

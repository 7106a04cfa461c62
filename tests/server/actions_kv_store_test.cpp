// The actions of kv-store: what each gives and what each refuses.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/server/actions_fixture.hpp"

namespace alcove::test {
namespace {

struct Step {
    const char* action;
    const char* input;
    std::string expected;
};

class Steps : public ActionFixture {
public:
    void play(const std::vector<Step>& steps) {
        for (const auto& step : steps) {
            BOOST_TEST(act(step.action, step.input) == step.expected, step.action << " " << step.input);
        }
    }
};

std::string in_quotes(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

BOOST_FIXTURE_TEST_SUITE(actions_kv_store, Steps)

BOOST_AUTO_TEST_CASE(put_gives_the_value_and_get_reads_it) {
    play({
        {"put", R"({"key":"a","value":{"n":[1, 2.50, null]}})", R"({"n":[1, 2.50, null]})"},
        {"get", R"({"key":"a"})", R"({"n":[1, 2.50, null]})"},
        {"put", R"({"key":"a","value":"t\u00e4xt"})", R"("t\u00e4xt")"},
        {"get", R"({"key":"a"})", R"("t\u00e4xt")"},
        {"put", R"({"key":"null","value":null})", "null"},
        {"get", R"({"key":"null","defaultValue":1})", "null"},
        {"put", R"({"value":18446744073709551616,"key":"\ud83d\ude00"})", "18446744073709551616"},
        {"get", "{\"key\":\"\xf0\x9f\x98\x80\"}", "18446744073709551616"},
    });
    const auto entry = run(store().get(name, "a"));
    BOOST_TEST(entry->content_type == "application/json");
    BOOST_TEST(entry->value == R"("t\u00e4xt")");
}

BOOST_AUTO_TEST_CASE(get_of_an_absent_key_gives_the_default) {
    play({
        {"get", R"({"key":"no"})", "null"},
        {"get", R"({"key":"no","defaultValue":null})", "null"},
        {"get", R"({"key":"no","defaultValue":{"a":[]}})", R"({"a":[]})"},
        {"put", R"({"key":"a","value":1})", "1"},
        {"get", R"({"key":"a","defaultValue":2})", "1"},
    });
}

BOOST_AUTO_TEST_CASE(get_shows_what_others_stored) {
    commit({put("text", "plain"), put("bytes", "\xff", kv::Expiry::never(), "application/octet-stream")});
    play({{"get", R"({"key":"text"})", "\"plain\""}, {"get", R"({"key":"bytes"})", R"({"base64":"/w=="})"}});
}

BOOST_AUTO_TEST_CASE(delete_tells_whether_there_was_a_key) {
    play({
        {"delete", R"({"key":"a"})", R"({"success":true,"existed":false})"},
        {"put", R"({"key":"a","value":1})", "1"},
        {"delete", R"({"key":"a"})", R"({"success":true,"existed":true})"},
        {"get", R"({"key":"a"})", "null"},
    });
}

BOOST_AUTO_TEST_CASE(lists_grow_and_shrink) {
    play({
        {"add_to_list", R"({"key":"l","value":1})", "[1]"},
        {"add_to_list", R"({"key":"l","value":{"a":1,"b":2}})", R"([1,{"a":1,"b":2}])"},
        {"add_to_list", R"({"key":"l","value":{"b":2.0,"a":1},"ignoreIfExists":true})", R"([1,{"a":1,"b":2}])"},
        {"add_to_list", R"({"key":"l","value":1,"ignoreIfExists":false})", R"([1,{"a":1,"b":2},1])"},
        {"remove_from_list", R"({"key":"l","value":1.0})", R"([{"a":1,"b":2},1])"},
        {"remove_from_list", R"({"key":"l","value":"1"})", R"([{"a":1,"b":2},1])"},
        {"get", R"({"key":"l"})", R"([{"a":1,"b":2},1])"},
        {"remove_from_list", R"({"key":"none","value":1})", "[]"},
        {"put", R"({"key":"n","value":{"not":"a list"}})", R"({"not":"a list"})"},
        {"add_to_list", R"({"key":"n","value":1})", "409 TYPE_MISMATCH"},
        {"remove_from_list", R"({"key":"n","value":1})", "409 TYPE_MISMATCH"},
    });
}

BOOST_AUTO_TEST_CASE(numbers_are_exact) {
    play({
        {"increment", R"({"key":"n"})", "1"},
        {"increment", R"({"key":"n","by":41})", "42"},
        {"increment", R"({"key":"n","by":-9223372036854775808})", "-9223372036854775766"},
        {"increment", R"({"key":"n","by":-43})", "409 TYPE_MISMATCH"},
        {"increment", R"({"key":"f","by":0.5})", "0.5"},
        {"increment", R"({"key":"f","by":1e3})", "1000.5"},
        {"put", R"({"key":"s","value":"1"})", "\"1\""},
        {"increment", R"({"key":"s"})", "409 TYPE_MISMATCH"},
    });
}

BOOST_AUTO_TEST_CASE(text_is_appended_with_the_separator_between) {
    commit({put("broken", "\xff")});
    play({
        {"append", R"({"key":"t","value":"a","separator":", "})", "\"a\""},
        {"append", R"({"key":"t","value":"b\n","separator":", "})", "\"a, b\\n\""},
        {"append", R"({"key":"t","value":"c"})", "\"a, b\\nc\""},
        {"append", R"({"key":"broken","value":"c"})", R"({"base64":"/2M="})"},
        {"put", R"({"key":"json","value":"a"})", "\"a\""},
        {"append", R"({"key":"json","value":"b"})", "409 TYPE_MISMATCH"},
    });
}

BOOST_AUTO_TEST_CASE(list_keys_pages_through_a_prefix) {
    commit({put("a/1", "x"), put("a/2", "x"), put("a/\"3", "x"), put("b", "x")});
    play({
        {"list_keys", "{}", R"({"keys":["a/\"3","a/1","a/2","b"],"cursor":null})"},
        {"list_keys", R"({"prefix":"a/"})", R"({"keys":["a/\"3","a/1","a/2"],"cursor":null})"},
        {"list_keys", R"({"prefix":"","limit":1e3})", R"({"keys":["a/\"3","a/1","a/2","b"],"cursor":null})"},
        {"list_keys", R"({"prefix":"z"})", R"({"keys":[],"cursor":null})"},
    });
    const auto first = act("list_keys", R"({"prefix":"a/","limit":2.0})");
    const std::string start = R"({"keys":["a/\"3","a/1"],"cursor":)";
    BOOST_REQUIRE(first.starts_with(start + "\""));
    const auto cursor = first.substr(start.size(), first.size() - start.size() - 1);
    BOOST_TEST(act("list_keys", R"({"prefix":"a/","cursor":)" + cursor + "}") ==
               R"({"keys":["a/2"],"cursor":null})");
    const auto refused = "400 VALIDATION_ERROR input.cursor";
    BOOST_TEST(act("list_keys", R"({"prefix":"b","cursor":)" + cursor + "}") == refused);
    BOOST_TEST(act("list_keys", R"({"cursor":"x"})") == refused);
    name = workspace_namespace(2);
    BOOST_TEST(act("list_keys", R"({"prefix":"a/","cursor":)" + cursor + "}") == refused);
}

BOOST_AUTO_TEST_CASE(get_many_gives_values_and_versions) {
    const auto version = std::to_string(commit({put_json("a", "[1]"), put("q\"\n", "text")})->version);
    BOOST_TEST(act("get_many", R"({"keys":["q\"\n","no","a"]})") ==
               R"({"values":{"q\"\n":"text","no":null,"a":[1]},"versions":{"q\"\n":")" + version +
                   R"(","no":null,"a":")" + version + "\"}}");
}

BOOST_AUTO_TEST_CASE(put_if_writes_only_at_the_version) {
    const auto version_of = [](const std::string& output) {
        const std::string start = R"({"success":true,"version":")";
        BOOST_REQUIRE(output.starts_with(start));
        return output.substr(start.size(), output.size() - start.size() - 2);
    };
    const auto put_if = [this](std::string_view value, std::string_view version) {
        return act("put_if",
                   R"({"key":"k","value":)" + std::string(value) + R"(,"version":)" + std::string(version) + "}");
    };
    BOOST_TEST(put_if("0", in_quotes("1")) == "409 CHECK_FAILED");
    const auto first = version_of(put_if("1", "null"));
    BOOST_TEST(put_if("0", "null") == "409 CHECK_FAILED");
    const auto second = version_of(put_if("2", in_quotes(first)));
    BOOST_TEST(put_if("0", in_quotes(first)) == "409 CHECK_FAILED");
    BOOST_TEST(put_if("0", in_quotes("9999999999999999999")) == "409 CHECK_FAILED");
    BOOST_TEST(get("k") == "2");
    BOOST_TEST(act("get_many", R"({"keys":["k"]})").find(in_quotes(second)) != std::string::npos);

    const auto failed = execute("put_if", R"({"key":"k","value":0,"version":")" + first + "\"}").error();
    BOOST_TEST(failed.details == R"("failed":[{"index":0,"key":"k","version":")" + first +
                                     R"(","currentVersion":")" + second + "\"}]");
}

BOOST_AUTO_TEST_CASE(keys_live_as_long_as_they_were_given) {
    play({
        {"put", R"({"key":"a","value":1,"ttl":0.0005})", "1"},
        {"put", R"({"key":"b","value":1,"ttl":60})", "1"},
        {"put", R"({"key":"c","value":1,"ttl":60})", "1"},
        {"touch", R"({"key":"b","ttl":90})",
         R"({"success":true,"existed":true,"expiresAt":"2023-11-14T22:14:50.000Z"})"},
        {"touch", R"({"key":"c","ttl":null})", R"({"success":true,"existed":true,"expiresAt":null})"},
        {"touch", R"({"key":"no","ttl":1})", R"({"success":true,"existed":false,"expiresAt":null})"},
    });
    clock.advance(1);
    BOOST_TEST(act("get", R"({"key":"a"})") == "null");
    clock.advance(89'998);
    BOOST_TEST(act("get", R"({"key":"b"})") == "1");
    clock.advance(1);
    BOOST_TEST(act("list_keys", "{}") == R"({"keys":["c"],"cursor":null})");
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused_by_name) {
    const std::string key_480(480, 'k');
    const std::string wide_480 = [] {
        std::string text;
        for (int i = 0; i < 240; ++i)
            text += "\xc3\xa4";
        return text;
    }();
    const auto with_key = [](const std::string& key) { return "{\"key\":" + in_quotes(key) + "}"; };
    BOOST_TEST(act("get", with_key(key_480)) == "null");
    BOOST_TEST(act("get", with_key(wide_480)) == "null");
    BOOST_TEST(act("get", with_key(key_480 + "k")) == "400 VALIDATION_ERROR input.key");
    BOOST_TEST(act("get", with_key(wide_480 + "k")) == "400 VALIDATION_ERROR input.key");
    std::string many = R"({"keys":["0")";
    for (int i = 1; i <= 100; ++i)
        many += "," + in_quotes(std::to_string(i));

    const Step refusals[] = {
        {"get", "{}", "key"},
        {"get", R"({"key":""})", "key"},
        {"get", R"({"key":1})", "key"},
        {"get", R"({"key":null})", "key"},
        {"get", R"({"key":"a\u0000b"})", "key"},
        {"get", R"({"key":"a","default":1})", "default"},
        {"get", R"({"key":1,"default":1})", "default"},
        {"put", R"({"key":"a"})", "value"},
        {"put", R"({"key":"a","value":1,"ttl":0})", "ttl"},
        {"put", R"({"key":"a","value":1,"ttl":-1})", "ttl"},
        {"put", R"({"key":"a","value":1,"ttl":"1"})", "ttl"},
        {"put", R"({"key":"a","value":1,"ttl":null})", "ttl"},
        {"put", R"({"key":"a","value":1,"ttl":0e9})", "ttl"},
        {"put", R"({"key":"a","value":1,"ttl":3153600000.1})", "ttl"},
        {"put", R"({"key":"a","value":1,"ttl":3153600000.00000000000000000001})", "ttl"},
        {"put", R"({"key":"a","value":1,"version":"1"})", "version"},
        {"delete", R"({"key":["a"]})", "key"},
        {"add_to_list", R"({"key":"l"})", "value"},
        {"add_to_list", R"({"key":"l","value":1,"ignoreIfExists":1})", "ignoreIfExists"},
        {"remove_from_list", R"({"key":"l"})", "value"},
        {"increment", R"({"key":"n","by":"1"})", "by"},
        {"increment", R"({"key":"n","by":9223372036854775808})", "by"},
        {"increment", R"({"key":"n","by":9223372036854775807.0})", "by"},
        {"increment", R"({"key":"n","by":-1e300})", "by"},
        {"append", R"({"key":"t","value":1})", "value"},
        {"append", R"({"key":"t","value":"a","separator":null})", "separator"},
        {"list_keys", R"({"limit":0})", "limit"},
        {"list_keys", R"({"limit":1001})", "limit"},
        {"list_keys", R"({"limit":1.5})", "limit"},
        {"list_keys", R"({"limit":"1"})", "limit"},
        {"list_keys", R"({"prefix":null})", "prefix"},
        {"list_keys", R"({"cursor":null})", "cursor"},
        {"get_many", "{}", "keys"},
        {"get_many", R"({"keys":[]})", "keys"},
        {"get_many", R"({"keys":"a"})", "keys"},
        {"get_many", R"({"keys":["a","b","c",""]})", "keys[3]"},
        {"get_many", R"({"keys":["a","b","a"]})", "keys[2]"},
        {"get_many", R"({"keys":["a",{}]})", "keys[1]"},
        {"put_if", R"({"key":"a","value":1})", "version"},
        {"put_if", R"({"key":"a","value":1,"version":1})", "version"},
        {"put_if", R"({"key":"a","value":1,"version":""})", "version"},
        {"put_if", R"({"key":"a","value":1,"version":"01"})", "version"},
        {"put_if", R"({"key":"a","value":1,"version":"-1"})", "version"},
        {"put_if", R"({"key":"a","value":1,"version":"18446744073709551616"})", "version"},
        {"touch", R"({"key":"a"})", "ttl"},
        {"touch", R"({"key":"a","ttl":0})", "ttl"},
        {"touch", R"({"key":"a","ttl":true})", "ttl"},
    };
    for (const auto& [action, input, field] : refusals) {
        BOOST_TEST(act(action, input) == "400 VALIDATION_ERROR input." + field, action << " " << input);
    }
    BOOST_TEST(act("get_many", many + "]}") == "400 VALIDATION_ERROR input.keys");
    BOOST_TEST(usage().keys == 0U);
}

BOOST_AUTO_TEST_CASE(values_honour_the_limit) {
    value_bytes_max = 10;
    play({
        {"put", R"({"key":"a","value":"12345678"})", "\"12345678\""},
        {"put", R"({"key":"a","value":"123456789"})", "413 TOO_LARGE"},
        {"put_if", R"({"key":"b","value":"123456789","version":null})", "413 TOO_LARGE"},
        {"add_to_list", R"({"key":"l","value":"123456"})", "[\"123456\"]"},
        {"add_to_list", R"({"key":"l","value":"1"})", "413 TOO_LARGE"},
        {"append", R"({"key":"t","value":"1234567890"})", "\"1234567890\""},
        {"append", R"({"key":"t","value":"1"})", "413 TOO_LARGE"},
        {"get", R"({"key":"a"})", "\"12345678\""},
    });
}

BOOST_AUTO_TEST_CASE(long_lists_are_values_like_others) {
    std::string list = "[0";
    for (int i = 1; i < 20'000; ++i)
        list += ",0";
    list += "]";
    BOOST_TEST(act("put", R"({"key":"l","value":)" + list + "}").size() == list.size());
    BOOST_TEST(act("remove_from_list", R"({"key":"l","value":0})").size() == list.size() - 2);
}

BOOST_AUTO_TEST_CASE(request_id_has_its_effect_once) {
    const auto version = [this] { return usage().version; };
    const char* put_if = R"({"key":"v","value":1,"version":null})";
    BOOST_TEST(act_once("i", "increment", R"({"key":"n"})") == "1");
    BOOST_TEST(act_once("l", "add_to_list", R"({"key":"l","value":1})") == "[1]");
    BOOST_TEST(act_once("t", "append", R"({"key":"t","value":"a"})") == "\"a\"");
    BOOST_TEST(act_once("p", "put", R"({"key":"p","value":[7]})") == "[7]");
    BOOST_TEST(act_once("x", "touch", R"({"key":"p","ttl":1})") ==
               R"({"success":true,"existed":true,"expiresAt":"2023-11-14T22:13:21.000Z"})");
    const auto written = act_once("v", "put_if", put_if);
    BOOST_TEST(act_once("r", "remove_from_list", R"({"key":"l","value":1})") == "[]");
    BOOST_TEST(act_once("d", "delete", R"({"key":"t"})") == R"({"success":true,"existed":true})");
    const auto before = version();
    BOOST_TEST(act_once("i", "increment", R"({"key":"n"})") == "1 (again)");
    BOOST_TEST(act_once("l", "add_to_list", R"({"key":"l","value":1})") == "[1] (again)");
    BOOST_TEST(act_once("t", "append", R"({"key":"t","value":"a"})") == "\"a\" (again)");
    BOOST_TEST(act_once("p", "put", R"({"key":"p","value":[7]})") == "[7] (again)");
    BOOST_TEST(act_once("x", "touch", R"({"key":"p","ttl":1})") ==
               R"({"success":true,"existed":true,"expiresAt":"2023-11-14T22:13:21.000Z"} (again))");
    BOOST_TEST(act_once("v", "put_if", put_if) == written + " (again)");
    BOOST_TEST(act_once("d", "delete", R"({"key":"t"})") == R"({"success":true,"existed":true} (again))");
    BOOST_TEST(version() == before);
    BOOST_TEST(act_once("i", "increment", R"({"key":"n","by":2})") == "409 IDEMPOTENCY_CONFLICT");
    BOOST_TEST(act("get", R"({"key":"n"})") == "1");
}

BOOST_AUTO_TEST_CASE(options_are_the_keys_that_exist) {
    const auto* source = actions::find_option_source(*actions::find_integration("kv-store"), "key");
    BOOST_REQUIRE(source != nullptr);
    const auto list = [&](std::string_view search) {
        std::string text;
        const auto keys = run(source->list(store(), name, search)).value();
        for (const auto& key : keys)
            text += key + " ";
        return text;
    };
    BOOST_TEST(list("") == "");
    commit({put("ab", "x"), put("aa", "x"), put("b", "x")});
    BOOST_TEST(list("") == "aa ab b ");
    BOOST_TEST(list("a") == "aa ab ");
    std::vector<kv::Operation> more;
    for (int i = 0; i < 200; ++i)
        more.push_back(put("c" + std::to_string(i), "x"));
    commit(std::move(more));
    BOOST_TEST(run(source->list(store(), name, "c")).value().size() == actions::options_max);
    BOOST_TEST(actions::find_option_source(*actions::find_integration("kv-store"), "value") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Too much of something, in a head or in JSON: it is refused by its bound, and costs nobody else anything.
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/attacks_fixture.hpp"

namespace alcove::test {
namespace {

using namespace std::string_literals;

struct Bomb {
    std::string_view name;
    std::string text;
    std::string outcome;
};

BOOST_FIXTURE_TEST_SUITE(attacks_bombs, UnderAttack)

BOOST_AUTO_TEST_CASE(heads_beyond_a_bound_are_refused_and_those_at_it_are_served) {
    const auto get = [](const std::string& target, const std::string& fields = {}) {
        return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    };
    const auto authorization = "Authorization: Bearer "s + key + "\r\n";
    const std::vector<Bomb> bombs = {
        {"100 headers", get("/healthz", repeated("X: y\r\n", 99)), "200"},
        {"101 headers", get("/healthz", repeated("X: y\r\n", 100)), "431 HEADER_TOO_LARGE"},
        {"1,000,000 headers", get("/healthz", repeated("X: y\r\n", 1'000'000)), "431 HEADER_TOO_LARGE"},
        {"a giant header", get("/healthz", "X: " + std::string(1'000'000, 'y') + "\r\n"), "431 HEADER_TOO_LARGE"},
        {"a giant name", get("/healthz", std::string(1'000'000, 'X') + ": y\r\n"), "431 HEADER_TOO_LARGE"},
        {"a giant blank", get("/healthz", "X:" + std::string(1'000'000, ' ') + "y\r\n"), "431 HEADER_TOO_LARGE"},
        {"headers just below 16 KiB", get("/healthz", repeated("X: " + std::string(159, 'y') + "\r\n", 98)), "200"},
        {"headers just above 16 KiB", get("/healthz", repeated("X: " + std::string(164, 'y') + "\r\n", 98)),
         "431 HEADER_TOO_LARGE"},
        {"a target of 8 KiB", get("/" + std::string(8191, 'x')), "404 NOT_FOUND"},
        {"a target above 8 KiB", get("/" + std::string(8192, 'x')), "414 URI_TOO_LONG"},
        {"a giant target", get("/" + std::string(1'000'000, 'x')), "414 URI_TOO_LONG"},
        {"a giant query", get("/healthz?" + std::string(1'000'000, 'x')), "414 URI_TOO_LONG"},
        {"a giant method", std::string(1'000'000, 'G') + get("/healthz").substr(3), "414 URI_TOO_LONG"},
        {"a thousand segments", get("/api/v1/workspaces" + repeated("/a", 1000), authorization), "404 NOT_FOUND"},
        {"a thousand empty segments", get("/api/v1/workspaces" + repeated("/", 1000), authorization),
         "404 NOT_FOUND"},
        {"a thousand escapes", get("/api/v1/workspaces" + repeated("%2f", 1000), authorization), "404 NOT_FOUND"},
        {"64 parameters", get(ns + "/kv?" + repeated("&", 7000) + "limit=1", authorization), "200"},
        {"65 parameters",
         get(
             ns + "/kv?" +
                 [] {
                     std::string query;
                     for (int i = 0; i < 65; ++i)
                         query += "&a" + std::to_string(i);
                     return query;
                 }(),
             authorization),
         "400 VALIDATION_ERROR"},
        {"a parameter that is given twice", get(ns + "/kv?limit=1&limit=2", authorization), "400 VALIDATION_ERROR"},
        {"two authorizations", get(ns + "/kv", authorization + authorization), "401 UNAUTHENTICATED"},
        {"90 authorizations", get(ns + "/kv", repeated(authorization, 90)), "401 UNAUTHENTICATED"},
        {"a giant authorization", get(ns + "/kv", "Authorization: Bearer " + std::string(15'000, 'a') + "\r\n"),
         "401 UNAUTHENTICATED"},
        {"90 cookies", get("/healthz", repeated("Cookie: a=b; c=d\r\n", 90)), "200"},
        {"90 conditions", get(ns + "/kv/precious", authorization + repeated("If-None-Match: \"1\"\r\n", 90)),
         "400 VALIDATION_ERROR"},
        {"90 ranges", get(ns + "/files/f", authorization + repeated("Range: bytes=0-0\r\n", 90)), "404 NOT_FOUND"},
        {"1,000 ranges", get(ns + "/files/f", authorization + "Range: bytes=" + repeated("0-0,", 1000) + "0-0\r\n"),
         "404 NOT_FOUND"},
        {"1,000 upgrades",
         get("/healthz", "Upgrade: " + repeated("websocket,", 1000) + "h2c\r\nConnection: Upgrade\r\n"), "200"},
    };
    for (const auto& bomb : bombs) {
        const auto answer = connect().ask(bomb.text);
        BOOST_TEST(outcome(answer) == bomb.outcome, bomb.name << ": " << outcome(answer));
        BOOST_TEST(unharmed(), bomb.name);
    }
}

BOOST_AUTO_TEST_CASE(json_beyond_a_bound_or_of_another_kind_is_refused) {
    const auto put = [](const std::string& value) {
        return R"({"operations":[{"op":"put","key":"k","value":)" + value + "}]}";
    };
    const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
    const auto nested_objects = [](std::size_t depth) {
        return repeated(R"({"a":)", depth) + "1" + repeated("}", depth);
    };
    const std::vector<Bomb> bombs = {
        {"a plain one", put("1"), "200"},
        {"arrays as deep as they may be", put(nested(61)), "200"},
        {"arrays one deeper", put(nested(62)), "400 INVALID_JSON"},
        {"arrays 10,000 deep", put(nested(10'000)), "400 INVALID_JSON"},
        {"arrays a million deep, never closed", put(repeated("[", 1'000'000)), "400 INVALID_JSON"},
        {"objects 10,000 deep", put(nested_objects(10'000)), "400 INVALID_JSON"},
        {"objects 10,000 deep, as a frame", nested_objects(10'000), "400 INVALID_JSON"},
        {"more values than a body may hold", R"({"operations":[)" + repeated("1,", 20'000) + "1]}",
         "413 TOO_LARGE"},
        {"more operations than a transaction may hold",
         R"({"operations":[)" + repeated(R"({"op":"get","key":"k"},)", 128) + R"({"op":"get","key":"k"}]})",
         "413 TOO_LARGE"},
        {"a value above its limit", put('"' + std::string(1'100'000, 'a') + '"'), "413 TOO_LARGE"},
        {"a body above its limit", put('"' + std::string(17'000'000, 'a') + '"'), "413 TOO_LARGE"},
        {"a large number", put("1e308"), "200"},
        {"a number beyond doubles", put("1e309"), "400 INVALID_JSON"},
        {"a number beyond doubles below zero", put("-1e99999"), "400 INVALID_JSON"},
        {"a number with an endless exponent", put("1e" + std::string(100'000, '9')), "400 INVALID_JSON"},
        {"a number of 100,000 digits", put(std::string(100'000, '9')), "400 INVALID_JSON"},
        {"a number with 100,000 decimals", put("0." + std::string(100'000, '1')), "200"},
        {"not a number", put("NaN"), "400 INVALID_JSON"},
        {"infinity", put("Infinity"), "400 INVALID_JSON"},
        {"a hexadecimal number", put("0x10"), "400 INVALID_JSON"},
        {"a number with a zero in front", put("01"), "400 INVALID_JSON"},
        {"a NUL in a string", put("\"a\0b\""s), "400 INVALID_JSON"},
        {"a NUL behind the text", put("1") + "\0"s, "400 INVALID_JSON"},
        {"an escaped NUL in a value", put(R"("a\u0000b")"), "200"},
        {"an escaped NUL in a key", R"({"operations":[{"op":"get","key":"a\u0000b"}]})", "400 VALIDATION_ERROR"},
        {"bytes that are no UTF-8", put("\"\xff\""), "400 INVALID_JSON"},
        {"an overlong slash", put("\"\xc0\xaf\""), "400 INVALID_JSON"},
        {"an encoded surrogate", put("\"\xed\xa0\x80\""), "400 INVALID_JSON"},
        {"a code point beyond Unicode", put("\"\xf4\x90\x80\x80\""), "400 INVALID_JSON"},
        {"half a character", put("\"\xe2\x82\""), "400 INVALID_JSON"},
        {"a lone high surrogate", put(R"("\ud800")"), "400 INVALID_JSON"},
        {"a lone low surrogate", put(R"("\udc00")"), "400 INVALID_JSON"},
        {"surrogates in the wrong order", put(R"("\udc00\ud800")"), "400 INVALID_JSON"},
        {"a pair of surrogates", put(R"("\ud83d\ude00")"), "200"},
        {"a member that comes twice", R"({"operations":[],"operations":[]})", "400 VALIDATION_ERROR"},
        {"a member that comes twice, once escaped", R"({"operations":[],"oper\u0061tions":[]})",
         "400 VALIDATION_ERROR"},
        {"a member that comes twice deep in a value", put(R"({"a":{"b":1,"b":2}})"), "400 VALIDATION_ERROR"},
        {"a key that comes twice", R"({"operations":[{"op":"put","key":"k","key":"precious","value":1}]})",
         "400 VALIDATION_ERROR"},
        {"a member that nobody knows", R"({"operations":[],"__proto__":{}})", "400 VALIDATION_ERROR"},
        {"a second text", put("1") + put("2"), "400 INVALID_JSON"},
        {"a comment", "/* */" + put("1"), "400 INVALID_JSON"},
        {"a comma too many", R"({"operations":[],})", "400 INVALID_JSON"},
        {"a mark of byte order", "\xef\xbb\xbf" + put("1"), "400 INVALID_JSON"},
        {"a control character in a string", put("\"\n\""), "400 INVALID_JSON"},
        {"an array", "[]", "400 VALIDATION_ERROR"},
        {"a scalar", "1", "400 VALIDATION_ERROR"},
        {"white space", std::string(100'000, ' '), "400 INVALID_JSON"},
    };
    for (const auto& bomb : bombs) {
        const auto answer = call("POST", ns + "/transactions", bomb.text);
        BOOST_TEST(outcome(answer) == bomb.outcome, bomb.name << ": " << outcome(answer) << " " << answer.body);
    }
    BOOST_TEST(unharmed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

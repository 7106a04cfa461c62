// Lists of keys over HTTP, and deleting by prefix.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

struct ListFixture : NamespaceFixture {
    ListFixture() {
        for (const auto* name : {"a", "b/1", "b/2", "b/x/1", "c"})
            send("PUT", kv + "/" + name, name);
    }

    // "a b/1 | b/ more": keys, prefixes, and whether more follows.
    std::string list(const std::string& query) {
        last = send("GET", kv + query).body;
        std::string text;
        for (std::size_t at = 0; (at = last.find("\"key\":\"", at)) != std::string::npos; ++at) {
            text += (text.empty() ? "" : " ") + last.substr(at + 7, last.find('"', at + 7) - at - 7);
        }
        const auto begin = last.find("\"prefixes\":[") + 12;
        const auto prefixes = last.substr(begin, last.find(']', begin) - begin);
        if (!prefixes.empty()) text += " | " + prefixes;
        if (last.find("\"complete\":false") != std::string::npos) text += " more";
        return text;
    }

    std::string last;
};

BOOST_FIXTURE_TEST_SUITE(api_kv_list, ListFixture)

BOOST_AUTO_TEST_CASE(list_has_exactly_its_members) {
    BOOST_TEST(
        call("GET", kv + "?prefix=a") ==
        R"(200 {"items":[{"key":"a","version":"V","size":1,"contentType":"application/octet-stream",)"
        R"("createdAt":"T","updatedAt":"T","expiresAt":null}],"prefixes":[],"cursor":null,"complete":true})");
    send("PUT", kv + "/e?ttl=1", "e", {{"Content-Type", "text/plain"}});
    BOOST_TEST(call("GET", kv + "?prefix=e&values=true") ==
               R"(200 {"items":[{"key":"e","version":"V","size":1,"contentType":"text/plain","createdAt":"T",)"
               R"("updatedAt":"T","expiresAt":"T","value":"e"}],"prefixes":[],"cursor":null,"complete":true})");
    BOOST_TEST(call("GET", ns + "/external/never-written/kv") ==
               R"(200 {"items":[],"prefixes":[],"cursor":null,"complete":true})");
    BOOST_TEST(send("HEAD", kv).status == 200U);
}

BOOST_AUTO_TEST_CASE(ranges_are_in_byte_order_and_exclude_their_end) {
    BOOST_TEST(list("") == "a b/1 b/2 b/x/1 c");
    BOOST_TEST(list("?prefix=b/") == "b/1 b/2 b/x/1");
    BOOST_TEST(list("?prefix=b/&delimiter=/") == "b/1 b/2 | \"b/x/\"");
    BOOST_TEST(list("?delimiter=/") == "a c | \"b/\"");
    BOOST_TEST(list("?start=b/2&end=c") == "b/2 b/x/1");
    BOOST_TEST(list("?start=a%00") == "b/1 b/2 b/x/1 c");
    BOOST_TEST(list("?start=c&end=a") == "");
    BOOST_TEST(list("?reverse=true") == "c b/x/1 b/2 b/1 a");
    BOOST_TEST(list("?reverse=true&end=b/x&values=false") == "b/2 b/1 a");
    BOOST_TEST(list("?prefix=&start=&end=&delimiter=") == "a b/1 b/2 b/x/1 c");
}

BOOST_AUTO_TEST_CASE(cursor_goes_on_where_the_page_ended) {
    for (const std::string direction : {"", "&reverse=true"}) {
        std::string all;
        std::string cursor;
        int pages = 0;
        do {
            all += list("?limit=2" + direction + cursor) + ";";
            cursor = "&cursor=" + member(last, "cursor");
            BOOST_TEST((member(last, "cursor").empty() == (last.find("\"complete\":true") != std::string::npos)));
        } while (!member(last, "cursor").empty() && ++pages < 10);
        BOOST_TEST(all == (direction.empty() ? "a b/1 more;b/2 b/x/1 more;c;" : "c b/x/1 more;b/2 b/1 more;a;"));
    }
}

BOOST_AUTO_TEST_CASE(cursor_of_another_list_is_refused) {
    list("?limit=1");
    const auto cursor = "cursor=" + member(last, "cursor");
    BOOST_TEST(list("?limit=3&values=true&" + cursor) == "b/1 b/2 b/x/1 more");
    for (const std::string other : {"prefix=b", "start=a", "end=z", "delimiter=/", "reverse=true"}) {
        BOOST_TEST(refusal("GET", kv + "?" + other + "&" + cursor) == "400 VALIDATION_ERROR cursor", other);
    }
    BOOST_TEST(refusal("GET", ns + "/external/x/kv?" + cursor) == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", kv + "?cursor=abc") == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", kv + "?cursor=*") == "400 VALIDATION_ERROR cursor");
}

BOOST_AUTO_TEST_CASE(bad_parameters_are_refused_with_their_field) {
    const auto get = [this](const std::string& query) { return refusal("GET", kv + "?" + query); };
    BOOST_TEST(get("limit=0") == "400 VALIDATION_ERROR limit");
    BOOST_TEST(get("limit=1001") == "400 VALIDATION_ERROR limit");
    BOOST_TEST(get("limit=1000") == "200 ");
    BOOST_TEST(get("values=1") == "400 VALIDATION_ERROR values");
    BOOST_TEST(get("reverse=") == "400 VALIDATION_ERROR reverse");
    BOOST_TEST(get("prefix=%ff") == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(get("prefix=a%00") == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(get("prefix=" + std::string(481, 'a')) == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(get("prefix=a&prefix=b") == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(get("start=" + std::string(481, 'a')) == "400 VALIDATION_ERROR start");
    BOOST_TEST(get("x=1") == "400 VALIDATION_ERROR x");
    BOOST_TEST(get("prefix=%4") == "400 VALIDATION_ERROR prefix");
}

BOOST_AUTO_TEST_CASE(values_look_like_their_type) {
    const auto shown = [this](const std::string& type, const std::string& bytes) {
        send("PUT", kv + "/v", bytes, {{"Content-Type", type}});
        const auto body = send("GET", kv + "?prefix=v&values=true").body;
        const auto begin = body.find("\"value\":") + 8;
        return body.substr(begin, body.find("}],\"prefixes\"") - begin);
    };
    BOOST_TEST(shown("application/json", R"({"a": [1.50, "x"]})") == R"({"a": [1.50, "x"]})");
    BOOST_TEST(shown("application/vnd.api+json; v=1", "12345678901234567890123") == "12345678901234567890123");
    BOOST_TEST(shown("application/json", "{broken") == R"("{broken")");
    BOOST_TEST(shown("application/json", "") == R"("")");
    BOOST_TEST(shown("application/json", "1 2") == R"("1 2")");
    BOOST_TEST(shown("application/json", "\"\xff\"") == R"({"base64":"Iv8i"})");
    BOOST_TEST(shown("application/json", std::string(100, '[') + std::string(100, ']')).front() == '"');
    BOOST_TEST(shown("text/plain", "a\"\n\x01") == R"("a\"\n\u0001")");
    BOOST_TEST(shown("TEXT/csv; charset=latin1", "\xe9") == R"({"base64":"6Q=="})");
    BOOST_TEST(shown("application/octet-stream", "abc") == R"({"base64":"YWJj"})");
    BOOST_TEST(shown("application/jsonx", "{}") == R"({"base64":"e30="})");
}

BOOST_AUTO_TEST_CASE(page_of_large_values_ends_early_and_goes_on) {
    for (int i = 0; i < 5; ++i)
        send("PUT", kv + "/large/" + std::to_string(i), std::string(500'000, 'x'));
    std::size_t items = 0;
    std::string cursor;
    int pages = 0;
    do {
        const auto body = send("GET", kv + "?prefix=large/&values=true" + cursor).body;
        BOOST_TEST(body.size() < 3'000'000U);
        for (std::size_t at = 0; (at = body.find("\"key\":", at)) != std::string::npos; ++at)
            ++items;
        last = member(body, "cursor");
        cursor = "&cursor=" + last;
        ++pages;
    } while (!last.empty() && pages < 10);
    BOOST_TEST(items == 5U);
    BOOST_TEST(pages > 1);
}

BOOST_AUTO_TEST_CASE(delete_by_prefix_needs_a_prefix_and_tells_how_many) {
    BOOST_TEST(refusal("DELETE", kv) == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(refusal("DELETE", kv + "?prefix=a&x=1") == "400 VALIDATION_ERROR x");
    BOOST_TEST(call("DELETE", kv + "?prefix=b/") == R"(200 {"deleted":3,"complete":true})");
    BOOST_TEST(call("DELETE", kv + "?prefix=b/") == R"(200 {"deleted":0,"complete":true})");
    BOOST_TEST(list("") == "a c");
    BOOST_TEST(call("DELETE", kv + "?prefix=") == R"(200 {"deleted":2,"complete":true})");
    BOOST_TEST(list("") == "");
}

BOOST_AUTO_TEST_CASE(delete_by_prefix_takes_at_most_10000_keys_per_call) {
    for (int batch = 0; batch < 80; ++batch) {
        std::string operations;
        for (int i = 0; i < 128; ++i) {
            operations += (i == 0 ? "" : ",") + std::string(R"({"op":"put","key":"many/)") +
                          std::to_string(batch * 128 + i) + R"(","value":0})";
        }
        send("POST", ns + "/transactions", "{\"operations\":[" + operations + "]}");
    }
    BOOST_TEST(call("DELETE", kv + "?prefix=many/") == R"(200 {"deleted":10000,"complete":false})");
    BOOST_TEST(call("DELETE", kv + "?prefix=many/") == R"(200 {"deleted":240,"complete":true})");
    BOOST_TEST(list("") == "a b/1 b/2 b/x/1 c");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

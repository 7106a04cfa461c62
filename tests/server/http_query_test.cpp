// What a query holds, what is refused in it, and what nobody asked for.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/http/query.hpp"

using namespace alcove::http;

namespace {

// The error's "name: message", or "" when the query is fine.
std::string error(std::string_view raw) {
    auto query = Query::parse(raw);
    return query ? "" : query.error().name + ": " + query.error().message;
}

std::string value(std::string_view raw, std::string_view name) {
    auto query = Query::parse(raw);
    auto value = query->take(name);
    return value ? std::string(*value) : "(none)";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_query)

BOOST_AUTO_TEST_CASE(names_and_values_are_decoded) {
    BOOST_TEST(value("a=1&b=2", "a") == "1");
    BOOST_TEST(value("a=1&b=2", "b") == "2");
    BOOST_TEST(value("a=1&b=2", "c") == "(none)");
    BOOST_TEST(value("", "a") == "(none)");
    BOOST_TEST(value("a", "a") == "");
    BOOST_TEST(value("a=", "a") == "");
    BOOST_TEST(value("a=b=c", "a") == "b=c");
    BOOST_TEST(value("&a=1&", "a") == "1");
    BOOST_TEST(value("a=x+y%2B%20z", "a") == "x y+ z");
    BOOST_TEST(value("end%55serId=%26%3D%25", "endUserId") == "&=%");
    BOOST_TEST(value("prefix=%C3%A9/\u00e9", "prefix") == "\u00e9/\u00e9");
    BOOST_TEST(value("q=%F0%9F%98%80", "q") == "\U0001F600");
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_named) {
    BOOST_TEST(error("a=1&b=%zz") == "b: query parameter 'b' has bad percent-encoding");
    BOOST_TEST(error("b=%") == "b: query parameter 'b' has bad percent-encoding");
    BOOST_TEST(error("%=1") == ": a query parameter's name has bad percent-encoding");
    BOOST_TEST(error("=1") == ": a query parameter has no name");
    BOOST_TEST(error("a=1&%61=2") == "a: query parameter 'a' is given more than once");
    for (auto bad : {"%FF", "%C3", "%C3(", "%C0%80", "%E0%80%80", "%ED%A0%80", "%F4%90%80%80", "%F5%80%80%80",
                     "%80", "%E2%82", "%F0%80%80%80"}) {
        BOOST_TEST(error("a=" + std::string(bad)) == "a: query parameter 'a' is not UTF-8", bad);
    }
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += "p" + std::to_string(i) + "&";
    BOOST_TEST(error(many) == "p64: the query has too many parameters");
}

BOOST_AUTO_TEST_CASE(what_nobody_took_is_told) {
    auto query = Query::parse("limit=1&cursor=x&debug=1");
    BOOST_TEST(*query->take("limit") == "1");
    BOOST_TEST(*query->take("cursor") == "x");
    BOOST_TEST(!query->take("prefix").has_value());
    BOOST_TEST(query->first_unknown().value() == "debug");
    BOOST_TEST(*query->take("debug") == "1");
    BOOST_TEST(!query->first_unknown().has_value());
}

BOOST_AUTO_TEST_CASE(repeatable_names_keep_all_values) {
    auto query = Query::parse("status=connected&status=%64isconnected&limit=2", {"status"});
    auto values = query->take_all("status");
    BOOST_TEST(values.size() == 2);
    BOOST_TEST(values[1] == "disconnected");
    BOOST_TEST(query->first_unknown().value() == "limit");
    BOOST_TEST(Query::parse("limit=1&limit=2", {"status"}).error().name == "limit");
}

BOOST_AUTO_TEST_SUITE_END()

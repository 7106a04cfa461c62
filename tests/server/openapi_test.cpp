// The description of the API: that it speaks of every route and of nothing else, and how it is served.
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "server/api/routes.hpp"
#include "server/openapi/document.hpp"
#include "server/openapi/operation.hpp"
#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

BOOST_FIXTURE_TEST_SUITE(openapi_document, ApiFixture)

BOOST_AUTO_TEST_CASE(every_route_is_described_and_nothing_else) {
    std::set<api::Handler> handlers;
    for (const auto& endpoint : api::endpoints()) {
        handlers.insert(endpoint.handler);
        BOOST_TEST((openapi::find_operation(endpoint.handler).operation != nullptr), endpoint.pattern);
    }
    std::set<std::string_view> ids;
    for (const auto* group : openapi::groups()) {
        for (const auto& operation : group->operations) {
            BOOST_TEST(handlers.contains(operation.handler), operation.id);
            BOOST_TEST(ids.insert(operation.id).second, operation.id);
            BOOST_TEST(!operation.answers.empty(), operation.id);
        }
    }
    BOOST_TEST(ids.size() == handlers.size());
    BOOST_TEST(count(openapi::print_document(""), "\"operationId\":") == api::routes().size());
}

BOOST_AUTO_TEST_CASE(it_needs_no_token_and_tells_the_version_and_the_server) {
    const auto reply = send_as("GET", "/openapi.json");
    BOOST_TEST(reply.status == 200U);
    BOOST_TEST(reply.header("content-type") == "application/json");
    BOOST_TEST(reply.body.starts_with(R"({"openapi":"3.1.0","info":{"title":"Alcove","version":"0.1.0")"));
    BOOST_TEST(count(reply.body, R"("servers":[{"url":"/"}])") == 1U);
    BOOST_TEST(count(openapi::print_document("https://alcove.example/a"),
                     R"("servers":[{"url":"https://alcove.example/a"}])") == 1U);
}

BOOST_AUTO_TEST_CASE(who_has_it_already_is_told_so) {
    const auto tag = send_as("GET", "/openapi.json").header("etag");
    BOOST_TEST(tag.size() > 2U);
    const auto again = send_as("GET", "/openapi.json", {}, {{"If-None-Match", tag}});
    BOOST_TEST(again.text() == "304");
    BOOST_TEST(again.header("etag") == tag);
    BOOST_TEST(send_as("GET", "/openapi.json", {}, {{"If-None-Match", "\"7\""}}).status == 200U);
    BOOST_TEST(send_as("GET", "/openapi.json", {}, {{"If-Match", "\"7\""}}).status == 412U);
    BOOST_TEST(send_as("GET", "/openapi.json?x=1").status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

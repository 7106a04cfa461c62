// Who may ask at all: tokens, unknown paths, methods.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/api/routes.hpp"
#include "server/http/router.hpp"
#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(api_auth, ApiFixture)

BOOST_AUTO_TEST_CASE(request_without_a_valid_token_is_401) {
    const std::string root = key;
    for (const std::string& value :
         {std::string("Bearer"), std::string("Bearer "), std::string("Bearer alc_wrong"), "Basic " + root, root,
          "Bearer " + root + "x", "Bearer eut_" + root, "Bearer " + std::string(5000, 'a')}) {
        const auto reply = send_as("GET", "/api/v1/workspaces", {}, {{"Authorization", value}});
        BOOST_TEST(reply.status == 401U, value);
        BOOST_TEST(member(reply.body, "code") == "UNAUTHENTICATED");
        BOOST_TEST(reply.header("www-authenticate") == "Bearer");
        BOOST_TEST(reply.header("content-type") == "application/json");
    }
    const auto none = send_as("GET", "/api/v1/workspaces");
    BOOST_TEST(none.text() ==
               "401 {\"error\":\"a valid bearer token is required\",\"code\":\"UNAUTHENTICATED\",\"details\":{}}");
}

BOOST_AUTO_TEST_CASE(scheme_is_compared_without_regard_to_case) {
    for (const auto* scheme : {"Bearer ", "bearer ", "BEARER ", "Bearer   "}) {
        BOOST_TEST(
            call("GET", "/api/v1/workspaces", {}, {{"Authorization", scheme + std::string(key)}}).substr(0, 3) ==
            "200");
    }
}

BOOST_AUTO_TEST_CASE(two_authorization_headers_are_401) {
    const auto value = "Bearer " + std::string(key);
    const auto reply = send_as("GET", "/api/v1/workspaces", {}, {{"Authorization", value}, {"Authorization", "x"}});
    BOOST_TEST(reply.status == 401U);
}

BOOST_AUTO_TEST_CASE(token_in_the_query_is_refused) {
    BOOST_TEST(send_as("GET", "/api/v1/workspaces?token=" + std::string(key)).status == 401U);
    BOOST_TEST(refusal("GET", "/api/v1/workspaces?token=" + std::string(key)) == "400 VALIDATION_ERROR token");
}

BOOST_AUTO_TEST_CASE(token_is_checked_before_anything_else_under_api) {
    BOOST_TEST(send_as("GET", "/api/v1/nothing").status == 401U);
    BOOST_TEST(send_as("TRACE", "/api/v1/workspaces").status == 401U);
    BOOST_TEST(send_as("GET", "/api/v1/workspaces/%zz").status == 401U);
    BOOST_TEST(send_as("GET", "/api/v1/workspaces/unknown/kv/k").status == 401U);
    BOOST_TEST(send_as("POST", "/api/v1/workspaces", "{").status == 401U);
}

BOOST_AUTO_TEST_CASE(unknown_path_is_404_and_unknown_method_405_with_allow) {
    BOOST_TEST(refusal("GET", "/api/v1/nothing") == "404 NOT_FOUND");
    BOOST_TEST(refusal("GET", "/api/v1/workspaces/") == "404 NOT_FOUND");
    BOOST_TEST(refusal("GET", "/api/v1/workspaces/%zz") == "400 VALIDATION_ERROR path");
    BOOST_TEST(send_as("GET", "/nothing").status == 404U);
    const auto reply = send("PUT", "/api/v1/workspaces");
    BOOST_TEST(reply.status == 405U);
    BOOST_TEST(member(reply.body, "code") == "METHOD_NOT_ALLOWED");
    BOOST_TEST(reply.header("allow") == "GET, HEAD, POST");
    BOOST_TEST(send("PATCH", "/api/v1/workspaces/a/kv/k").header("allow") == "GET, HEAD, PUT, POST, DELETE");
    BOOST_TEST(send_as("POST", "/healthz").header("allow") == "GET, HEAD");
}

BOOST_AUTO_TEST_CASE(replaced_root_key_ends_connections_that_used_it) {
    BOOST_TEST(send("GET", "/api/v1/workspaces").status == 200U);
    run(app().identity().tokens.ensure_root_key("alc_another")).value();
    BOOST_TEST(send("GET", "/api/v1/workspaces").status == 401U);
    BOOST_TEST(send_as("GET", "/api/v1/workspaces", {}, {{"Authorization", "Bearer alc_another"}}).status == 200U);
    BOOST_TEST(send("GET", "/api/v1/workspaces").status == 401U);
}

BOOST_AUTO_TEST_CASE(every_response_carries_a_request_id) {
    BOOST_TEST(!send("GET", "/api/v1/workspaces").header("x-request-id").empty());
    BOOST_TEST(!send_as("GET", "/nothing").header("x-request-id").empty());
}

// Watches see to it by themselves: see watch_auth.
BOOST_AUTO_TEST_CASE(only_health_metrics_the_description_the_connect_page_and_signed_downloads_are_public) {
    for (const auto& endpoint : api::endpoints()) {
        const bool health = endpoint.pattern == "/healthz" || endpoint.pattern == "/readyz";
        const bool metrics = endpoint.pattern == "/metrics";
        const bool description = endpoint.pattern == "/openapi.json";
        const bool page = endpoint.pattern == "/connect" || endpoint.pattern.starts_with("/connect/");
        const bool watch = endpoint.pattern == "/api/v1/watch" || endpoint.pattern == "NS/watch";
        const bool download = endpoint.pattern == "/files/{signed}";
        BOOST_TEST(
            endpoint.permission.has_value() == !(health || metrics || description || page || watch || download),
            endpoint.pattern);
    }
}

BOOST_AUTO_TEST_CASE(health_and_readiness_tell_what_is_wrong) {
    BOOST_TEST(send_as("GET", "/healthz").text() == "200 {\"status\":\"ok\"}");
    BOOST_TEST(send_as("GET", "/readyz").text() ==
               "200 {\"status\":\"ready\",\"checks\":{\"store\":\"ok\",\"disk\":\"ok\",\"shutdown\":\"ok\"}}");
    BOOST_TEST(send_as("HEAD", "/readyz").status == 200U);
    app().leave();
    BOOST_TEST(send_as("GET", "/healthz").status == 200U);
    const auto reply = send_as("GET", "/readyz");
    BOOST_TEST(reply.text() ==
               "503 {\"status\":\"unavailable\",\"checks\":"
               "{\"store\":\"ok\",\"disk\":\"ok\",\"shutdown\":\"stopping\"}}");
    BOOST_TEST(reply.header("retry-after") == "1");
    store().close();
    BOOST_TEST(member(send_as("GET", "/readyz").body, "store") == "closed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

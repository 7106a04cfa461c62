// The table from outcomes of the store to HTTP, and what a broken machine tells the client.
#include "server/api/error.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

#include "server/api/cursor.hpp"
#include "server/api/values.hpp"
#include "tests/server/api_fixture.hpp"

namespace alcove::api {
namespace {

BOOST_AUTO_TEST_SUITE(api_error)

BOOST_AUTO_TEST_CASE(every_outcome_of_the_store_has_its_status_and_code) {
    const auto told = [](kv::Errc code) {
        kv::Error error;
        error.code = code;
        error.message = "secret of the store";
        const auto problem = to_problem(error);
        return std::to_string(problem.status) + " " + std::string(problem.code);
    };
    BOOST_TEST(told(kv::Errc::not_found) == "404 NOT_FOUND");
    BOOST_TEST(told(kv::Errc::check_failed) == "409 CHECK_FAILED");
    BOOST_TEST(told(kv::Errc::type_mismatch) == "409 TYPE_MISMATCH");
    BOOST_TEST(told(kv::Errc::too_large) == "413 TOO_LARGE");
    BOOST_TEST(told(kv::Errc::invalid) == "400 VALIDATION_ERROR");
    BOOST_TEST(told(kv::Errc::idempotency_conflict) == "409 IDEMPOTENCY_CONFLICT");
    BOOST_TEST(told(kv::Errc::compacted) == "410 COMPACTED");
    BOOST_TEST(told(kv::Errc::quota_exceeded) == "403 QUOTA_EXCEEDED");
    BOOST_TEST(told(kv::Errc::rate_limited) == "429 RATE_LIMITED");
    BOOST_TEST(told(kv::Errc::overloaded) == "503 OVERLOADED");
    BOOST_TEST(told(kv::Errc::store_full) == "507 STORE_FULL");
    BOOST_TEST(told(kv::Errc::shutting_down) == "503 SHUTTING_DOWN");
    BOOST_TEST(told(kv::Errc::outcome_unknown) == "500 INTERNAL_ERROR");
}

BOOST_AUTO_TEST_CASE(a_wait_is_told_in_whole_seconds_rounded_up) {
    for (const auto& [wait_ms, seconds] : {std::pair{1, "1"}, {1000, "1"}, {1001, "2"}, {59'500, "60"}}) {
        kv::Error error;
        error.code = kv::Errc::rate_limited;
        error.retry_after_ms = wait_ms;
        http::Response response;
        answer(http::Request(), response, to_problem(error), print_problem);
        BOOST_TEST(response.headers.find("Retry-After: " + std::string(seconds) + "\r\n") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(cause_of_a_500_is_not_told) {
    kv::Error error;
    error.code = kv::Errc::outcome_unknown;
    error.message = "secret of the store";
    http::Response response;
    answer(http::Request(), response, to_problem(error), print_problem);
    BOOST_TEST(response.body.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(retry_after_goes_with_429_and_503) {
    for (const unsigned status : {400U, 429U, 503U, 507U}) {
        http::Response response;
        answer(http::Request(), response, Problem(status, "CODE", "text"), print_problem);
        const bool has = response.headers.find("Retry-After: 1\r\n") != std::string::npos;
        BOOST_TEST(has == (status == 429 || status == 503));
    }
}

BOOST_FIXTURE_TEST_CASE(closed_store_is_503, test::NamespaceFixture) {
    store().close();
    BOOST_TEST(refusal("PUT", kv + "/k", "v") == "503 SHUTTING_DOWN");
    BOOST_TEST(send("GET", kv + "/k").header("retry-after") == "1");
}

BOOST_AUTO_TEST_CASE(base64_is_strict) {
    BOOST_TEST(encode_base64("") == "");
    for (const std::string bytes : {"", "a", "ab", "abc", "abcd", "\xff\xfe\xfd\xfc\xfb"}) {
        BOOST_TEST(decode_base64(encode_base64(bytes)).value() == bytes);
        BOOST_TEST(decode_base64url(encode_base64url(bytes)).value() == bytes);
    }
    for (const std::string bad :
         {"a", "ab", "abc", "ab=c", "a===", "====", "ab==ab==", "ab c", "abc\n", "ab-_", "aa=="}) {
        BOOST_TEST((!decode_base64(bad).has_value() || bad == "ab=="), bad);
    }
    for (const std::string bad : {"a", "ab+/", "YQ==", "a b"})
        BOOST_TEST(!decode_base64url(bad).has_value(), bad);
}

BOOST_AUTO_TEST_CASE(cursor_fits_only_its_scope) {
    const auto cursor = print_cursor({"a", "b"}, std::string("\0x", 2));
    BOOST_TEST(parse_cursor({"a", "b"}, cursor).value() == std::string("\0x", 2));
    BOOST_TEST(!parse_cursor({"ab", ""}, cursor).has_value());
    BOOST_TEST(!parse_cursor({"a"}, cursor).has_value());
    BOOST_TEST(!parse_cursor({"a", "b"}, "").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::api

// Transactions over HTTP, and what makes them safe to send again.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

struct TransactionsFixture : NamespaceFixture {
    std::string commit(std::string_view body) { return call("POST", ns + "/transactions", body); }
    std::string refused(std::string_view body) { return refusal("POST", ns + "/transactions", body); }
    std::string repeat(std::string_view element, int times) {
        std::string list;
        for (int i = 0; i < times; ++i)
            list += (i == 0 ? "" : ",") + std::string(element);
        return "[" + list + "]";
    }
};

BOOST_FIXTURE_TEST_SUITE(api_transactions, TransactionsFixture)

BOOST_AUTO_TEST_CASE(results_come_in_order_and_see_what_went_before) {
    BOOST_TEST(commit(R"({"operations":[
                   {"op":"get","key":"a"},
                   {"op":"put","key":"a","value":{"n": 1}},
                   {"op":"get","key":"a"},
                   {"op":"increment","key":"n","by":2},
                   {"op":"append","key":"t","value":"x"},
                   {"op":"addToList","key":"l","value":1},
                   {"op":"removeFromList","key":"l","value":1},
                   {"op":"merge","key":"m","value":{"a":1}},
                   {"op":"touch","key":"nothing","ttl":1},
                   {"op":"touch","key":"m","ttl":null},
                   {"op":"delete","key":"a"},
                   {"op":"delete","key":"a"},
                   {"op":"put","key":"p/1","text":"t"},
                   {"op":"put","key":"p/2","base64":"AA=="},
                   {"op":"deletePrefix","prefix":"p/"}]})") ==
               R"(200 {"version":"V","results":[null,{"version":"V"},)"
               R"({"value":{"n": 1},"version":"V","contentType":"application/json"},)"
               R"({"value":2,"version":"V"},{"value":"x","version":"V"},{"value":[1],"version":"V"},)"
               R"({"value":[],"version":"V"},{"value":{"a":1},"version":"V"},null,{"value":{"a":1},"version":"V"},)"
               R"({"existed":true},{"existed":false},{"version":"V"},{"version":"V"},{"deleted":2}]})");
}

BOOST_AUTO_TEST_CASE(all_effects_have_one_version) {
    const auto reply = send("POST", ns + "/transactions",
                            R"({"operations":[{"op":"put","key":"a","value":1},{"op":"increment","key":"b"}]})");
    const auto version = member(reply.body, "version");
    BOOST_TEST(reply.body == R"({"version":")" + version + R"(","results":[{"version":")" + version +
                                 R"("},{"value":1,"version":")" + version + R"("}]})");
    BOOST_TEST(send("GET", kv + "/a").header("etag") == "\"" + version + "\"");
}

BOOST_AUTO_TEST_CASE(failed_check_changes_nothing_and_names_each_that_failed) {
    const auto etag = send("PUT", kv + "/a", "1").header("etag");
    const auto version = etag.substr(1, etag.size() - 2);
    const auto reply = send("POST", ns + "/transactions",
                            R"({"checks":[{"key":"a","version":")" + version + R"("},{"key":"a","version":null},)" +
                                R"({"key":"b","version":null},{"key":"c","version":"7"}],)" +
                                R"("operations":[{"op":"put","key":"a","value":2}]})");
    BOOST_TEST(reply.text() ==
               R"(409 {"error":"a check did not hold; nothing changed","code":"CHECK_FAILED","details":{"failed":[)"
               R"({"index":1,"key":"a","version":null,"currentVersion":")" +
                   version + R"("},{"index":3,"key":"c","version":"7","currentVersion":null}]}})");
    BOOST_TEST(call("GET", kv + "/a") == "200 1");
    BOOST_TEST(commit(R"({"checks":[{"key":"a","version":")" + version +
                      R"("}],"operations":[{"op":"put","key":"a","value":2}]})") ==
               R"(200 {"version":"V","results":[{"version":"V"}]})");
    BOOST_TEST(commit(R"({"checks":[{"key":"b","version":null}]})") == R"(200 {"version":"V","results":[]})");
}

BOOST_AUTO_TEST_CASE(failed_operation_changes_nothing_and_is_named) {
    send("PUT", kv + "/t", "text", {{"Content-Type", "text/plain"}});
    BOOST_TEST(refused(R"({"operations":[{"op":"put","key":"a","value":1},{"op":"increment","key":"t"}]})") ==
               "409 TYPE_MISMATCH operations[1]");
    BOOST_TEST(refusal("GET", kv + "/a") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(bad_transaction_is_refused_with_its_field) {
    BOOST_TEST(refused("{}") == "400 VALIDATION_ERROR operations");
    BOOST_TEST(refused(R"({"checks":[],"operations":[]})") == "400 VALIDATION_ERROR operations");
    BOOST_TEST(refused(R"({"operations":{}})") == "400 VALIDATION_ERROR operations");
    BOOST_TEST(refused(R"({"operations":[1]})") == "400 VALIDATION_ERROR operations[0]");
    BOOST_TEST(refused(R"({"operations":[{"op":"get","key":"a"}],"x":1})") == "400 VALIDATION_ERROR x");
    BOOST_TEST(refused(R"({"operations":[{"op":"get"}]})") == "400 VALIDATION_ERROR operations[0].key");
    BOOST_TEST(refused(R"({"operations":[{"op":"get","key":""}]})") == "400 VALIDATION_ERROR operations[0].key");
    BOOST_TEST(refused(R"({"operations":[{"op":"get","key":"a\u0000"}]})") ==
               "400 VALIDATION_ERROR operations[0].key");
    BOOST_TEST(refused(R"({"operations":[{"op":"get","key":"a"},{"op":"get","key":1}]})") ==
               "400 VALIDATION_ERROR operations[1].key");
    BOOST_TEST(refused(R"({"operations":[{"op":"get","key":"a","key":"b"}]})") ==
               "400 VALIDATION_ERROR operations[0].key");
    BOOST_TEST(refused(R"({"operations":[{"op":"put","key":"a","value":{"x":[{"y":1,"y":2}]}}]})") ==
               "400 VALIDATION_ERROR operations[0].value.x[0].y");
    BOOST_TEST(refused(R"({"operations":[{"op":"put","key":"a","value":1,"ttl":-1}]})") ==
               "400 VALIDATION_ERROR operations[0].ttl");
    BOOST_TEST(refused(R"({"operations":[{"op":"deletePrefix"}]})") == "400 VALIDATION_ERROR operations[0].prefix");
    BOOST_TEST(refused(R"({"operations":[{"op":"deletePrefix","key":"a","prefix":"a"}]})") ==
               "400 VALIDATION_ERROR operations[0].key");
    BOOST_TEST(refused(R"({"checks":[{"key":"a"}]})") == "400 VALIDATION_ERROR checks[0].version");
    BOOST_TEST(refused(R"({"checks":[{"key":"a","version":1}]})") == "400 VALIDATION_ERROR checks[0].version");
    BOOST_TEST(refused(R"({"checks":[{"key":"a","version":"x"}]})") == "400 VALIDATION_ERROR checks[0].version");
    BOOST_TEST(refused(R"({"checks":[{"version":null}]})") == "400 VALIDATION_ERROR checks[0].key");
    BOOST_TEST(refusal("POST", ns + "/transactions?x=1", "{}") == "400 VALIDATION_ERROR x");
    BOOST_TEST(refused(std::string(R"({"operations":[{"op":"put","key":"a","value":)") + std::string(65, '[') +
                       std::string(65, ']') + "}]}") == "400 INVALID_JSON");
}

BOOST_AUTO_TEST_CASE(more_than_the_limits_is_413_and_changes_nothing) {
    const std::string put = R"({"op":"put","key":"a","value":1})";
    const std::string check = R"({"key":"b","version":null})";
    BOOST_TEST(send("POST", ns + "/transactions", "{\"operations\":" + repeat(put, 128) + "}").status == 200U);
    BOOST_TEST(refused("{\"operations\":" + repeat(put, 129) + "}") == "413 TOO_LARGE operations");
    BOOST_TEST(send("POST", ns + "/transactions", "{\"checks\":" + repeat(check, 128) + "}").status == 200U);
    BOOST_TEST(refused("{\"checks\":" + repeat(check, 129) + "}") == "413 TOO_LARGE checks");
    BOOST_TEST(refused("{\"operations\":" + repeat("0", 100'000) + "}") == "413 TOO_LARGE");
    BOOST_TEST(refused(R"({"operations":[{"op":"put","key":"v","text":")" + std::string((1 << 20) + 1, 'a') +
                       "\"}]}") == "413 TOO_LARGE operations[0]");
    BOOST_TEST(refused(R"({"operations":[{"op":"put","key":"v","text":")" + std::string(17 << 20, 'a') + "\"}]}") ==
               "413 TOO_LARGE body");
    BOOST_TEST(refusal("GET", kv + "/v") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(request_with_an_idempotency_key_takes_effect_once) {
    const HttpClient::Headers once{{"Idempotency-Key", "i1"}};
    const std::string increment = R"({"op":"increment"})";
    const auto first = send("POST", kv + "/n", increment, once);
    const auto second = send("POST", kv + "/n", increment, once);
    BOOST_TEST(first.header("idempotent-replayed") == "");
    BOOST_TEST(second.header("idempotent-replayed") == "true");
    BOOST_TEST(second.body == first.body);
    BOOST_TEST(call("GET", kv + "/n") == "200 1");
    BOOST_TEST(refusal("POST", kv + "/n", R"({"op":"increment","by":2})", once) == "409 IDEMPOTENCY_CONFLICT");
    BOOST_TEST(call("POST", kv + "/other", increment, once) == R"(200 {"value":1,"version":"V"})");

    const std::string transaction = R"({"operations":[{"op":"increment","key":"n"},{"op":"get","key":"n"}]})";
    const auto committed = send("POST", ns + "/transactions", transaction, once);
    BOOST_TEST(send("POST", ns + "/transactions", transaction, once).body == committed.body);
    BOOST_TEST(call("GET", kv + "/n") == "200 2");

    BOOST_TEST(call("DELETE", kv + "/n", {}, once) == "204");
    send("PUT", kv + "/n", "3");
    const auto deleted_again = send("DELETE", kv + "/n", {}, once);
    BOOST_TEST(deleted_again.status == 204U);
    BOOST_TEST(deleted_again.header("idempotent-replayed") == "true");
    BOOST_TEST(call("GET", kv + "/n") == "200 3");
    BOOST_TEST(refusal("POST", kv + "/n", increment, {{"Idempotency-Key", std::string(257, 'i')}}) ==
               "400 VALIDATION_ERROR Idempotency-Key");
}

BOOST_AUTO_TEST_CASE(failure_is_not_remembered_under_an_idempotency_key) {
    const HttpClient::Headers once{{"Idempotency-Key", "i1"}};
    BOOST_TEST(refusal("DELETE", kv + "/k", {}, once) == "404 NOT_FOUND");
    send("PUT", kv + "/k", "v");
    BOOST_TEST(call("DELETE", kv + "/k", {}, once) == "204");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

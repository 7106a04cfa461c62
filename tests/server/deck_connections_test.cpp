// Connections on the Deck surface.
#include <boost/test/unit_test.hpp>

#include "tests/server/deck_fixture.hpp"

namespace alcove::test {
namespace {

std::string object(const std::string& status, const std::string& external_id, const std::string& source,
                   const std::string& method, const std::string& credentials) {
    return R"({"id":"CONN","object":"connection","status":")" + status + R"(","external_id":)" + external_id +
           R"(,"source_id":")" + source + R"(","auth_method":")" + method + R"(","auth_credentials":)" +
           credentials + R"(,"created_at":"T","updated_at":"T")";
}
const std::string request_id = R"(,"request_id":"R"})";
const std::string redacted = R"({"username":"[REDACTED]","password":"[REDACTED]"})";
const std::string with_password =
    R"("auth_method":"username_password","auth_credentials":{"username":"me","password":"hidden"})";

BOOST_FIXTURE_TEST_SUITE(deck_connections, DeckFixture)

BOOST_AUTO_TEST_CASE(a_connection_lives_from_create_to_terminate) {
    const auto created =
        deck("POST", "/connections", R"({"source_id":"src_abc","external_id":"user_12345",)" + with_password + "}");
    BOOST_TEST(masked_here(created.text()) ==
               "201 " + object("connecting", "\"user_12345\"", "src_abc", "username_password", redacted) +
                   request_id);
    BOOST_TEST(created.body.find("hidden") == std::string::npos);
    const auto path = "/connections/" + member(created.body, "id");
    BOOST_TEST(told("PATCH", path, R"({"external_id":"new_user_id"})") ==
               "200 " + object("connecting", "\"new_user_id\"", "src_abc", "username_password", redacted) +
                   request_id);
    BOOST_TEST(told("PATCH", path, R"({"external_id":null})") ==
               "200 " + object("connecting", "null", "src_abc", "username_password", redacted) + request_id);
    const auto ended = "200 " + object("terminated", "null", "src_abc", "username_password", "null") + request_id;
    BOOST_TEST(told("DELETE", path) == ended);
    BOOST_TEST(told("DELETE", path) == ended);
    BOOST_TEST(told("GET", path) == ended);
    BOOST_TEST(refused("PATCH", path, R"({"external_id":"x"})") == "409 request conflict");
    BOOST_TEST(refused("POST", path + "/disconnect") == "409 request conflict");
    BOOST_TEST(refused("POST", path + "/events", R"({"type":"connection.connected"})") == "409 request conflict");
    BOOST_TEST(types() == "connection.created connection.updated connection.updated connection.terminated");
}

BOOST_AUTO_TEST_CASE(a_worker_moves_it) {
    const auto path = "/connections/" + connect("bank");
    const auto status = [&] { return member(deck("GET", path).body, "status"); };
    for (const auto* one : {"interaction_required", "connected", "disconnected"}) {
        BOOST_TEST(deck("POST", path + "/events", R"({"type":"connection.)" + std::string(one) + "\"}").status ==
                   201U);
        BOOST_TEST(status() == one);
    }
    deck("POST", path + "/events", R"({"type":"connection.connected"})");
    BOOST_TEST(member(deck("POST", path + "/disconnect").body, "status") == "disconnected");
    BOOST_TEST(deck("POST", path + "/disconnect", "{}").status == 200U);
    BOOST_TEST(refused("POST", path + "/disconnect", R"({"a":1})") == "400 request input_invalid a");
}

BOOST_AUTO_TEST_CASE(a_change_of_the_method_begins_anew) {
    BOOST_TEST(told("POST", "/connections", R"({"source_id":"s","auth_method":"none"})") ==
               "201 " + object("connected", "null", "s", "none", "null") + request_id);
    const auto path = "/connections/" + connect("s", "", "none");
    BOOST_TEST(told("PATCH", path, "{" + with_password + "}") ==
               "200 " + object("connecting", "null", "s", "username_password", redacted) + request_id);
    BOOST_TEST(told("PATCH", path, R"({"auth_method":"none","source_id":"t"})") ==
               "200 " + object("connected", "null", "t", "none", "null") + request_id);
    BOOST_TEST(refused("PATCH", path, R"({"auth_credentials":{"a":"b"}})") ==
               "400 request input_invalid auth_credentials");
}

BOOST_AUTO_TEST_CASE(filters_hold_together_and_cursors_belong_to_them) {
    connect("bank", "u1");
    connect("bank", "u2", "none");
    connect("shop", "u1");
    connect("bank", "u1", "none");
    const auto count = [&](const std::string& query) {
        const auto body = deck("GET", "/connections" + query).body;
        std::size_t found = 0;
        for (auto at = body.find("\"object\""); at != std::string::npos; at = body.find("\"object\"", at + 1))
            ++found;
        return found;
    };
    BOOST_TEST(count("") == 4U);
    BOOST_TEST(count("?source_id=bank&external_id=u1") == 2U);
    BOOST_TEST(count("?status=connected") == 2U);
    BOOST_TEST(count("?status=connected&status=connecting") == 4U);
    BOOST_TEST(count("?source_id=bank&external_id=u1&status=connected") == 1U);
    BOOST_TEST(count("?external_id=nobody") == 0U);

    const auto first = deck("GET", "/connections?source_id=bank&limit=2");
    BOOST_TEST(first.body.find("\"has_more\":true") != std::string::npos);
    const auto cursor = member(first.body, "next_cursor");
    const auto second = told("GET", "/connections?source_id=bank&limit=2&cursor=" + cursor);
    BOOST_TEST(
        second.starts_with("200 {\"data\":[" + object("connected", "\"u1\"", "bank", "none", "null") + "}]"));
    BOOST_TEST(second.ends_with(R"("has_more":false,"next_cursor":null,"request_id":"R"})"));
    BOOST_TEST(refused("GET", "/connections?cursor=" + cursor) == "400 request cursor_invalid cursor");
    BOOST_TEST(refused("GET", "/connections?cursor=x") == "400 request cursor_invalid cursor");
    BOOST_TEST(refused("GET", "/connections?limit=101") == "400 request input_invalid limit");
    BOOST_TEST(refused("GET", "/connections?status=gone") == "400 request input_invalid status");
    BOOST_TEST(refused("GET", "/connections?offset=1") == "400 request input_invalid offset");
    BOOST_TEST(refused("GET", "/connections?source_id=a&source_id=b") == "400 request input_invalid source_id");
}

BOOST_AUTO_TEST_CASE(they_are_the_records_of_the_native_surface) {
    const auto id = connect("crm", "owner");
    const auto native = send("GET", "/api/v1/connections?workspaceId=acme&ownerExternalId=owner").body;
    BOOST_TEST(native.find(R"("integrationName":"crm","externalId":null,"ownerExternalId":"owner")") !=
               std::string::npos);
    BOOST_TEST(native.find(R"("status":"connecting")") != std::string::npos);
    const auto uuid = member(native, "id");
    deck("DELETE", "/connections/" + id);
    BOOST_TEST(refusal("PATCH", "/api/v1/connections/" + uuid, R"({"displayName":"x"})") ==
               "409 CONNECTION_TERMINATED");

    send("POST", "/api/v1/connections",
         R"({"workspaceId":"acme","integrationName":"crm","endUserId":"u","ownerExternalId":"o2"})");
    BOOST_TEST(told("GET", "/connections?external_id=o2") ==
               "200 {\"data\":[" + object("connected", "\"o2\"", "crm", "none", "null") +
                   R"(}],"has_more":false,"next_cursor":null,"request_id":"R"})");
    const auto other = member(deck("GET", "/connections?external_id=o2").body, "id");
    send("POST", "/api/v1/workspaces/acme/integrations", R"({"integrationName":"crm"})");
    const auto resolve = R"({"workspaceId":"acme","integrationName":"crm","endUserId":"u"})";
    BOOST_TEST(send("POST", "/api/v1/connections/resolve", resolve).status == 200U);
    deck("DELETE", "/connections/" + other);
    BOOST_TEST(refusal("POST", "/api/v1/connections/resolve", resolve) == "400 CONNECTION_REQUIRED");
}

BOOST_AUTO_TEST_CASE(bad_bodies_are_refused_by_field) {
    const auto create = [&](const std::string& body) { return refused("POST", "/connections", body); };
    BOOST_TEST(create(R"({"auth_method":"none"})") == "400 request input_missing source_id");
    BOOST_TEST(create(R"({"source_id":"s"})") == "400 request input_missing auth_method");
    BOOST_TEST(create(R"({"source_id":"s","auth_method":"sms"})") == "400 request input_invalid auth_method");
    BOOST_TEST(create(R"({"source_id":"s s","auth_method":"none"})") == "400 request input_invalid source_id");
    BOOST_TEST(create(R"({"source_id":"s","auth_method":"none","external_id":5})") ==
               "400 request input_invalid external_id");
    BOOST_TEST(create(R"({"source_id":"s","auth_method":"none","external_id":")" + std::string(256, 'x') + "\"}") ==
               "400 request input_invalid external_id");
    BOOST_TEST(create(R"({"source_id":"s","auth_method":"none","auth_credentials":{"a":"b"}})") ==
               "400 request input_invalid auth_credentials");
    BOOST_TEST(create(R"({"source_id":"s","auth_method":"google_sso","auth_credentials":"x"})") ==
               "400 request input_invalid auth_credentials");
    BOOST_TEST(create(R"({"source_id":"s","auth_method":"none","name":"x"})") == "400 request input_invalid name");
    BOOST_TEST(create("[") == "400 request input_invalid");
    BOOST_TEST(refused("PATCH", "/connections/" + connect("s"), "{}") == "400 request input_invalid");
    BOOST_TEST(refused("GET", "/connections/conn_1") == "404 request not_found");
    BOOST_TEST(refused("GET", "/nothing") == "404 request not_found");
    BOOST_TEST(refused("PUT", "/connections") == "405 request method_not_allowed");
}

BOOST_AUTO_TEST_CASE(who_may_enter_and_which_workspace) {
    BOOST_TEST(send_as("GET", "/v2/connections")
                   .text()
                   .starts_with(R"(401 {"errors":[{"type":"auth","code":"auth_invalid","message":")"));
    BOOST_TEST(
        masked_here(send("GET", "/v2/connections").text())
            .starts_with(
                R"(400 {"errors":[{"type":"request","code":"input_missing","field":"Alcove-Workspace","message":)"));
    const auto id = connect("s");
    create_workspace("other");
    BOOST_TEST(send("GET", "/v2/connections/" + id, {}, {{"Alcove-Workspace", "other"}}).status == 404U);
    const auto key_of = [&](const std::string& permission) {
        return member(send("POST", "/api/v1/api-keys",
                           R"({"name":"k","permissions":[")" + permission + R"("],"workspaceIds":["acme"]})")
                          .body,
                      "plainKey");
    };
    const HttpClient::Headers reader{{"Authorization", "Bearer " + key_of("connections:read")}};
    BOOST_TEST(send_as("GET", "/v2/connections/" + id, {}, reader).status == 200U);  // bound to one workspace
    BOOST_TEST(send_as("DELETE", "/v2/connections/" + id, {}, reader).status == 403U);
    BOOST_TEST(send_as("GET", "/v2/events", {}, reader).status == 403U);
    auto elsewhere = reader;
    elsewhere.emplace("Alcove-Workspace", "other");
    BOOST_TEST(send_as("GET", "/v2/connections", {}, elsewhere).status == 403U);
    const auto end_user = create_end_user("acme", "u");
    const auto token = member(send("POST", "/api/v1/end-users/" + end_user + "/connect-token", "{}").body, "token");
    BOOST_TEST(send_as("GET", "/v2/connections", {}, {{"Authorization", "Bearer " + token}}).status == 403U);
}

BOOST_AUTO_TEST_CASE(a_request_sent_again_is_answered_again) {
    const std::string body = R"({"source_id":"s","auth_method":"none"})";
    const HttpClient::Headers key{{"Idempotency-Key", "k"}};
    const auto first = deck("POST", "/connections", body, key);
    const auto second = deck("POST", "/connections", body, key);
    BOOST_TEST(second.header("idempotent-replayed") == "true");
    BOOST_TEST(member(second.body, "id") == member(first.body, "id"));
    BOOST_TEST(refused("POST", "/connections", R"({"source_id":"t","auth_method":"none"})", key) ==
               "409 idempotency idempotency_error");
    BOOST_TEST(refused("POST", "/connections", body, {{"Idempotency-Key", std::string(257, 'k')}}) ==
               "400 idempotency idempotency_key_error Idempotency-Key");
    BOOST_TEST(types() == "connection.created");
}

BOOST_AUTO_TEST_CASE(a_disconnection_sent_again_shows_what_the_first_came_to) {
    const auto path = "/connections/" + connect("bank");
    const HttpClient::Headers key{{"Idempotency-Key", "k"}};
    const auto first = told("POST", path + "/disconnect", {}, key);
    BOOST_TEST(first.find(R"("status":"disconnected")") != std::string::npos);
    deck("POST", path + "/events", R"({"type":"connection.connected"})");
    deck("PATCH", path, R"({"external_id":"later"})");
    const auto second = deck("POST", path + "/disconnect", {}, key);
    BOOST_TEST(second.header("idempotent-replayed") == "true");
    BOOST_TEST(masked_here(second.text()) == first);
    BOOST_TEST(member(deck("GET", path).body, "status") == "connected");
    BOOST_TEST(types() == "connection.created connection.disconnected connection.connected connection.updated");
    BOOST_TEST(refused("DELETE", path, R"({"a":1})") == "400 request input_invalid a");
    BOOST_TEST(deck("DELETE", path, "{}").status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

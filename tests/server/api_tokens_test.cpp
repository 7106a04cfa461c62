// API keys, MCP tokens and connect tokens over HTTP: what each reaches, and when it stops.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

struct TokensFixture : NamespaceFixture {
    static HttpClient::Headers as(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }

    std::string make_key(std::string_view members) {
        return member(send("POST", "/api/v1/api-keys", R"({"name":"k",)" + std::string(members) + "}").body,
                      "plainKey");
    }
    std::string make_connect_token(std::string_view body = "{}") {
        return member(send("POST", "/api/v1/end-users/" + end_user_id + "/connect-token", body).body, "token");
    }
    std::string make_mcp_token(std::string_view end_user = "u") {
        return member(send("POST", "/api/v1/mcp-tokens",
                           R"({"workspaceId":"acme","endUserId":")" + std::string(end_user) + "\"}")
                          .body,
                      "plainToken");
    }
    std::string refuse_key(std::string_view body) { return refusal("POST", "/api/v1/api-keys", body); }
    // The status alone.
    unsigned status(const std::string& token, std::string_view method, std::string_view target,
                    std::string_view body = {}) {
        return send(method, target, body, as(token)).status;
    }
};

BOOST_FIXTURE_TEST_SUITE(api_tokens, TokensFixture)

BOOST_AUTO_TEST_CASE(a_key_lives_from_create_to_delete) {
    const auto created = send("POST", "/api/v1/api-keys",
                              R"({"name":"ci","permissions":["kv:read","kv:write"],"workspaceIds":["acme"]})");
    const auto key = member(created.body, "plainKey");
    BOOST_TEST(key.starts_with("alc_"));
    const std::string shown =
        R"({"id":"U","name":"ci","permissions":["kv:read","kv:write"],"workspaceIds":["U"],"createdAt":"T"})";
    BOOST_TEST(masked(created.text()) == "201 {\"apiKey\":" + shown + ",\"plainKey\":\"" + key + "\"}");
    BOOST_TEST(call("GET", "/api/v1/api-keys") == "200 {\"apiKeys\":[" + shown + R"(],"total":1,"cursor":null})");
    BOOST_TEST(status(key, "PUT", kv + "/k", "v") == 201U);
    BOOST_TEST(status(key, "GET", "/api/v1/workspaces/acme") == 403U);
    BOOST_TEST(call("DELETE", "/api/v1/api-keys/" + member(created.body, "id")) ==
               R"(200 {"deleted":true,"id":"U"})");
    BOOST_TEST(status(key, "GET", kv + "/k") == 401U);
    BOOST_TEST(refusal("DELETE", "/api/v1/api-keys/" + member(created.body, "id")) == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(bad_key_is_refused_with_its_field) {
    BOOST_TEST(refuse_key(R"({"permissions":["kv:read"]})") == "400 VALIDATION_ERROR name");
    BOOST_TEST(refuse_key(R"({"name":"","permissions":["kv:read"]})") == "400 VALIDATION_ERROR name");
    BOOST_TEST(refuse_key(R"({"name":"k"})") == "400 VALIDATION_ERROR permissions");
    BOOST_TEST(refuse_key(R"({"name":"k","permissions":[]})") == "400 VALIDATION_ERROR permissions");
    BOOST_TEST(refuse_key(R"({"name":"k","permissions":["kv:read","kv:all"]})") ==
               "400 VALIDATION_ERROR permissions[1]");
    BOOST_TEST(refuse_key(R"({"name":"k","permissions":["kv:read"],"workspaceIds":[]})") ==
               "400 VALIDATION_ERROR workspaceIds");
    BOOST_TEST(refuse_key(R"({"name":"k","permissions":["kv:read"],"workspaceIds":["none"]})") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(a_key_held_to_a_workspace_cannot_widen_itself) {
    create_workspace("other");
    const auto key = make_key(R"("permissions":["admin"],"workspaceIds":["acme"])");
    BOOST_TEST(status(key, "GET", kv) == 200U);
    BOOST_TEST(status(key, "GET", "/api/v1/workspaces/other/kv") == 403U);
    BOOST_TEST(status(key, "GET", "/api/v1/workspaces/none/kv") == 403U);
    BOOST_TEST(status(key, "GET", "/api/v1/api-keys") == 403U);
    BOOST_TEST(status(key, "POST", "/api/v1/api-keys", R"({"name":"k","permissions":["admin"]})") == 403U);
    BOOST_TEST(status(key, "POST", "/api/v1/workspaces", R"({"name":"N","slug":"n"})") == 403U);
    const auto listed = send("GET", "/api/v1/workspaces", "", as(key)).body;
    BOOST_TEST(listed.find("acme") != std::string::npos);
    BOOST_TEST(listed.find("other") == std::string::npos);
    BOOST_TEST(listed.find("\"total\":1") != std::string::npos);
    BOOST_TEST(status(key, "GET", "/api/v1/connections?workspaceId=other") == 403U);
    BOOST_TEST(status(key, "GET", "/api/v1/mcp-tokens?workspaceId=other") == 403U);
    BOOST_TEST(status(key, "POST", "/api/v1/resolve", R"({"workspaceId":"other","integrationName":"kv-store"})") ==
               403U);
}

BOOST_AUTO_TEST_CASE(a_connect_token_reaches_its_own_end_user_and_nothing_else) {
    create_end_user("acme", "other");
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store"})");
    send("POST", ns + "/integrations",
         R"({"integrationName":"kv-store","alias":"ours","settings":{"persistence":{"scope":"workspace"}}})");
    const auto foreign = member(send("POST", "/api/v1/connections",
                                     R"({"workspaceId":"acme","integrationName":"slack","endUserId":"other"})")
                                    .body,
                                "id");
    const auto token = make_connect_token();
    BOOST_TEST(token.starts_with("eut_"));
    BOOST_TEST(status(token, "PUT", ns + "/end-users/u/kv/k", "v") == 201U);
    BOOST_TEST(status(token, "GET", ns + "/integrations/kv-store/kv/k?endUserId=u") == 200U);
    for (const auto& target :
         {kv + "/k", kv, ns + "/end-users/other/kv/k", ns + "/end-users/nobody/kv/k", ns + "/external/u/kv/k",
          ns + "/integrations/ours/kv/k", ns + "/integrations/kv-store/kv/k?endUserId=other",
          ns + "/integrations/none/kv/k", std::string("/api/v1/workspaces/none/kv/k"),
          std::string("/api/v1/workspaces"), ns, ns + "/integrations", std::string("/api/v1/api-keys"),
          "/api/v1/end-users/" + end_user_id, std::string("/api/v1/end-users?workspaceId=acme"),
          "/api/v1/connections/" + foreign, std::string("/api/v1/connections?workspaceId=acme&endUserId=other")}) {
        BOOST_TEST(status(token, "GET", target) == 403U, target);
    }
    BOOST_TEST(status(token, "DELETE", "/api/v1/connections/" + foreign) == 403U);
    BOOST_TEST(status(token, "POST", "/api/v1/resolve", R"({"workspaceId":"acme","integrationName":"kv-store"})") ==
               403U);
    BOOST_TEST(status(token, "POST", "/api/v1/connections/resolve",
                      R"({"workspaceId":"acme","integrationName":"slack"})") == 403U);
}

BOOST_AUTO_TEST_CASE(a_connect_token_creates_lists_and_deletes_its_own_connections) {
    const auto token = make_connect_token(R"({"integrationName":"slack"})");
    const auto create = [this, &token](std::string_view members) {
        return send("POST", "/api/v1/connections", R"({"workspaceId":"acme",)" + std::string(members) + "}",
                    as(token));
    };
    const auto made = create(R"("integrationName":"slack","credentials":{"a":1})");
    BOOST_TEST(made.status == 201U);
    BOOST_TEST(member(made.body, "endUserId") == "u");
    BOOST_TEST(create(R"("integrationName":"slack","endUserId":"u")").status == 201U);
    BOOST_TEST(create(R"("integrationName":"slack","scope":"end_user")").status == 201U);
    BOOST_TEST(create(R"("integrationName":"slack","scope":"workspace")").status == 400U);
    BOOST_TEST(create(R"("integrationName":"slack","endUserId":"other")").status == 403U);
    BOOST_TEST(create(R"("integrationName":"github")").status == 403U);
    send("POST", "/api/v1/connections", R"({"workspaceId":"acme","integrationName":"github","endUserId":"u"})");
    const auto listed = send("GET", "/api/v1/connections?workspaceId=acme", "", as(token)).body;
    BOOST_TEST(listed.find("\"total\":3") != std::string::npos);
    BOOST_TEST(listed.find("github") == std::string::npos);
    const auto path = "/api/v1/connections/" + member(made.body, "id");
    BOOST_TEST(status(token, "PATCH", path, R"({"displayName":"x"})") == 403U);
    BOOST_TEST(status(token, "DELETE", path) == 200U);
    const auto session = send("GET", "/api/v1/connect-session", "", as(token));
    BOOST_TEST(
        masked(session.text())
            .starts_with(
                R"(200 {"connectSession":{"workspaceId":"U","workspaceName":"A","endUserId":"u","endUserName":null,"integrationName":"slack","expiresAt":"T","connections":[{)"));
    BOOST_TEST(refusal("GET", "/api/v1/connect-session") == "403 FORBIDDEN");
}

BOOST_AUTO_TEST_CASE(tokens_stop_at_their_time_and_with_their_end_user) {
    const auto token = make_connect_token(R"({"expiresIn":3600})");
    const auto target = ns + "/end-users/u/kv";
    BOOST_TEST(status(token, "GET", target) == 200U);
    clock.advance(3'600'000 - 1);
    BOOST_TEST(status(token, "GET", target) == 200U);
    clock.advance(1);
    BOOST_TEST(status(token, "GET", target) == 401U);
    const auto second = make_connect_token();
    const auto mcp = make_mcp_token();
    BOOST_TEST(status(second, "GET", target) == 200U);
    send("DELETE", "/api/v1/end-users/" + end_user_id);
    BOOST_TEST(status(second, "GET", target) == 401U);
    BOOST_TEST(status(mcp, "GET", target) == 401U);
}

BOOST_AUTO_TEST_CASE(bad_lifetimes_and_owners_are_refused) {
    const auto connect = "/api/v1/end-users/" + end_user_id + "/connect-token";
    for (const auto* wrong : {"3599", "2592001", "1e3", "\"3600\"", "3600.5", "-1"})
        BOOST_TEST(refusal("POST", connect, R"({"expiresIn":)" + std::string(wrong) + "}") ==
                   "400 VALIDATION_ERROR expiresIn");
    BOOST_TEST(refusal("POST", connect, R"({"integrationName":"a b"})") == "400 VALIDATION_ERROR integrationName");
    BOOST_TEST(refusal("POST", connect, R"({"workspaceIntegrationId":")" + end_user_id + "\"}") ==
               "404 INTEGRATION_NOT_FOUND");
    BOOST_TEST(refusal("POST", "/api/v1/end-users/nobody/connect-token", "{}") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refusal("POST", "/api/v1/mcp-tokens", R"({"workspaceId":"acme","endUserId":"eve"})") ==
               "404 END_USER_NOT_FOUND");
    const auto other = create_workspace("other");
    const auto foreign = create_end_user("other", "x");
    BOOST_TEST(refusal("POST", "/api/v1/mcp-tokens", R"({"workspaceId":"acme","endUserId":")" + foreign + "\"}") ==
               "404 END_USER_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(an_mcp_token_is_made_for_an_external_id_or_a_uuid_and_listed) {
    BOOST_TEST(make_mcp_token().starts_with("mcp_"));
    BOOST_TEST(make_mcp_token(end_user_id).starts_with("mcp_"));
    const auto listed = send("GET", "/api/v1/mcp-tokens?workspaceId=acme&limit=1").body;
    BOOST_TEST(
        masked(listed) ==
        R"({"mcpTokens":[{"id":"U","workspaceId":"U","endUserId":"u","createdAt":"T","expiresAt":"T"}],"total":2,"cursor":"C"})");
    const auto path = "/api/v1/mcp-tokens/" + member(listed, "id");
    BOOST_TEST(call("DELETE", path) == R"(200 {"deleted":true,"id":"U"})");
    BOOST_TEST(refusal("DELETE", path) == "404 NOT_FOUND");
    BOOST_TEST(status(make_mcp_token(), "GET", kv) == 403U);
}

BOOST_AUTO_TEST_CASE(connect_urls_are_absolute_with_a_public_url) {
    close();
    settings.public_url = "https://alcove.example/app/";
    open();
    const auto token = send("POST", "/api/v1/end-users/" + end_user_id + "/connect-token", "{}").body;
    BOOST_TEST(member(token, "connectUrl") == "https://alcove.example/app/connect#" + member(token, "token"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// The integrations of a workspace over HTTP: their fields, their paths to namespaces, what selectors come to.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

std::string integration(std::string_view alias, std::string_view persistence) {
    return R"({"id":"U","workspaceId":"U","integrationName":"kv-store","alias":")" + std::string(alias) +
           R"(","displayName":null,"connectionStrategy":"per_user","connectionId":null,"enabledActions":null,)" +
           R"("settings":{"persistence":)" + std::string(persistence) +
           R"(},"sortOrder":0,"createdAt":"T","updatedAt":"T"})";
}

struct IntegrationsFixture : NamespaceFixture {
    const std::string integrations = ns + "/integrations";

    std::string create(std::string_view alias, std::string_view persistence) {
        return send("POST", integrations,
                    R"({"integrationName":"kv-store","alias":")" + std::string(alias) +
                        R"(","settings":{"persistence":)" + std::string(persistence) + "}}")
            .text();
    }
    std::string resolve(std::string_view members) {
        return masked(
            send("POST", "/api/v1/resolve", R"({"workspaceId":"acme",)" + std::string(members) + "}").text());
    }
    std::string refuse_resolve(std::string_view members) {
        return refusal("POST", "/api/v1/resolve", R"({"workspaceId":"acme",)" + std::string(members) + "}");
    }
};

BOOST_FIXTURE_TEST_SUITE(api_integrations, IntegrationsFixture)

BOOST_AUTO_TEST_CASE(an_integration_lives_from_create_to_delete) {
    const auto created = create("tenant_state", R"({"scope":"external","externalId":"t"})");
    const auto shown = integration("tenant_state", R"({"scope":"external","externalId":"t"})");
    BOOST_TEST(masked(created) == "201 {\"workspaceIntegration\":" + shown + "}");
    BOOST_TEST(call("GET", integrations + "/tenant_state") == "200 {\"workspaceIntegration\":" + shown + "}");
    BOOST_TEST(call("GET", integrations + "/" + member(created, "id")) ==
               "200 {\"workspaceIntegration\":" + shown + "}");
    BOOST_TEST(call("GET", integrations) ==
               "200 {\"workspaceIntegrations\":[" + shown + R"(],"total":1,"cursor":null})");
    BOOST_TEST(call("PATCH", integrations + "/tenant_state",
                    R"({"alias":"kv","settings":{"persistence":{"scope":"workspace"}}})") ==
               "200 {\"workspaceIntegration\":" + integration("kv", R"({"scope":"workspace"})") + "}");
    BOOST_TEST(refusal("GET", integrations + "/tenant_state") == "404 INTEGRATION_NOT_FOUND");
    BOOST_TEST(call("DELETE", integrations + "/kv") == R"(200 {"deleted":true,"id":"U"})");
    BOOST_TEST(refusal("DELETE", integrations + "/kv") == "404 INTEGRATION_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(the_alias_is_the_name_when_none_is_given) {
    BOOST_TEST(call("POST", integrations, R"({"integrationName":"kv-store"})") ==
               "201 {\"workspaceIntegration\":" + integration("kv-store", R"({"scope":"end_user"})") + "}");
    BOOST_TEST(refusal("POST", integrations, R"({"integrationName":"kv-store"})") == "409 ALIAS_CONFLICT alias");
    BOOST_TEST(refusal("POST", integrations, R"({"integrationName":"HubSpot"})") == "400 VALIDATION_ERROR alias");
}

BOOST_AUTO_TEST_CASE(bad_integration_is_refused_with_its_field) {
    const auto with = [this](std::string_view more) {
        return refusal("POST", integrations, R"({"integrationName":"slack",)" + std::string(more) + "}");
    };
    BOOST_TEST(refusal("POST", integrations, "{}") == "400 VALIDATION_ERROR integrationName");
    BOOST_TEST(with(R"("alias":"1a")") == "400 VALIDATION_ERROR alias");
    BOOST_TEST(with(R"("alias":"a1890a5d-ac96-774b-bcce-b302099a8057")") == "400 VALIDATION_ERROR alias");
    BOOST_TEST(with(R"("connectionStrategy":"any")") == "400 VALIDATION_ERROR connectionStrategy");
    BOOST_TEST(with(R"("connectionStrategy":"fixed")") == "400 VALIDATION_ERROR connectionId");
    BOOST_TEST(with(R"("connectionStrategy":"fixed","connectionId":"x")") == "400 VALIDATION_ERROR connectionId");
    BOOST_TEST(with(R"("connectionStrategy":"fixed","connectionId":")" + end_user_id + "\"") ==
               "404 CONNECTION_NOT_FOUND connectionId");
    BOOST_TEST(with(R"("enabledActions":"get")") == "400 VALIDATION_ERROR enabledActions");
    BOOST_TEST(with(R"("enabledActions":[1])") == "400 VALIDATION_ERROR enabledActions[0]");
    BOOST_TEST(with(R"("sortOrder":1.5)") == "400 VALIDATION_ERROR sortOrder");
    BOOST_TEST(with(R"("settings":{"x":1})") == "400 VALIDATION_ERROR settings.x");
    BOOST_TEST(with(R"("settings":{"persistence":{}})") == "400 VALIDATION_ERROR settings.persistence.scope");
    BOOST_TEST(with(R"("settings":{"persistence":{"scope":"all"}})") ==
               "400 VALIDATION_ERROR settings.persistence.scope");
    BOOST_TEST(with(R"("settings":{"persistence":{"scope":"external"}})") ==
               "400 VALIDATION_ERROR settings.persistence.externalId");
    BOOST_TEST(with(R"("settings":{"persistence":{"scope":"external","externalId":""}})") ==
               "400 VALIDATION_ERROR settings.persistence.externalId");
    BOOST_TEST(with(R"("settings":{"persistence":{"scope":"workspace","externalId":"x"}})") ==
               "400 VALIDATION_ERROR settings.persistence.externalId");
    BOOST_TEST(refusal("POST", "/api/v1/workspaces/none/integrations", "{}") == "404 NOT_FOUND");
    create("kv", R"({"scope":"workspace"})");
    const auto patch = [this](std::string_view body) { return refusal("PATCH", integrations + "/kv", body); };
    BOOST_TEST(patch("{}") == "400 NO_UPDATES");
    BOOST_TEST(patch(R"({"integrationName":"storage"})") == "400 VALIDATION_ERROR integrationName");
    BOOST_TEST(patch(R"({"settings":{"persistence":{"scope":"external"}}})") ==
               "400 VALIDATION_ERROR settings.persistence.externalId");
}

BOOST_AUTO_TEST_CASE(a_path_through_an_integration_leads_where_its_policy_says) {
    create("mine", R"({"scope":"end_user"})");
    create("ours", R"({"scope":"workspace"})");
    create("tenant", R"({"scope":"external","externalId":"t 7"})");
    BOOST_TEST(call("PUT", integrations + "/mine/kv/k?endUserId=u", "of u") == "201");
    BOOST_TEST(call("PUT", integrations + "/ours/kv/k", "of acme") == "201");
    BOOST_TEST(call("PUT", integrations + "/tenant/kv/k", "of t") == "201");
    BOOST_TEST(call("GET", ns + "/end-users/u/kv/k") == "200 of u");
    BOOST_TEST(call("GET", kv + "/k") == "200 of acme");
    BOOST_TEST(call("GET", ns + "/external/t%207/kv/k") == "200 of t");
    for (int i = 0; i < 2; ++i) {  // read, then remembered
        BOOST_TEST(call("GET", integrations + "/mine/kv/k?endUserId=u") == "200 of u");
        BOOST_TEST(call("GET", integrations + "/ours/kv/k?endUserId=u") == "200 of acme");
        BOOST_TEST(call("GET", integrations + "/ours/kv?values=true&endUserId=u&limit=1").substr(0, 3) == "200");
        BOOST_TEST(refusal("GET", integrations + "/mine/kv/k") == "400 VALIDATION_ERROR endUserId");
        BOOST_TEST(refusal("GET", integrations + "/mine/kv/k?endUserId=eve") == "404 END_USER_NOT_FOUND");
        BOOST_TEST(refusal("GET", integrations + "/mine/kv/k?endUserId=" + end_user_id) ==
                   "404 END_USER_NOT_FOUND");
        BOOST_TEST(refusal("GET", integrations + "/ours/kv/k?endUserId=eve") == "404 END_USER_NOT_FOUND");
        BOOST_TEST(refusal("GET", integrations + "/none/kv/k") == "404 INTEGRATION_NOT_FOUND");
        BOOST_TEST(refusal("GET", integrations + "/ours/kv/k?scope=end_user") == "400 VALIDATION_ERROR scope");
        BOOST_TEST(refusal("GET", integrations + "/mine/kv/k?endUserId=u&endUserId=u") ==
                   "400 VALIDATION_ERROR endUserId");
        BOOST_TEST(refusal("GET", kv + "/k?endUserId=u") == "400 VALIDATION_ERROR endUserId");
    }
    BOOST_TEST(
        send("PATCH", integrations + "/ours", R"({"settings":{"persistence":{"scope":"end_user"}}})").status ==
        200U);
    BOOST_TEST(call("GET", integrations + "/ours/kv/k?endUserId=u") == "200 of u");
}

BOOST_AUTO_TEST_CASE(resolve_tells_what_selectors_come_to) {
    create("mine", R"({"scope":"end_user"})");
    create("tenant", R"({"scope":"external","externalId":"t"})");
    call("PUT", ns + "/end-users/u/kv/k", "12345");
    const auto mine = resolve(R"("integrationAlias":"mine","endUserId":"u")");
    BOOST_TEST(mine.starts_with(R"(200 {"workspace":{"id":"U","name":"A","slug":"acme")"));
    BOOST_TEST(mine.find("\"workspaceIntegration\":" + integration("mine", R"({"scope":"end_user"})")) !=
               std::string::npos);
    BOOST_TEST(mine.find(R"("endUser":{"id":"U","workspaceId":"U","externalId":"u")") != std::string::npos);
    BOOST_TEST(
        mine.find(
            R"("connection":null,"namespace":{"scope":"end_user","subject":"U","keys":1,"bytes":6,"cursor":"C"})") !=
        std::string::npos);
    const auto tenant = resolve(R"("integrationAlias":"tenant")");
    BOOST_TEST(
        tenant.find(R"("endUser":null,"connection":null,"namespace":{"scope":"external","subject":"t","keys":0)") !=
        std::string::npos);
    BOOST_TEST(refuse_resolve(R"("integrationName":"kv-store")") == "400 AMBIGUOUS_INTEGRATION");
    BOOST_TEST(refuse_resolve(R"("integrationAlias":"mine")") == "400 VALIDATION_ERROR endUserId");
    BOOST_TEST(refuse_resolve(R"("integrationAlias":"mine","endUserId":"eve")") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refuse_resolve(R"("integrationAlias":"mine","endUserId":"")") == "400 VALIDATION_ERROR endUserId");
    for (const auto* own : {"scope", "externalId", "persistence"}) {
        BOOST_TEST(refuse_resolve(R"("integrationAlias":"tenant",")" + std::string(own) + R"(":"workspace")") ==
                   "400 VALIDATION_ERROR " + std::string(own));
    }
}

BOOST_AUTO_TEST_CASE(credentials_come_back_from_resolve_alone_and_with_the_permission) {
    send("POST", integrations, R"({"integrationName":"slack"})");
    send("POST", "/api/v1/connections",
         R"({"workspaceId":"acme","integrationName":"slack","endUserId":"u","credentials":{"token": "s"}})");
    const auto body =
        R"({"workspaceId":"acme","integrationName":"slack","endUserId":"u","includeCredentials":true})";
    const auto with = send("POST", "/api/v1/connections/resolve", body);
    BOOST_TEST(with.body.ends_with(R"(,"credentials":{"token": "s"}})"));
    BOOST_TEST(with.header("cache-control") == "no-store");
    const auto key = member(
        send("POST", "/api/v1/api-keys", R"({"name":"k","permissions":["connections:read"]})").body, "plainKey");
    const HttpClient::Headers limited{{"Authorization", "Bearer " + key}};
    BOOST_TEST(refusal("POST", "/api/v1/connections/resolve", body, limited) == "403 FORBIDDEN");
    const auto without = R"({"workspaceId":"acme","integrationName":"slack","endUserId":"u"})";
    const auto shown = send("POST", "/api/v1/connections/resolve", without, limited);
    BOOST_TEST(shown.status == 200U);
    BOOST_TEST(shown.body.find("token") == std::string::npos);
    BOOST_TEST(refusal("POST", "/api/v1/connections/resolve",
                       R"({"workspaceId":"acme","integrationName":"slack"})") == "400 CONNECTION_REQUIRED");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Connections over HTTP.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

const std::string connections = "/api/v1/connections";

std::string connection(std::string_view external_id, std::string_view end_user) {
    const auto text = [](std::string_view value) {
        return value.empty() ? std::string("null") : "\"" + std::string(value) + "\"";
    };
    return R"({"id":"U","workspaceId":"U","integrationName":"slack","externalId":)" + text(external_id) +
           R"(,"ownerExternalId":null,"displayName":null,"scope":")" +
           (end_user.empty() ? "workspace" : "end_user") + R"(","endUserId":)" + text(end_user) +
           R"(,"status":"connected","createdAt":"T","updatedAt":"T"})";
}

struct ConnectionsFixture : NamespaceFixture {
    std::string create(std::string_view more) {
        return send("POST", connections,
                    R"({"workspaceId":"acme","integrationName":"slack")" + std::string(more) + "}")
            .text();
    }
    std::string refuse(std::string_view body) { return refusal("POST", connections, body); }
};

BOOST_FIXTURE_TEST_SUITE(api_connections, ConnectionsFixture)

BOOST_AUTO_TEST_CASE(a_connection_lives_from_create_to_delete) {
    const auto created = create(R"(,"externalId":"team","endUserId":"u","credentials":{"token":"secret"})");
    BOOST_TEST(masked(created) == "201 {\"connection\":" + connection("team", "u") + "}");
    const auto id = member(created, "id");
    BOOST_TEST(call("GET", connections + "/" + id) == "200 {\"connection\":" + connection("team", "u") + "}");
    BOOST_TEST(call("GET", connections + "?workspaceId=acme") ==
               "200 {\"connections\":[" + connection("team", "u") + R"(],"total":1,"cursor":null})");
    const auto end_user = send("GET", "/api/v1/end-users/" + end_user_id).body;
    BOOST_TEST(end_user.find("\"connectionCount\":1") != std::string::npos);
    BOOST_TEST(masked(end_user).find("\"connections\":[" + connection("team", "u") + "]") != std::string::npos);
    BOOST_TEST(end_user.find("secret") == std::string::npos);

    BOOST_TEST(call("PATCH", connections + "/" + id, R"({"externalId":null})") ==
               "200 {\"connection\":" + connection("", "u") + "}");
    BOOST_TEST(call("DELETE", connections + "/" + id) == R"(200 {"deleted":true,"id":"U"})");
    BOOST_TEST(refusal("GET", connections + "/" + id) == "404 CONNECTION_NOT_FOUND");
    BOOST_TEST(refusal("DELETE", connections + "/" + id) == "404 CONNECTION_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(an_unknown_end_user_is_made_with_the_connection) {
    BOOST_TEST(masked(create(R"(,"endUserId":"new")")) == "201 {\"connection\":" + connection("", "new") + "}");
    BOOST_TEST(send("GET", "/api/v1/end-users?workspaceId=acme&externalId=new").body.find("\"total\":1") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(filters_and_pages_of_the_list) {
    for (const auto* one : {"a", "b", "c"})
        create(R"(,"endUserId":"u","externalId":")" + std::string(one) + "\"");
    create(R"(,"ownerExternalId":"owner")");
    const auto total = [this](std::string_view query) {
        const auto body = send("GET", connections + "?workspaceId=acme&" + std::string(query)).body;
        const auto at = body.find("\"total\":");
        return body.substr(at + 8, body.find(',', at) - at - 8);
    };
    BOOST_TEST(total("") == "4");
    BOOST_TEST(total("endUserId=u") == "3");
    BOOST_TEST(total("endUserId=nobody") == "0");
    BOOST_TEST(total("endUserId=u&externalId=b") == "1");
    BOOST_TEST(total("ownerExternalId=owner") == "1");
    BOOST_TEST(total("integrationName=github") == "0");
    const auto first = send("GET", connections + "?workspaceId=acme&endUserId=u&limit=2").body;
    const auto cursor = member(first, "cursor");
    const auto second = send("GET", connections + "?workspaceId=acme&endUserId=u&limit=2&cursor=" + cursor).body;
    BOOST_TEST(masked(second) == "{\"connections\":[" + connection("c", "u") + R"(],"total":3,"cursor":null})");
    BOOST_TEST(refusal("GET", connections + "?workspaceId=acme&limit=2&cursor=" + cursor) ==
               "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", connections) == "400 VALIDATION_ERROR workspaceId");
    BOOST_TEST(refusal("GET", connections + "?workspaceId=none") == "404 NOT_FOUND");
    BOOST_TEST(refusal("GET", connections + "?workspaceId=acme&x=1") == "400 VALIDATION_ERROR x");
    BOOST_TEST(refusal("GET", connections + "?workspaceId=acme&endUserId=") == "400 VALIDATION_ERROR endUserId");
}

BOOST_AUTO_TEST_CASE(bad_connection_is_refused_with_its_field) {
    BOOST_TEST(refuse("{}") == "400 VALIDATION_ERROR workspaceId");
    BOOST_TEST(refuse(R"({"workspaceId":"acme"})") == "400 VALIDATION_ERROR integrationName");
    const auto with = [this](std::string_view more) {
        return refuse(R"({"workspaceId":"acme","integrationName":"slack",)" + std::string(more) + "}");
    };
    BOOST_TEST(refuse(R"({"workspaceId":"acme","integrationName":"a b"})") ==
               "400 VALIDATION_ERROR integrationName");
    BOOST_TEST(refuse(R"({"workspaceId":"none","integrationName":"slack"})") == "404 NOT_FOUND");
    BOOST_TEST(with(R"("scope":"user")") == "400 VALIDATION_ERROR scope");
    BOOST_TEST(with(R"("scope":"end_user")") == "400 VALIDATION_ERROR endUserId");
    BOOST_TEST(with(R"("scope":"workspace","endUserId":"u")") == "400 VALIDATION_ERROR endUserId");
    BOOST_TEST(with(R"("externalId":"")") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(with("\"externalId\":\"" + std::string(256, 'a') + "\"") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(with(R"("endUserId":1)") == "400 VALIDATION_ERROR endUserId");
    BOOST_TEST(with(R"("credentials":"x")") == "400 VALIDATION_ERROR credentials");
    BOOST_TEST(with("\"credentials\":{\"a\":\"" + std::string(65536, 'a') + "\"}") ==
               "400 VALIDATION_ERROR credentials");
    BOOST_TEST(with(R"("status":"connected")") == "400 VALIDATION_ERROR status");
    BOOST_TEST(with(R"("displayName":"\u0001")") == "400 VALIDATION_ERROR displayName");
    create(R"(,"externalId":"taken")");
    BOOST_TEST(with(R"("externalId":"taken")") == "409 DUPLICATE externalId");
    const auto id = member(create(""), "id");
    const auto patch = [this, &id](std::string_view body) {
        return refusal("PATCH", connections + "/" + id, body);
    };
    BOOST_TEST(patch("{}") == "400 NO_UPDATES");
    BOOST_TEST(patch(R"({"externalId":"taken"})") == "409 DUPLICATE externalId");
    BOOST_TEST(patch(R"({"endUserId":"u"})") == "400 VALIDATION_ERROR endUserId");
    BOOST_TEST(patch(R"({"integrationName":"github"})") == "400 VALIDATION_ERROR integrationName");
    BOOST_TEST(refusal("PATCH", connections + "/nothing", "{}") == "404 CONNECTION_NOT_FOUND");
    BOOST_TEST(refusal("GET", connections + "/" + end_user_id) == "404 CONNECTION_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(a_repeated_request_has_its_effect_once_and_its_answer_again) {
    const HttpClient::Headers once{{"Idempotency-Key", "k"}};
    const auto body = R"({"workspaceId":"acme","integrationName":"slack","endUserId":"new","credentials":{"a":1}})";
    const auto first = send("POST", connections, body, once);
    const auto second = send("POST", connections, body, once);
    BOOST_TEST(second.text() == first.text());
    BOOST_TEST(first.header("idempotent-replayed") == "");
    BOOST_TEST(second.header("idempotent-replayed") == "true");
    BOOST_TEST(refusal("POST", connections, R"({"workspaceId":"acme","integrationName":"github"})", once) ==
               "409 IDEMPOTENCY_CONFLICT");

    const auto path = connections + "/" + member(first.body, "id");
    const auto patched = send("PATCH", path, R"({"displayName":"A"})", once);
    BOOST_TEST(send("PATCH", path, R"({"displayName":"B"})").status == 200U);
    BOOST_TEST(send("PATCH", path, R"({"displayName":"A"})", once).text() == patched.text());
    BOOST_TEST(send("GET", path).body.find("\"displayName\":\"B\"") != std::string::npos);

    const auto deleted = send("DELETE", path, "", once);
    const auto again = send("DELETE", path, "", once);
    BOOST_TEST(again.text() == deleted.text());
    BOOST_TEST(again.header("idempotent-replayed") == "true");
    BOOST_TEST(refusal("DELETE", path) == "404 CONNECTION_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(every_kind_of_resource_is_made_once_for_one_key) {
    const HttpClient::Headers once{{"Idempotency-Key", "k"}};
    const auto twice = [this, &once](std::string_view method, std::string_view target, std::string_view body) {
        const auto first = send(method, target, body, once);
        const auto second = send(method, target, body, once);
        BOOST_TEST(first.status / 100 == 2U);
        BOOST_TEST(second.status == first.status);
        BOOST_TEST(second.header("idempotent-replayed") == "true");
        return std::pair(first.body, second.body);
    };
    const auto same = [&twice](std::string_view method, std::string_view target, std::string_view body) {
        const auto [first, second] = twice(method, target, body);
        BOOST_TEST(first == second);
        return member(first, "id");
    };
    same("POST", "/api/v1/workspaces", R"({"name":"B","slug":"b"})");
    same("PATCH", "/api/v1/workspaces/b", R"({"name":"C"})");
    const auto end_user = same("POST", "/api/v1/end-users", R"({"workspaceId":"acme","externalId":"e"})");
    same("PATCH", "/api/v1/end-users/" + end_user, R"({"displayName":"E"})");
    const auto integration = same("POST", ns + "/integrations", R"({"integrationName":"kv-store"})");
    same("PATCH", ns + "/integrations/" + integration, R"({"sortOrder":3})");
    same("DELETE", ns + "/integrations/" + integration, "");

    // A secret is shown once.
    const auto without = [&twice](std::string_view target, std::string_view body, std::string_view prefix) {
        const auto [first, second] = twice("POST", target, body);
        BOOST_TEST(first.find(prefix) != std::string::npos);
        BOOST_TEST(second.find(prefix) == std::string::npos);
        BOOST_TEST(member(second, "id") == member(first, "id"));
        return member(first, "id");
    };
    const auto key = without("/api/v1/api-keys", R"({"name":"k","permissions":["kv:read"]})", "alc_");
    const auto token = without("/api/v1/mcp-tokens", R"({"workspaceId":"acme","endUserId":"e"})", "mcp_");
    without("/api/v1/end-users/" + end_user + "/connect-token", "{}", "eut_");
    same("DELETE", "/api/v1/mcp-tokens/" + token, "");
    same("DELETE", "/api/v1/api-keys/" + key, "");
    same("DELETE", "/api/v1/end-users/" + end_user, "");
    same("DELETE", "/api/v1/workspaces/b", "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

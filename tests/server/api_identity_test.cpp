// Workspaces and end users over HTTP.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

const std::string workspaces = "/api/v1/workspaces";
const std::string end_users = "/api/v1/end-users";

const std::string acme = R"({"id":"U","name":"Acme","slug":"acme","createdAt":"T","updatedAt":"T"})";
const std::string ada =
    R"({"id":"U","workspaceId":"U","externalId":"u","deprecatedExternalIds":[],"displayName":"Ada",)"
    R"("email":"ada@example.com","metadata":{"a": 1},"connectionCount":0,"createdAt":"T","updatedAt":"T"})";

struct ApiIdentityFixture : ApiFixture {
    std::string last;
};

BOOST_FIXTURE_TEST_SUITE(api_identity, ApiIdentityFixture)

BOOST_AUTO_TEST_CASE(workspace_lives_from_create_to_delete) {
    BOOST_TEST(call("GET", workspaces) == R"(200 {"workspaces":[],"total":0,"cursor":null})");
    BOOST_TEST(call("POST", workspaces, R"({"name":"Acme","slug":"acme"})") == "201 {\"workspace\":" + acme + "}");
    BOOST_TEST(call("GET", workspaces + "/acme") == "200 {\"workspace\":" + acme + "}");
    BOOST_TEST(call("GET", workspaces) == "200 {\"workspaces\":[" + acme + R"(],"total":1,"cursor":null})");
    const auto id = member(send("GET", workspaces + "/acme").body, "id");
    BOOST_TEST(call("GET", workspaces + "/" + id) == "200 {\"workspace\":" + acme + "}");

    clock.advance(5);
    const auto patched = send("PATCH", workspaces + "/acme", R"({"name":"B","slug":"b"})");
    BOOST_TEST(masked(patched.text()) ==
               R"(200 {"workspace":{"id":"U","name":"B","slug":"b","createdAt":"T","updatedAt":"T"}})");
    BOOST_TEST(member(patched.body, "createdAt") == "2023-11-14T22:13:20.000Z");
    BOOST_TEST(member(patched.body, "updatedAt") == "2023-11-14T22:13:20.005Z");
    BOOST_TEST(refusal("GET", workspaces + "/acme") == "404 NOT_FOUND");

    BOOST_TEST(call("DELETE", workspaces + "/b") == R"(200 {"deleted":true,"id":"U"})");
    BOOST_TEST(refusal("GET", workspaces + "/" + id) == "404 NOT_FOUND");
    BOOST_TEST(refusal("DELETE", workspaces + "/b") == "404 NOT_FOUND");
    BOOST_TEST(call("GET", workspaces) == R"(200 {"workspaces":[],"total":0,"cursor":null})");
}

BOOST_AUTO_TEST_CASE(bad_workspace_is_refused_with_its_field) {
    const auto post = [this](std::string_view body) { return refusal("POST", workspaces, body); };
    BOOST_TEST(post("") == "400 INVALID_JSON");
    BOOST_TEST(post("{") == "400 INVALID_JSON");
    BOOST_TEST(post("{\"name\":\"\xff\"}") == "400 INVALID_JSON");
    BOOST_TEST(post("[]") == "400 VALIDATION_ERROR body");
    BOOST_TEST(post("{}") == "400 VALIDATION_ERROR name");
    BOOST_TEST(post(R"({"name":"A"})") == "400 VALIDATION_ERROR slug");
    BOOST_TEST(post(R"({"name":"A","slug":"A"})") == "400 VALIDATION_ERROR slug");
    BOOST_TEST(post(R"({"name":"A","slug":"01890a5d-ac96-774b-bcce-b302099a8057"})") ==
               "400 VALIDATION_ERROR slug");
    BOOST_TEST(post(R"({"name":"A","slug":1})") == "400 VALIDATION_ERROR slug");
    BOOST_TEST(post(R"({"name":"","slug":"a"})") == "400 VALIDATION_ERROR name");
    BOOST_TEST(post("{\"name\":\"" + std::string(256, 'a') + "\",\"slug\":\"a\"}") == "400 VALIDATION_ERROR name");
    BOOST_TEST(post(R"({"name":"A","slug":"a","x":1})") == "400 VALIDATION_ERROR x");
    BOOST_TEST(post(R"({"name":"A","slug":"a","slug":"b"})") == "400 VALIDATION_ERROR slug");
    BOOST_TEST(refusal("POST", workspaces + "?x=1", R"({"name":"A","slug":"a"})") == "400 VALIDATION_ERROR x");
    BOOST_TEST(refusal("POST", workspaces, R"({"name":"A","slug":"a"})", {{"Content-Type", "text/plain"}}) ==
               "415 UNSUPPORTED_MEDIA_TYPE");
    create_workspace("a");
    create_workspace("b");
    BOOST_TEST(post(R"({"name":"A","slug":"a"})") == "409 SLUG_EXISTS slug");
    BOOST_TEST(refusal("PATCH", workspaces + "/a", R"({"slug":"b"})") == "409 SLUG_EXISTS slug");
    BOOST_TEST(refusal("PATCH", workspaces + "/a", "{}") == "400 NO_UPDATES");
    BOOST_TEST(refusal("PATCH", workspaces + "/a", R"({"name":null})") == "400 VALIDATION_ERROR name");
    BOOST_TEST(refusal("PATCH", workspaces + "/x", "{}") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(json_is_accepted_with_parameters_and_without_a_content_type) {
    const HttpClient::Headers typed{{"Content-Type", "Application/JSON ; charset=utf-8"}};
    BOOST_TEST(send("POST", workspaces, R"({"name":"A","slug":"a"})", typed).status == 201U);
    BOOST_TEST(send("POST", workspaces, R"({"name":"A","slug":"b"})").status == 201U);
}

BOOST_AUTO_TEST_CASE(workspaces_are_listed_by_pages_and_offsets) {
    for (const auto* slug : {"c", "b", "a"})
        create_workspace(slug);
    const auto slugs = [this](const std::string& query) {
        last = send("GET", workspaces + query).body;
        std::string text;
        for (std::size_t at = 0; (at = last.find("\"slug\":\"", at)) != std::string::npos; at += 8)
            text += last[at + 8];
        return text;
    };
    BOOST_TEST(slugs("") == "cba");
    BOOST_TEST(slugs("?limit=2") == "cb");
    BOOST_TEST(slugs("?limit=2&cursor=" + member(last, "cursor")) == "a");
    BOOST_TEST(member(last, "cursor") == "");
    BOOST_TEST(slugs("?offset=1&limit=1") == "b");
    BOOST_TEST(slugs("?offset=3") == "");
    BOOST_TEST(last.find("\"total\":3") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(bad_page_is_refused_with_its_field) {
    for (const auto* name : {"c", "b", "a"})
        create_workspace(name);
    const auto list = [this](const std::string& query) { return refusal("GET", workspaces + query); };
    for (const auto* limit : {"0", "101", "-1", "x", "", "1.0", "99999999999999999999999"}) {
        BOOST_TEST(list(std::string("?limit=") + limit) == "400 VALIDATION_ERROR limit", limit);
    }
    BOOST_TEST(list("?offset=10001") == "400 VALIDATION_ERROR offset");
    BOOST_TEST(list("?offset=10000") == "200 ");
    BOOST_TEST(list("?cursor=x") == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(list("?cursor=") == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(list("?x=1") == "400 VALIDATION_ERROR x");
    BOOST_TEST(list("?limit=1&limit=1") == "400 VALIDATION_ERROR limit");
    const auto cursor = member(send("GET", workspaces + "?limit=1").body, "cursor");
    BOOST_TEST(list("?offset=1&cursor=" + cursor) == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", end_users + "?workspaceId=a&cursor=" + cursor) == "400 VALIDATION_ERROR cursor");
}

BOOST_AUTO_TEST_CASE(end_user_lives_from_create_to_delete) {
    create_workspace("acme");
    const auto created = send("POST", end_users,
                              R"({"workspaceId":"acme","externalId":"u","displayName":"Ada",)"
                              R"("email":"ada@example.com","metadata":{"a": 1}})");
    BOOST_TEST(masked(created.text()) == "201 {\"endUser\":" + ada + "}");
    const auto path = end_users + "/" + member(created.body, "id");
    BOOST_TEST(call("GET", path) == "200 {\"endUser\":" + ada + ",\"connections\":[]}");
    BOOST_TEST(call("GET", end_users + "?workspaceId=acme") ==
               "200 {\"endUsers\":[" + ada + R"(],"total":1,"cursor":null})");
    BOOST_TEST(call("GET", end_users + "?workspaceId=acme&externalId=u") ==
               "200 {\"endUsers\":[" + ada + R"(],"total":1,"cursor":null})");
    BOOST_TEST(call("GET", end_users + "?workspaceId=acme&externalId=v") ==
               R"(200 {"endUsers":[],"total":0,"cursor":null})");

    BOOST_TEST(
        call("PATCH", path, R"({"displayName":null,"email":null,"metadata":{}})") ==
        R"(200 {"endUser":{"id":"U","workspaceId":"U","externalId":"u","deprecatedExternalIds":[],)"
        R"("displayName":null,"email":null,"metadata":{},"connectionCount":0,"createdAt":"T","updatedAt":"T"}})");
    BOOST_TEST(call("DELETE", path) == R"(200 {"deleted":true,"id":"U"})");
    BOOST_TEST(refusal("GET", path) == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refusal("DELETE", path) == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refusal("PATCH", path, "{}") == "404 END_USER_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(bad_end_user_is_refused_with_its_field) {
    const auto id = create_workspace("acme");
    const auto post = [this](std::string_view members) {
        return refusal("POST", end_users, R"({"workspaceId":"acme",)" + std::string(members) + "}");
    };
    BOOST_TEST(refusal("POST", end_users, R"({"externalId":"u"})") == "400 VALIDATION_ERROR workspaceId");
    BOOST_TEST(refusal("POST", end_users, R"({"workspaceId":"nope","externalId":"u"})") == "404 NOT_FOUND");
    BOOST_TEST(refusal("POST", end_users, R"({"workspaceId":"acme"})") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(post(R"("externalId":"")") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(post(R"("externalId":"a\u0001")") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(post(R"("externalId":"a\u0085")") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(post("\"externalId\":\"" + std::string(256, 'a') + "\"") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(post(R"("externalId":1)") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(post(R"("externalId":"u","email":"nobody")") == "400 VALIDATION_ERROR email");
    BOOST_TEST(post("\"externalId\":\"u\",\"displayName\":\"" + std::string(256, 'a') + "\"") ==
               "400 VALIDATION_ERROR displayName");
    BOOST_TEST(post(R"("externalId":"u","metadata":[])") == "400 VALIDATION_ERROR metadata");
    BOOST_TEST(post(R"("externalId":"u","metadata":{"a":)" + ("\"" + std::string(17'000, 'a') + "\"") + "}") ==
               "400 VALIDATION_ERROR metadata");
    BOOST_TEST(post(R"("externalId":"u","metadata":{"a":{"b":1,"b":2}})") == "400 VALIDATION_ERROR metadata.a.b");
    BOOST_TEST(post(R"("externalId":"u","x":1)") == "400 VALIDATION_ERROR x");

    const auto path = end_users + "/" + create_end_user(id, "u");
    BOOST_TEST(post(R"("externalId":"u")") == "409 DUPLICATE externalId");
    BOOST_TEST(refusal("PATCH", path, R"({"externalId":"v"})") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(refusal("PATCH", path, R"({"x":"v"})") == "400 VALIDATION_ERROR x");
    BOOST_TEST(refusal("PATCH", path, "{}") == "400 NO_UPDATES");
    BOOST_TEST(refusal("GET", end_users) == "400 VALIDATION_ERROR workspaceId");
    BOOST_TEST(refusal("GET", end_users + "?workspaceId=nope") == "404 NOT_FOUND");
    BOOST_TEST(refusal("GET", end_users + "?workspaceId=acme&externalId=") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(refusal("GET", end_users + "/u") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refusal("GET", end_users + "/" + id) == "404 END_USER_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(deleted_owner_takes_its_keys_along) {
    create_workspace("acme");
    const auto id = create_end_user("acme", "u");
    const std::string path = workspaces + "/acme/end-users/u/kv/k";
    BOOST_TEST(call("PUT", path, "old") == "201");
    send("DELETE", end_users + "/" + id);
    BOOST_TEST(refusal("GET", path) == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refusal("PUT", path, "x") == "404 END_USER_NOT_FOUND");
    create_end_user("acme", "u");
    BOOST_TEST(refusal("GET", path) == "404 NOT_FOUND");
    BOOST_TEST(call("PUT", path, "new") == "201");
    send("DELETE", workspaces + "/acme");
    BOOST_TEST(refusal("GET", path) == "404 NOT_FOUND");
    create_workspace("acme");
    BOOST_TEST(refusal("GET", path) == "404 END_USER_NOT_FOUND");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

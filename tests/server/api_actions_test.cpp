// Executing actions over HTTP, the options of properties, and the catalog of integrations.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "scopes/json.hpp"
#include "tests/server/actions_api_fixture.hpp"

namespace alcove::test {
namespace {

// The duration differs from run to run.
std::string without_duration(const Reply& reply) {
    static const std::regex duration("\"duration\":\\d+");
    return std::regex_replace(reply.text(), duration, "\"duration\":D");
}

BOOST_FIXTURE_TEST_SUITE(api_actions, ActionApiFixture)

BOOST_AUTO_TEST_CASE(execution_answers_with_the_output) {
    const auto execute = [this](std::string_view action, std::string_view input) {
        return without_duration(send("POST", execute_path, body(action, input)));
    };
    BOOST_TEST(execute("put", R"({"key":"a","value":[1]})") == R"(200 {"success":true,"output":[1],"duration":D})");
    BOOST_TEST(execute("get", R"({"key":"a"})") == R"(200 {"success":true,"output":[1],"duration":D})");
    BOOST_TEST(execute("get", R"({"key":"b"})") == R"(200 {"success":true,"output":null,"duration":D})");
    BOOST_TEST(execute("delete", R"({"key":"a"})") ==
               R"(200 {"success":true,"output":{"success":true,"existed":true},"duration":D})");
}

BOOST_AUTO_TEST_CASE(execution_uses_the_namespace_that_the_policy_says) {
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store","alias":"mine"})");
    send(
        "POST", ns + "/integrations",
        R"({"integrationName":"kv-store","alias":"tenant","settings":{"persistence":{"scope":"external","externalId":"t"}}})");
    const auto count = [this](std::string_view selectors) {
        return without_duration(
            send("POST", execute_path, body("increment", R"({"key":"n"})", "," + std::string(selectors))));
    };
    for (const auto* selectors :
         {R"("integrationAlias":"kv-store")", R"("integrationAlias":"tenant")",
          R"("integrationAlias":"mine","endUserId":"u")", R"("integrationAlias":"mine","endUserId":"other")"}) {
        BOOST_TEST(count(selectors) == R"(200 {"success":true,"output":1,"duration":D})", selectors);
    }
    for (const auto& target : {kv + "/n", ns + "/external/t/kv/n", ns + "/end-users/u/kv/n"})
        BOOST_TEST(call("GET", target) == "200 1");
    const auto refuse = [this](std::string_view more) {
        return refusal("POST", execute_path, body("get", R"({"key":"n"})", more));
    };
    BOOST_TEST(refuse("") == "400 AMBIGUOUS_INTEGRATION");
    BOOST_TEST(refuse(R"(,"integrationAlias":"mine")") == "400 VALIDATION_ERROR endUserId");
    BOOST_TEST(refuse(R"(,"integrationAlias":"mine","endUserId":"eve")") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refuse(R"(,"integrationAlias":"none")") == "404 INTEGRATION_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(an_mcp_token_executes_as_its_own_end_user_alone) {
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store","alias":"mine"})");
    const auto made = send("POST", "/api/v1/mcp-tokens", R"({"workspaceId":"acme","endUserId":"u"})").body;
    const HttpClient::Headers as_u{{"Authorization", "Bearer " + member(made, "plainToken")}};
    const auto put = [&](std::string_view more) {
        return send("POST", execute_path, body("put", R"({"key":"k","value":"of u"})", more), as_u);
    };
    BOOST_TEST(put(R"(,"integrationAlias":"mine")").status == 200U);
    BOOST_TEST(call("GET", ns + "/end-users/u/kv/k") == "200 \"of u\"");
    BOOST_TEST(put(R"(,"integrationAlias":"mine","endUserId":"u")").status == 200U);
    BOOST_TEST(put(R"(,"integrationAlias":"mine","endUserId":"other")").status == 403U);
    BOOST_TEST(put(R"(,"integrationAlias":"mine","endUserId":"nobody")").status == 403U);
    BOOST_TEST(send("GET", ns + "/end-users/u/kv/k", "", as_u).status == 403U);
}

BOOST_AUTO_TEST_CASE(execution_and_options_need_their_permission) {
    const auto made = send("POST", "/api/v1/api-keys",
                           R"({"name":"k","permissions":["integrations:read","kv:read","kv:write"]})");
    const HttpClient::Headers other{{"Authorization", "Bearer " + member(made.body, "plainKey")}};
    BOOST_TEST(send("GET", "/api/v1/integrations", "", other).status == 200U);
    BOOST_TEST(refusal("POST", execute_path, body("get", R"({"key":"n"})"), other) == "403 FORBIDDEN");
    BOOST_TEST(refusal("POST", options_path, R"({"propertyName":"key","workspaceId":"acme"})", other) ==
               "403 FORBIDDEN");
}

BOOST_AUTO_TEST_CASE(bad_body_is_refused_by_name) {
    const auto refused = [this](const std::string& text) { return refusal("POST", execute_path, text); };
    const std::string selectors = R"("integrationName":"kv-store","actionName":"get","workspaceId":"acme")";
    const std::string whole = selectors + R"(,"input":{"key":"a"})";
    const struct {
        std::string members;
        const char* field;
    } rows[] = {
        {R"("actionName":"get","workspaceId":"acme","input":{})", "integrationName"},
        {R"("integrationName":"kv-store","workspaceId":"acme","input":{})", "actionName"},
        {R"("integrationName":"kv-store","actionName":"get","input":{})", "workspaceId"},
        {R"("integrationName":"","actionName":"get","workspaceId":"acme","input":{})", "integrationName"},
        {selectors, "input"},
        {selectors + R"(,"input":[])", "input"},
        {selectors + R"(,"input":null)", "input"},
        {selectors + R"(,"input":{})", "input.key"},
        {selectors + R"(,"input":{"key":"a","scope":"workspace"})", "input.scope"},
        {whole + R"(,"endUserId":1)", "endUserId"},
        {whole + R"(,"endUserId":"")", "endUserId"},
        {whole + R"(,"integrationAlias":null)", "integrationAlias"},
        {whole + R"(,"workspaceIntegrationId":{})", "workspaceIntegrationId"},
        {whole + R"(,"connectionExternalId":[])", "connectionExternalId"},
        {whole + R"(,"idempotencyKey":"")", "idempotencyKey"},
        {whole + R"(,"idempotencyKey":7)", "idempotencyKey"},
        {whole + R"(,"nope":1)", "nope"},
        {whole + R"(,"scope":"workspace")", "scope"},
        {whole + R"(,"externalId":"x")", "externalId"},
        {whole + R"(,"persistence":null)", "persistence"},
        {whole + R"(,"endUserId":"a","endUserId":"b")", "endUserId"},
    };
    for (const auto& [members, field] : rows) {
        BOOST_TEST(refused("{" + members + "}") == std::string("400 VALIDATION_ERROR ") + field, members);
    }
    BOOST_TEST(refused("[]") == "400 VALIDATION_ERROR body");
    BOOST_TEST(refused("{") == "400 INVALID_JSON");
    BOOST_TEST(refusal("POST", std::string(execute_path) + "?dry=1", "{" + whole + "}") ==
               "400 VALIDATION_ERROR dry");
    BOOST_TEST(send("POST", execute_path, "{" + whole + R"(,"scope":"x"})").body.find("own scope") !=
               std::string::npos);
    BOOST_TEST(send("POST", execute_path, "{" + whole + R"(,"endUserId":"u"})").status == 200U);
}

BOOST_AUTO_TEST_CASE(unknown_action_is_told_what_there_is) {
    const auto unknown = send("POST", execute_path, body("push", "{}"));
    BOOST_TEST(unknown.text().starts_with("404 "));
    BOOST_TEST(unknown.body.find(R"("code":"ACTION_NOT_FOUND","details":{"integrationName":"kv-store","action":)"
                                 R"("push","actions":["put","get","delete",)") != std::string::npos);
    const auto crm = R"({"integrationName":"crm","actionName":"get","workspaceId":"acme","input":{}})";
    BOOST_TEST(refusal("POST", execute_path, crm) == "404 INTEGRATION_NOT_FOUND");
    send("POST", ns + "/integrations", R"({"integrationName":"crm"})");
    const auto none = send("POST", execute_path, crm);
    BOOST_TEST(none.status == 404U);
    BOOST_TEST(none.body.find(R"("details":{"integrationName":"crm","action":"get","actions":[]})") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_enabled_actions_are_executed) {
    send("PATCH", ns + "/integrations/kv-store", R"({"enabledActions":["get","put"]})");
    BOOST_TEST(send("POST", execute_path, body("get", R"({"key":"a"})")).status == 200U);
    const auto refused = send("POST", execute_path, body("delete", "{}"));
    BOOST_TEST(refused.status == 403U);
    BOOST_TEST(refused.body.find(
                   R"("code":"ACTION_NOT_ALLOWED","details":{"action":"delete","enabledActions":["get","put"]})") !=
               std::string::npos);
    BOOST_TEST(refusal("POST", execute_path, body("push", "{}")) == "404 ACTION_NOT_FOUND");
    send("PATCH", ns + "/integrations/kv-store", R"({"enabledActions":[]})");
    BOOST_TEST(refusal("POST", execute_path, body("get", R"({"key":"a"})")) == "403 ACTION_NOT_ALLOWED");
}

BOOST_AUTO_TEST_CASE(failures_of_actions_are_native_errors) {
    send("POST", execute_path, body("put", R"({"key":"a","value":1})"));
    BOOST_TEST(
        call("POST", execute_path, body("add_to_list", R"({"key":"a","value":1})")) ==
        R"(409 {"error":"the value of key 'a' is a number, not an array","code":"TYPE_MISMATCH","details":{}})");
    BOOST_TEST(call("POST", execute_path, body("put_if", R"({"key":"a","value":1,"version":null})")) ==
               R"(409 {"error":"a check did not hold; nothing changed","code":"CHECK_FAILED","details":{"failed":)"
               R"([{"index":0,"key":"a","version":null,"currentVersion":"V"}]}})");
    const auto large = R"({"key":"a","value":")" + std::string(std::size_t{1} << 20, 'x') + "\"}";
    BOOST_TEST(refusal("POST", execute_path, body("put", large)) == "413 TOO_LARGE");
}

BOOST_AUTO_TEST_CASE(concurrent_additions_all_land) {
    constexpr int racers = 2;
    constexpr int each = 100;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int racer = 0; racer < racers; ++racer) {
        threads.emplace_back([this, racer, &refused] {
            HttpClient client(port());
            const HttpClient::Headers headers{{"Authorization", std::string("Bearer ") + key}};
            for (int i = 0; i < each; ++i) {
                const auto input = R"({"key":"l","value":)" + std::to_string(racer * each + i) + "}";
                const auto reply = client.send("POST", execute_path, body("add_to_list", input), headers);
                if (reply.status != 200) ++refused;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    BOOST_TEST(refused == 0);
    const auto list = send("POST", execute_path, body("get", R"({"key":"l"})")).body;
    for (int i = 0; i < racers * each; ++i) {
        const std::regex element("[\\[,]" + std::to_string(i) + "[\\],]");
        BOOST_TEST(std::regex_search(list, element), i);
    }
}

BOOST_AUTO_TEST_CASE(idempotency_key_is_as_good_in_the_body_as_in_the_header) {
    const HttpClient::Headers header{{"Idempotency-Key", "once"}};
    const char* input = R"({"key":"n"})";
    const auto in_body = R"(,"idempotencyKey":"once")";
    const auto execute = [&](std::string_view more, const HttpClient::Headers& headers) {
        const auto reply = send("POST", execute_path, body("increment", input, more), headers);
        return member(reply.body, "code") + (reply.status == 200 ? reply.body.substr(16, 10) : std::string()) +
               (reply.header("idempotent-replayed") == "true" ? " again" : "");
    };
    BOOST_TEST(execute(in_body, {}) == R"("output":1)");
    BOOST_TEST(execute(in_body, {}) == R"("output":1 again)");
    BOOST_TEST(execute("", header) == R"("output":1 again)");
    BOOST_TEST(execute(in_body, header) == R"("output":1 again)");
    BOOST_TEST(execute("", {}) == R"("output":2)");
    BOOST_TEST(execute(R"(,"endUserId":"other")", header) == "IDEMPOTENCY_CONFLICT");
    input = R"({"key":"n","by":2})";
    BOOST_TEST(execute("", header) == "IDEMPOTENCY_CONFLICT");
    const auto refused = [&](std::string_view more, const HttpClient::Headers& headers) {
        return refusal("POST", execute_path, body("increment", input, more), headers);
    };
    BOOST_TEST(refused(R"(,"idempotencyKey":"other")", header) == "400 VALIDATION_ERROR idempotencyKey");
    BOOST_TEST(refused(R"(,"idempotencyKey":")" + std::string(257, 'i') + "\"", {}) ==
               "400 VALIDATION_ERROR idempotencyKey");
    BOOST_TEST(refused("", {{"Idempotency-Key", ""}}) == "400 VALIDATION_ERROR Idempotency-Key");
}

BOOST_AUTO_TEST_CASE(options_are_what_exists_in_the_namespace) {
    for (const char* key : {"b", "a\\\"1", "a2"})
        send("POST", execute_path, body("put", R"({"value":1,"key":")" + std::string(key) + "\"}"));
    const auto options = [this](const std::string& more) {
        return send("POST", options_path, R"({"propertyName":"key","workspaceId":"acme")" + more + "}").text();
    };
    BOOST_TEST(options("") == R"(200 {"options":[{"label":"a\"1","value":"a\"1"},{"label":"a2","value":"a2"},)"
                              R"({"label":"b","value":"b"}],"disabled":false})");
    BOOST_TEST(options(R"(,"searchValue":"a2","integrationName":"kv-store","endUserId":"u")") ==
               R"(200 {"options":[{"label":"a2","value":"a2"}],"disabled":false})");
    BOOST_TEST(options(R"(,"searchValue":"z")") == R"(200 {"options":[],"disabled":false})");

    const auto refused = [this](const std::string& text) { return refusal("POST", options_path, text); };
    BOOST_TEST(refused(R"({"workspaceId":"acme"})") == "400 VALIDATION_ERROR propertyName");
    BOOST_TEST(refused(R"({"propertyName":"key"})") == "400 VALIDATION_ERROR workspaceId");
    BOOST_TEST(refused(R"({"propertyName":"value","workspaceId":"acme"})") == "400 VALIDATION_ERROR propertyName");
    const std::string start = R"({"propertyName":"key","workspaceId":"acme",)";
    BOOST_TEST(refused(start + R"("searchValue":null})") == "400 VALIDATION_ERROR searchValue");
    BOOST_TEST(refused(start + R"("searchValue":"a\u0000"})") == "400 VALIDATION_ERROR searchValue");
    BOOST_TEST(refused(start + R"("integrationName":"storage"})") == "400 VALIDATION_ERROR integrationName");
    BOOST_TEST(refused(start + R"("externalId":"x"})") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(refused(start + R"("input":{}})") == "400 VALIDATION_ERROR input");
    BOOST_TEST(refusal("POST", "/api/v1/integrations/crm/properties/options", start + R"("searchValue":""})") ==
               "404 INTEGRATION_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(catalog_describes_what_is_built_in) {
    const auto list = send("GET", "/api/v1/integrations");
    BOOST_TEST(
        list.text().starts_with(R"(200 {"integrations":[{"name":"kv-store","displayName":"Key-value store",)"));
    BOOST_TEST(list.body.ends_with(R"(}],"total":2,"cursor":null})"));
    const auto one = send("GET", "/api/v1/integrations/kv-store");
    BOOST_TEST(one.text().starts_with(R"(200 {"integration":{"name":"kv-store",)"));
    BOOST_TEST(one.body.find(R"("actions":[{"name":"put","description":")") != std::string::npos);
    BOOST_TEST(one.body.find(R"("inputSchema":{"$schema":"https://json-schema.org/draft/2020-12/schema",)") !=
               std::string::npos);
    BOOST_TEST(one.body.find(R"("triggers":[{"name":"key_changed","displayName":"Key changed","description":")") !=
               std::string::npos);
    const auto trigger = one.body.substr(one.body.find("\"triggers\""));
    BOOST_TEST(trigger.find(R"("properties":{"prefix":{"type":"string",)") != std::string::npos);
    BOOST_TEST(trigger.find(R"("required":[],"additionalProperties":false)") != std::string::npos);
    BOOST_TEST(scopes::json::Document::parse(one.body).has_value());
    BOOST_TEST(refusal("GET", "/api/v1/integrations/crm") == "404 INTEGRATION_NOT_FOUND");
    BOOST_TEST(refusal("GET", "/api/v1/integrations/kv-store?x=1") == "400 VALIDATION_ERROR x");
    BOOST_TEST(send("GET", "/api/v1/integrations?offset=1")
                   .body.starts_with(R"({"integrations":[{"name":"storage","displayName":"Storage",)"));
    BOOST_TEST(send("GET", "/api/v1/integrations?offset=2").body ==
               R"({"integrations":[],"total":2,"cursor":null})");
    BOOST_TEST(refusal("GET", "/api/v1/integrations?limit=0") == "400 VALIDATION_ERROR limit");
    BOOST_TEST(refusal("GET", "/api/v1/integrations?cursor=x") == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("POST", "/api/v1/integrations") == "405 METHOD_NOT_ALLOWED");
    BOOST_TEST(send_as("GET", "/api/v1/integrations").status == 401U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

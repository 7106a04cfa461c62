// Namespaces as a whole: their list, quotas and emptying.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "scopes/secret.hpp"
#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

class QuotaFixture : public NamespaceFixture {
public:
    std::string put(const std::string& where, std::string_view value) {
        return std::to_string(send("PUT", where, value).status);
    }
    // A key that may do only that.
    std::string token_with(std::vector<std::string> permissions) {
        const scopes::TokenRecord record{
            .id = {}, .kind = "api_key", .name = "some", .permissions = std::move(permissions), .workspaces = {}};
        const std::string token = "alc_with-some-permissions-" + std::to_string(++tokens_);
        scopes::RecordCommit commit;
        commit.put(scopes::keys::token(scopes::sha256_hex(token)), scopes::print(record));
        run(app().identity().records.commit(std::move(commit))).value();
        return "Bearer " + token;
    }

    const std::string namespaces = ns + "/namespaces";
    const std::string quota = ns + "/quota";

private:
    int tokens_ = 0;
};

BOOST_FIXTURE_TEST_SUITE(api_quota, QuotaFixture)

BOOST_AUTO_TEST_CASE(namespaces_are_listed_with_what_they_hold) {
    BOOST_TEST(call("GET", namespaces) == R"(200 {"namespaces":[],"cursor":null})");
    put(kv + "/a", "123");
    put(ns + "/end-users/u/kv/a", "1");
    put(ns + "/external/x%2Fy/kv/a", "1");
    send("PUT", ns + "/external/x%2Fy/quota", R"({"keys":5})");
    BOOST_TEST(
        call("GET", namespaces) ==
        R"(200 {"namespaces":[{"scope":"workspace","subject":null,"endUserUuid":null,"keys":1,"bytes":4,"files":0,"fileBytes":0,"quota":{"bytes":null,"keys":null,"writesPerSecond":null},"lastWrittenAt":"T"},)"
        R"({"scope":"end_user","subject":"u","endUserUuid":"U","keys":1,"bytes":2,"files":0,"fileBytes":0,"quota":{"bytes":null,"keys":null,"writesPerSecond":null},"lastWrittenAt":"T"},)"
        R"({"scope":"external","subject":"x/y","endUserUuid":null,"keys":1,"bytes":2,"files":0,"fileBytes":0,"quota":{"bytes":null,"keys":5,"writesPerSecond":null},"lastWrittenAt":"T"}],"cursor":null})");
    BOOST_TEST(member(send("GET", namespaces + "?scope=end_user").body, "endUserUuid") == end_user_id);
}

BOOST_AUTO_TEST_CASE(namespaces_come_in_pages_with_filters) {
    for (const char* subject : {"a", "ab", "b", "c"})
        put(ns + "/external/" + subject + "/kv/k", "1");
    put(kv + "/k", "1");
    const auto subjects = [this](std::string query) {
        std::string text;
        for (;;) {
            const auto reply = send("GET", namespaces + "?limit=2" + query);
            for (auto at = reply.body.find("\"subject\":"); at != std::string::npos;
                 at = reply.body.find("\"subject\":", at + 1)) {
                text += reply.body.substr(at + 10, reply.body.find(',', at) - at - 10) + " ";
            }
            const auto cursor = member(reply.body, "cursor");
            if (cursor.empty()) return text;
            query = query.substr(0, query.find("&cursor=")) + "&cursor=" + cursor;
        }
    };
    BOOST_TEST(subjects("") == R"(null "a" "ab" "b" "c" )");
    BOOST_TEST(subjects("&scope=external") == R"("a" "ab" "b" "c" )");
    BOOST_TEST(subjects("&scope=external&prefix=a") == R"("a" "ab" )");
    BOOST_TEST(subjects("&scope=workspace") == "null ");
    BOOST_TEST(subjects("&scope=end_user") == "");
}

BOOST_AUTO_TEST_CASE(a_deleted_end_user_is_not_listed) {
    put(ns + "/end-users/u/kv/a", "1");
    send("DELETE", "/api/v1/end-users/" + end_user_id);
    BOOST_TEST(call("GET", namespaces) == R"(200 {"namespaces":[],"cursor":null})");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_the_list_is_refused_by_name) {
    put(ns + "/external/a/kv/k", "1");
    put(ns + "/external/b/kv/k", "1");
    const auto cursor = member(send("GET", namespaces + "?limit=1").body, "cursor");
    BOOST_TEST(refusal("GET", namespaces + "?prefix=a") == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(refusal("GET", namespaces + "?prefix=a&scope=workspace") == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(refusal("GET", namespaces + "?scope=system") == "400 VALIDATION_ERROR scope");
    BOOST_TEST(refusal("GET", namespaces + "?limit=101") == "400 VALIDATION_ERROR limit");
    BOOST_TEST(refusal("GET", namespaces + "?offset=1") == "400 VALIDATION_ERROR offset");
    BOOST_TEST(refusal("GET", namespaces + "?cursor=x") == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", namespaces + "?scope=external&cursor=" + cursor) == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", "/api/v1/workspaces/nobody/namespaces") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(a_quota_is_replaced_whole_and_told_with_usage) {
    const std::string none = R"({"bytes":null,"keys":null,"writesPerSecond":null})";
    BOOST_TEST(call("GET", quota) ==
               "200 {\"quota\":" + none +
                   R"(,"usage":{"keys":0,"bytes":0,"files":0,"fileBytes":0,"lastWrittenAt":null}})");
    put(kv + "/a", "123");
    const std::string usage = R"(,"usage":{"keys":1,"bytes":4,"files":0,"fileBytes":0,"lastWrittenAt":"T"}})";
    BOOST_TEST(call("PUT", quota, R"({"bytes":10,"keys":2,"writesPerSecond":100})") ==
               R"(200 {"quota":{"bytes":10,"keys":2,"writesPerSecond":100})" + usage);
    BOOST_TEST(call("PUT", quota, R"({"keys":3,"bytes":null})") ==
               R"(200 {"quota":{"bytes":null,"keys":3,"writesPerSecond":null})" + usage);
    BOOST_TEST(call("GET", quota) == R"(200 {"quota":{"bytes":null,"keys":3,"writesPerSecond":null})" + usage);
    BOOST_TEST(call("PUT", quota, "{}") == "200 {\"quota\":" + none + usage);
}

BOOST_AUTO_TEST_CASE(a_quota_that_is_none_is_refused_by_name) {
    for (const char* bad : {"-1", "1.5", "\"1\"", "1e-3", "true", "9007199254740992", "99999999999999999999"}) {
        BOOST_TEST(refusal("PUT", quota, std::string(R"({"bytes":)") + bad + "}") == "400 VALIDATION_ERROR bytes");
    }
    BOOST_TEST(refusal("PUT", quota, R"({"writesPerSecond":0})") == "400 VALIDATION_ERROR writesPerSecond");
    BOOST_TEST(refusal("PUT", quota, R"({"files":1})") == "400 VALIDATION_ERROR files");
    BOOST_TEST(refusal("PUT", quota, "[]") == "400 VALIDATION_ERROR body");
    BOOST_TEST(refusal("PUT", quota + "?a=1", "{}") == "400 VALIDATION_ERROR a");
}

BOOST_AUTO_TEST_CASE(over_the_quota_a_write_is_403_and_reads_and_deletes_go_on) {
    put(kv + "/a", "123");
    send("PUT", quota, R"({"bytes":8,"keys":2})");
    const auto refused = send("PUT", kv + "/b", "12345");
    BOOST_TEST(refused.status == 403);
    BOOST_TEST(member(refused.body, "code") == "QUOTA_EXCEEDED");
    BOOST_TEST(refused.body.find(R"("details":{"quota":"bytes","used":4,"limit":8})") != std::string::npos);
    BOOST_TEST(put(kv + "/b", "1") == "201");
    const auto keys = send("POST", ns + "/transactions", R"({"operations":[{"op":"put","key":"c","text":""}]})");
    BOOST_TEST(keys.body.find(R"("details":{"quota":"keys","used":2,"limit":2})") != std::string::npos);
    BOOST_TEST(send("GET", kv + "/a").status == 200);
    BOOST_TEST(send("DELETE", kv + "/a").status == 204);
    BOOST_TEST(put(kv + "/c", "1") == "201");
}

BOOST_AUTO_TEST_CASE(over_the_rate_a_write_is_429_with_when_to_try_again) {
    send("PUT", quota, R"({"writesPerSecond":2})");
    BOOST_TEST(put(kv + "/a", "1") == "201");
    BOOST_TEST(put(kv + "/a", "1") == "204");
    const auto refused = send("PUT", kv + "/a", "1");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(member(refused.body, "code") == "RATE_LIMITED");
    BOOST_TEST(refused.header("retry-after") == "1");
    BOOST_TEST(send("GET", kv + "/a").status == 200);
    clock.advance(500);
    BOOST_TEST(put(kv + "/a", "1") == "204");
}

BOOST_AUTO_TEST_CASE(emptying_takes_all_at_one_version_and_writes_go_on) {
    for (int i = 0; i < 20; ++i)
        put(kv + "/" + std::to_string(i), "1");
    send("PUT", quota, R"({"keys":30})");
    const auto before = send("PUT", kv + "/a", "1").header("etag");
    BOOST_TEST(call("DELETE", ns + "/data") == R"(200 {"emptied":true,"version":"V"})");
    BOOST_TEST(send("GET", kv + "/a").status == 404);
    BOOST_TEST(call("GET", kv) == R"(200 {"items":[],"prefixes":[],"cursor":null,"complete":true})");
    BOOST_TEST(
        call("GET", quota) ==
        R"(200 {"quota":{"bytes":null,"keys":30,"writesPerSecond":null},"usage":{"keys":0,"bytes":0,"files":0,"fileBytes":0,"lastWrittenAt":"T"}})");
    const auto after = send("PUT", kv + "/a", "2");
    BOOST_TEST(after.status == 201);
    BOOST_TEST(after.header("etag") > before);
    BOOST_TEST(call("DELETE", ns + "/external/never/data") == R"(200 {"emptied":true,"version":"V"})");
    BOOST_TEST(refusal("DELETE", ns + "/data?x=1") == "400 VALIDATION_ERROR x");
    const HttpClient::Headers once = {{"Idempotency-Key", "k"}};
    const auto emptied = send("DELETE", ns + "/data", "", once);
    put(kv + "/b", "3");
    const auto again = send("DELETE", ns + "/data", "", once);
    BOOST_TEST(again.body == emptied.body);
    BOOST_TEST(again.header("idempotent-replayed") == "true");
    BOOST_TEST(send("GET", kv + "/b").body == "3");
}

BOOST_AUTO_TEST_CASE(each_route_asks_for_its_permissions) {
    const auto with = [this](std::vector<std::string> permissions, std::string_view method,
                             const std::string& target) {
        const auto body = method == "PUT" ? "{}" : "";
        return send(method, target, body, {{"Authorization", token_with(std::move(permissions))}}).status;
    };
    BOOST_TEST(with({"kv:write"}, "GET", namespaces) == 403);
    BOOST_TEST(with({"kv:read"}, "GET", namespaces) == 200);
    BOOST_TEST(with({"kv:read", "kv:write"}, "PUT", quota) == 403);
    BOOST_TEST(with({"kv:read"}, "GET", quota) == 200);
    BOOST_TEST(with({"kv:write"}, "DELETE", ns + "/data") == 403);
    BOOST_TEST(with({"files:write"}, "DELETE", ns + "/data") == 403);
    BOOST_TEST(with({"kv:write", "files:write"}, "DELETE", ns + "/data") == 200);
    BOOST_TEST(with({"kv:write"}, "DELETE", "/api/v1/workspaces/nobody/data") == 403);
    BOOST_TEST(with({"kv:write"}, "GET", ns + "/export") == 403);
    BOOST_TEST(with({"kv:read"}, "GET", ns + "/export") == 200);
    BOOST_TEST(with({"kv:read"}, "POST", ns + "/import") == 403);
    BOOST_TEST(with({"kv:write"}, "POST", ns + "/import") == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

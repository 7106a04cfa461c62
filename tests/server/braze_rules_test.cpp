// The Braze surface: who may, in which workspace, how often, and what is answered again.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/braze_fixture.hpp"

namespace alcove::test {
namespace {

const std::string no_rename = R"(403 {"message":"the key lacks the permission users.external_ids.rename"})";
const std::string no_remove = R"(403 {"message":"the key lacks the permission users.external_ids.remove"})";
const std::string no_reach = R"(403 {"message":"the key does not reach that workspace"})";
const std::string removal = R"({"external_ids":["nobody"]})";

BOOST_FIXTURE_TEST_SUITE(braze_rules, BrazeFixture)

BOOST_FIXTURE_TEST_CASE(it_is_off_unless_it_was_enabled, NamespaceFixture) {
    const std::string disabled =
        R"(403 {"message":"External ID migration is disabled; set external_id_rename.enabled = true in the server's )"
        R"(configuration to enable it"})";
    for (const auto& path : {rename_path, remove_path}) {
        const auto reply = send("POST", path, rename_body("u", "v"), {{"Alcove-Workspace", "acme"}});
        BOOST_TEST(reply.text() == disabled);
        BOOST_TEST(reply.header("x-ratelimit-limit") == "");
        BOOST_TEST(send_as("POST", path, "{}").status == 401U);
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_key_is_told_nothing_and_not_repeated) {
    for (const std::string token : {"alc_wrong", "alc_wrong-key-of-somebody-else-entirely", "", "%s%n"}) {
        for (const auto& path : {rename_path, remove_path, std::string("/users/external_ids/nothing")}) {
            const auto reply = post(path, rename_body("u", "v"), token);
            BOOST_TEST(reply.text() == R"(401 {"message":"Invalid API key"})");
            BOOST_TEST(reply.header("www-authenticate") == "Bearer");
        }
    }
    BOOST_TEST(send_as("POST", rename_path, "{}").text() == R"(401 {"message":"Invalid API key"})");
}

BOOST_AUTO_TEST_CASE(each_endpoint_needs_its_own_permission) {
    const auto renamer = make_key("users.external_ids.rename");
    const auto remover = make_key("users.external_ids.remove");
    const auto neither = make_key("end_users:write");
    BOOST_TEST(post(rename_path, rename_body("u", "v"), remover).text() == no_rename);
    BOOST_TEST(post(rename_path, rename_body("u", "v"), neither).text() == no_rename);
    BOOST_TEST(post(rename_path, rename_body("u", "v"), renamer).text() == renamed("u", "v"));
    BOOST_TEST(post(remove_path, R"({"external_ids":["u"]})", renamer).text() == no_remove);
    BOOST_TEST(post(remove_path, R"({"external_ids":["u"]})", neither).text() == no_remove);
    BOOST_TEST(post(remove_path, rename_body("v", "w"), remover).text() == no_rename);
    BOOST_TEST(post(remove_path, rename_body("v", "w"), neither).status == 403U);
    BOOST_TEST(post(remove_path, rename_body("v", "w"), renamer).text() == renamed("v", "w"));
    BOOST_TEST(post(remove_path, R"({"external_ids":["u"]})", remover).text() ==
               R"(201 {"message":"success","removed_ids":["u"],"removal_errors":[]})");
    BOOST_TEST(post(remove_path, R"({"external_ids":["v"],"external_id_renames":[]})", remover).status == 400U);
    BOOST_TEST(post(remove_path, "{}", renamer).text() == no_remove);
}

BOOST_AUTO_TEST_CASE(tokens_of_end_users_are_refused) {
    const auto connect =
        member(send("POST", "/api/v1/end-users/" + end_user_id + "/connect-token", "{}").body, "token");
    const auto mcp =
        member(send("POST", "/api/v1/mcp-tokens", R"({"workspaceId":"acme","endUserId":"u"})").body, "plainToken");
    BOOST_TEST((connect.starts_with("eut_") && mcp.starts_with("mcp_")));
    for (const auto& token : {connect, mcp}) {
        BOOST_TEST(post(rename_path, rename_body("u", "v"), token).text() == no_rename);
        BOOST_TEST(post(remove_path, rename_body("u", "v"), token).status == 403U);
        BOOST_TEST(post(remove_path, removal, token).text() == no_remove);
    }
}

BOOST_AUTO_TEST_CASE(the_workspace_is_the_keys_or_the_headers) {
    const auto other = create_workspace("other");
    create_end_user("other", "u");
    const auto bound = make_key("users.external_ids.rename", R"(["acme"])");
    const auto both = make_key("users.external_ids.rename", R"(["acme","other"])");
    BOOST_TEST(post(rename_path, rename_body("u", "u2"), bound, "").text() == renamed("u", "u2"));
    BOOST_TEST(post(rename_path, rename_body("u2", "u3"), bound, "acme").text() == renamed("u2", "u3"));
    BOOST_TEST(post(rename_path, rename_body("u3", "u4"), bound, workspace_id).text() == renamed("u3", "u4"));
    BOOST_TEST(post(rename_path, rename_body("u", "x"), bound, "other").text() == no_reach);
    BOOST_TEST(post(rename_path, rename_body("u", "x"), bound, other).text() == no_reach);
    BOOST_TEST(post(rename_path, rename_body("u", "x"), bound, "none").text() == no_reach);
    BOOST_TEST(post(rename_path, rename_body("u", "x"), both, "").status == 400U);
    BOOST_TEST(post(rename_path, rename_body("u", "x"), key, "").status == 400U);
    BOOST_TEST(post(rename_path, rename_body("u", "x"), key, "none").text() ==
               R"(404 {"message":"there is no such workspace"})");
    BOOST_TEST(post(rename_path, rename_body("u", "x"), key, "acme", {{"Alcove-Workspace", "other"}}).text() ==
               R"(400 {"message":"Alcove-Workspace is given twice"})");
    BOOST_TEST(post(rename_path, rename_body("u", "x"), both, "other").text() == renamed("u", "x"));
}

BOOST_AUTO_TEST_CASE(ids_of_another_workspace_are_as_good_as_none) {
    create_workspace("other");
    create_end_user("other", "theirs");
    BOOST_TEST(rename("theirs", "x") == rename("nobody", "x"));
    BOOST_TEST(remove("theirs") == remove("nobody"));
    BOOST_TEST(rename("u", "theirs") == renamed("u", "theirs"));
    BOOST_TEST(status("/api/v1/workspaces/other/end-users/u/kv") == 404U);
    BOOST_TEST(status("/api/v1/workspaces/other/end-users/theirs/kv") == 200U);
}

BOOST_AUTO_TEST_CASE(a_workspace_may_ask_so_often_in_a_minute_of_the_clock) {
    create_workspace("other");
    const auto standing = [](const Reply& reply) {
        return std::to_string(reply.status) + " " + reply.header("x-ratelimit-limit") + " " +
               reply.header("x-ratelimit-remaining") + " " + reply.header("x-ratelimit-reset");
    };
    // The clock stands 20 s into its minute.
    BOOST_TEST(standing(post(rename_path, rename_body("u", "v"))) == "201 1000 999 1700000040");
    BOOST_TEST(standing(post(remove_path, removal)) == "201 1000 998 1700000040");
    BOOST_TEST(standing(post(remove_path, "{")) == "400 1000 997 1700000040");
    for (int i = 3; i < 999; ++i)
        post(remove_path, "{}");
    BOOST_TEST(standing(post(remove_path, "{}")) == "400 1000 0 1700000040");
    clock.advance(1500);
    const auto refused = post(rename_path, rename_body("v", "w"));
    BOOST_TEST(standing(refused) == "429 1000 0 1700000040");
    BOOST_TEST(refused.header("retry-after") == "39");
    BOOST_TEST(refused.body ==
               R"({"message":"Rate limit exceeded: at most 1000 requests per minute are allowed"})");
    BOOST_TEST(standing(post(remove_path, removal, key, "other")) == "201 1000 999 1700000040");
    clock.set(1'700'000'039'999);
    BOOST_TEST(post(rename_path, rename_body("v", "w")).header("retry-after") == "1");
    clock.advance(1);
    BOOST_TEST(standing(post(rename_path, rename_body("v", "w"))) == "201 1000 999 1700000100");
}

BOOST_AUTO_TEST_CASE(a_time_that_is_late_does_not_begin_a_minute_anew) {
    auth::MinuteLimit limit(2);
    const kv::Uuid workspace{};
    limit.take(workspace, 60'000);
    BOOST_TEST(limit.take(workspace, 59'999).remaining == 0U);
    BOOST_TEST(!limit.take(workspace, 60'001).allowed);
    BOOST_TEST(limit.take(workspace, 59'999).reset_ms == 120'000);
    BOOST_TEST(limit.take(workspace, 120'000).allowed);
}

BOOST_AUTO_TEST_CASE(a_request_sent_again_is_answered_again) {
    create_workspace("other");
    create_end_user("other", "u");
    const HttpClient::Headers once{{"Idempotency-Key", "once"}};
    const auto body = rename_body("u", "v");
    const auto first = post(rename_path, body, key, "acme", once);
    BOOST_TEST(first.text() == renamed("u", "v"));
    BOOST_TEST(first.header("idempotent-replayed") == "");
    rename("v", "w");
    const auto again = post(rename_path, body, key, workspace_id, once);
    BOOST_TEST(again.text() == renamed("u", "v"));
    BOOST_TEST(again.header("idempotent-replayed") == "true");
    BOOST_TEST(status(ns + "/end-users/w/kv") == 200U);
    BOOST_TEST(post(rename_path, rename_body("w", "x"), key, "acme", once).status == 409U);
    const auto elsewhere = post(rename_path, body, key, "other", once);
    BOOST_TEST(elsewhere.status == 409U);
    BOOST_TEST(elsewhere.body.starts_with("{\"message\":\""));
    BOOST_TEST(post(remove_path, body, key, "other", once).text() == renamed("u", "v"));  // another path

    const auto failed = post(remove_path, removal, key, "acme", {{"Idempotency-Key", "in vain"}});
    create_end_user("acme", "nobody");
    const auto replayed = post(remove_path, removal, key, "acme", {{"Idempotency-Key", "in vain"}});
    BOOST_TEST(replayed.text() == failed.text());
    BOOST_TEST(replayed.header("idempotent-replayed") == "true");
    BOOST_TEST(post(rename_path, body, key, "acme", {{"Idempotency-Key", std::string(257, 'k')}}).status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// The Braze surface: published bodies and answers, whatever is wrong with a body, and that both ids lead to an end
// user until the former one is removed.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/braze_fixture.hpp"
#include "tests/support/process.hpp"

namespace alcove::test {
namespace {

const std::string end_users = "/api/v1/end-users";

BOOST_FIXTURE_TEST_SUITE(braze, BrazeFixture)

BOOST_AUTO_TEST_CASE(a_rename_answers_what_was_renamed_and_what_was_not) {
    create_end_user("acme", "v");
    BOOST_TEST(rename("u", "u2") == renamed("u", "u2"));
    const auto reply = post(rename_path, R"({"external_id_renames":[
        {"current_external_id":"u2","new_external_id":"v"},
        {"current_external_id":"v","new_external_id":"w"},
        {"current_external_id":"u","new_external_id":"u3"},
        {"current_external_id":"nobody","new_external_id":"u3"},
        {"current_external_id":"u2","new_external_id":"u2"},
        {"current_external_id":"u2","new_external_id":""}]})");
    BOOST_TEST(reply.text() ==
               R"(201 {"message":"success","external_ids":[{"current_external_id":"v","new_external_id":"w"}],)"
               R"("rename_errors":[[0,"new_external_id is already in use"],)"
               R"([2,"current_external_id is deprecated; only a primary external ID can be renamed"],)"
               R"([3,"current_external_id does not exist"],)"
               R"([4,"current_external_id and new_external_id cannot be the same"],)"
               R"([5,"new_external_id must have 1 to 255 characters, none of them a control character"]]})");
    BOOST_TEST(reply.header("content-type") == "application/json");
    BOOST_TEST(reply.header("x-request-id") != "");
}

BOOST_AUTO_TEST_CASE(a_removal_answers_what_was_removed_and_what_was_not) {
    rename("u", "u2");
    BOOST_TEST(
        post(remove_path, R"({"external_ids":["u2","u","u","nobody"]})").text() ==
        R"(201 {"message":"success","removed_ids":["u"],)"
        R"("removal_errors":[[0,"external_id is a primary external ID; only a deprecated one can be removed"],)"
        R"([2,"external_id does not exist"],[3,"external_id does not exist"]]})");
}

BOOST_AUTO_TEST_CASE(it_is_a_success_also_when_every_item_failed) {
    BOOST_TEST(rename("nobody", "x") == R"(201 {"message":"success","external_ids":[],)"
                                        R"("rename_errors":[[0,"current_external_id does not exist"]]})");
    BOOST_TEST(remove("nobody") ==
               R"(201 {"message":"success","removed_ids":[],"removal_errors":[[0,"external_id does not exist"]]})");
}

BOOST_AUTO_TEST_CASE(an_end_user_with_too_many_former_ids_keeps_its_id) {
    for (int from = 0; from < 100; from += 50) {
        std::string body = R"({"external_id_renames":[)";
        for (int i = from; i < from + 50; ++i) {
            const auto current = i == 0 ? std::string("u") : "u" + std::to_string(i);
            body += (i == from ? "" : ",") + std::string(R"({"current_external_id":")") + current +
                    R"(","new_external_id":"u)" + std::to_string(i + 1) + "\"}";
        }
        BOOST_TEST(post(rename_path, body + "]}").body.ends_with("\"rename_errors\":[]}"));
    }
    BOOST_TEST(rename("u100", "u101") ==
               R"(201 {"message":"success","external_ids":[],)"
               R"("rename_errors":[[0,"the user has 100 deprecated external IDs; remove some of them first"]]})");
}

BOOST_AUTO_TEST_CASE(external_ids_of_any_letters_come_back_as_they_are) {
    const std::string odd = R"(a/ü \"b\" \\ €)";
    BOOST_TEST(rename("u", odd) == renamed("u", odd));
    BOOST_TEST(rename(odd, R"(a/\u00fc2)") == renamed(odd, "a/ü2"));
    BOOST_TEST(status(ns + "/end-users/a%2F%C3%BC2/kv") == 200U);
}

BOOST_AUTO_TEST_CASE(a_rename_sent_to_remove_is_a_rename) {
    BOOST_TEST(post(remove_path, rename_body("u", "u2")).text() == renamed("u", "u2"));
    BOOST_TEST(post(remove_path, R"({"external_id_renames":[],"external_ids":["u"]})").text() ==
               R"(400 {"message":"'external_id_renames' and 'external_ids' cannot be given together"})");
    BOOST_TEST(post(rename_path, R"({"external_ids":["u"]})").text() ==
               R"(400 {"message":"'external_ids' is not known here"})");
}

BOOST_AUTO_TEST_CASE(a_bad_body_is_refused_with_a_message_alone) {
    const auto items = [](std::string_view member, std::string_view item, int count) {
        std::string body = "{\"" + std::string(member) + "\":[";
        for (int i = 0; i < count; ++i)
            body.append(i == 0 ? "" : ",").append(item);
        return body + "]}";
    };
    const std::string rename_item = R"({"current_external_id":"x","new_external_id":"y"})";
    const auto message = [](std::string_view text) { return "400 {\"message\":\"" + std::string(text) + "\"}"; };
    const auto rename_with = [this](std::string_view body) { return post(rename_path, body).text(); };
    const auto remove_with = [this](std::string_view body) { return post(remove_path, body).text(); };
    BOOST_TEST(rename_with("{}") == message("'external_id_renames' is required"));
    BOOST_TEST(remove_with("{}") == message("'external_ids' is required"));
    BOOST_TEST(rename_with(R"({"external_id_renames":[]})") == message("'external_id_renames' must not be empty"));
    BOOST_TEST(remove_with(R"({"external_ids":[]})") == message("'external_ids' must not be empty"));
    BOOST_TEST(rename_with(items("external_id_renames", rename_item, 50)).starts_with("201 "));
    BOOST_TEST(remove_with(items("external_ids", "\"x\"", 50)).starts_with("201 "));
    for (const int count : {51, 2000})
        BOOST_TEST(rename_with(items("external_id_renames", rename_item, count)) ==
                   message("'external_id_renames' must have at most 50 items"));
    BOOST_TEST(remove_with(items("external_ids", "\"x\"", 51)) ==
               message("'external_ids' must have at most 50 items"));
    BOOST_TEST(rename_with(items("external_id_renames", rename_item, 20'000)) ==
               message("the list must have at most 50 items"));
    BOOST_TEST(rename_with(R"({"external_id_renames":{}})") == message("'external_id_renames' must be a list"));
    BOOST_TEST(rename_with(R"({"external_id_renames":null})") == message("'external_id_renames' must be a list"));
    BOOST_TEST(remove_with(R"({"external_ids":"u"})") == message("'external_ids' must be a list"));
    BOOST_TEST(remove_with(R"({"external_ids":["u",1]})") == message("'external_ids[1]' must be a string"));
    BOOST_TEST(rename_with(R"({"external_id_renames":["u"]})") ==
               message("'external_id_renames[0]' must be an object"));
    BOOST_TEST(rename_with(R"({"external_id_renames":[{"current_external_id":"u"}]})") ==
               message("'external_id_renames[0].new_external_id' is required"));
    BOOST_TEST(rename_with(R"({"external_id_renames":[{"current_external_id":"u","new_external_id":null}]})") ==
               message("'external_id_renames[0].new_external_id' must be a string"));
    BOOST_TEST(
        rename_with(R"({"external_id_renames":[{"current_external_id":"u","new_external_id":"v","x":1}]})") ==
        message("'external_id_renames[0].x' is not known here"));
    BOOST_TEST(rename_with(R"({"external_id_renames":[],"x":1})") == message("'x' is not known here"));
    BOOST_TEST(remove_with(R"({"external_ids":["u"],"external_ids":["u"]})") ==
               message("the member 'external_ids' occurs twice"));
    BOOST_TEST(rename_with("[]") == message("the body must be a JSON object"));
    for (const auto* malformed : {"", "{", "{\"external_ids\":[\"\xff\"]}"}) {
        const auto reply = post(remove_path, malformed);
        BOOST_TEST(reply.status == 400U);
        BOOST_TEST(reply.body.starts_with("{\"message\":\""));
    }
    BOOST_TEST(post(rename_path + "?a=1", "{}").text() == message("'a' is not known here"));
    BOOST_TEST(status(end_users + "?workspaceId=acme&externalId=u") == 200U);
}

BOOST_AUTO_TEST_CASE(everything_below_the_prefix_is_told_by_a_message_alone) {
    const auto authorization = std::string("Bearer ") + key;
    const auto with_type = [&](std::string type) {
        return send_as("POST", rename_path, rename_body("u", "v"),
                       {{"Authorization", authorization}, {"Content-Type", std::move(type)}});
    };
    create_end_user("acme", "other");
    BOOST_TEST(
        with_type("application/json").text() ==
        R"(400 {"message":"the header Alcove-Workspace is required: the key is not bound to one workspace"})");
    BOOST_TEST(post("/users/external_ids/merge", "{}").text() == R"(404 {"message":"there is no such path"})");
    const auto got = send("GET", rename_path);
    BOOST_TEST(got.text() == R"(405 {"message":"the method is not allowed here"})");
    BOOST_TEST(got.header("allow") == "POST");
    const auto typed = send_as("POST", remove_path, "external_ids=u",
                               {{"Authorization", authorization},
                                {"Alcove-Workspace", "acme"},
                                {"Content-Type", "application/x-www-form-urlencoded"}});
    BOOST_TEST(typed.text() == R"(415 {"message":"the body must be application/json"})");
}

BOOST_AUTO_TEST_CASE(both_ids_lead_to_the_end_user_until_the_former_is_removed) {
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store"})");
    send("POST", "/api/v1/connections", R"({"workspaceId":"acme","integrationName":"slack","endUserId":"u"})");
    send("PUT", ns + "/end-users/u/kv/k", "1", {{"Content-Type", "application/json"}});
    rename("u", "u2");
    const auto ways = [this](const std::string& id) {
        const auto execution =
            R"({"integrationName":"kv-store","actionName":"get","workspaceId":"acme","endUserId":")" + id +
            R"(","input":{"key":"k"}})";
        const auto selectors = R"({"workspaceId":"acme","integrationName":"kv-store","endUserId":")" + id + "\"}";
        std::string text = std::to_string(status(ns + "/end-users/" + id + "/kv/k")) + " " +
                           std::to_string(status(ns + "/integrations/kv-store/kv/k?endUserId=" + id)) + " " +
                           std::to_string(send("POST", "/api/v1/actions/execute", execution).status) + " ";
        const auto resolved = send("POST", "/api/v1/resolve", selectors);
        const auto listed = send("GET", "/api/v1/connections?workspaceId=acme&endUserId=" + id).body;
        const auto found = send("GET", end_users + "?workspaceId=acme&externalId=" + id).body;
        return text + std::to_string(resolved.status) + " " + member(listed, "endUserId") + " " +
               member(found, "externalId");
    };
    BOOST_TEST(ways("u") == "200 200 200 200 u2 u2");
    BOOST_TEST(ways("u2") == "200 200 200 200 u2 u2");
    const auto shown = send("GET", end_users + "/" + end_user_id).body;
    BOOST_TEST(shown.find(R"("externalId":"u2","deprecatedExternalIds":["u"],)") != std::string::npos);
    BOOST_TEST(send("GET", end_users + "?workspaceId=acme").body.find(R"("deprecatedExternalIds":["u"])") !=
               std::string::npos);
    BOOST_TEST(refusal("POST", end_users, R"({"workspaceId":"acme","externalId":"u"})") ==
               "409 DUPLICATE externalId");
    remove("u");
    BOOST_TEST(ways("u").starts_with("404 404 404 404"));
    BOOST_TEST(ways("u2") == "200 200 200 200 u2 u2");
    BOOST_TEST(send("GET", end_users + "/" + end_user_id).body.find(R"("deprecatedExternalIds":[],)") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

// The published examples, sent as they stand by the program that they are for.
BOOST_AUTO_TEST_CASE(braze_published_examples_answer_as_published) {
    const TemporaryFolder folder;
    const ServerProcess server(folder / "data", {{"ALCOVE_EXTERNAL_ID_RENAME_ENABLED", "true"}});
    const auto url = "http://127.0.0.1:" + std::to_string(server.port());
    const auto curl = [&](const std::string& path, const std::string& body) {
        return run_program({"/usr/bin/curl", "--silent", "--location", "--request", "POST", url + path, "--header",
                            "Content-Type: application/json", "--header",
                            "Authorization: Bearer " + server.admin_key(), "--header", "Alcove-Workspace: acme",
                            "--data-raw", body, "--write-out", " %{http_code}"})
            .output;
    };
    curl("/api/v1/workspaces", R"({"name":"Acme","slug":"acme"})");
    for (const std::string external_id : {"existing_external_id", "existing_deprecated_external_id_string"})
        curl("/api/v1/end-users", R"({"workspaceId":"acme","externalId":")" + external_id + "\"}");
    const std::string published = R"({
  "external_id_renames" : [
    {
      "current_external_id": "existing_external_id",
      "new_external_id" : "new_external_id"
    }
  ]
})";
    BOOST_TEST(curl(rename_path, published) ==
               R"({"message":"success","external_ids":[{"current_external_id":"existing_external_id",)"
               R"("new_external_id":"new_external_id"}],"rename_errors":[]} 201)");
    BOOST_TEST(curl(remove_path, published) ==
               R"({"message":"success","external_ids":[],"rename_errors":)"
               R"([[0,"current_external_id is deprecated; only a primary external ID can be renamed"]]} 201)");
    curl(rename_path, rename_body("existing_deprecated_external_id_string", "current"));
    BOOST_TEST(curl(remove_path, R"({
  "external_ids" : [
    "existing_deprecated_external_id_string"
  ]
})") == R"({"message":"success","removed_ids":["existing_deprecated_external_id_string"],"removal_errors":[]} 201)");
}

}  // namespace
}  // namespace alcove::test

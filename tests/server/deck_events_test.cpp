// Events on the Deck surface: their shapes, their list, their end.
#include <boost/test/unit_test.hpp>

#include "scopes/events.hpp"
#include "tests/server/deck_fixture.hpp"

namespace alcove::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(deck_events, DeckFixture)

BOOST_AUTO_TEST_CASE(events_of_connections_show_the_connection_of_that_moment) {
    const auto id = connect("bank", "u1");
    deck("PATCH", "/connections/" + id, R"({"external_id":null})");
    const std::string head = R"({"id":"EVT","object":"event","type":"connection.)";
    const auto data = [](const std::string& external_id) {
        return R"("data":{"id":"CONN","object":"connection","status":"connecting","external_id":)" + external_id +
               R"(,"source_id":"bank","auth_method":"username_password","created_at":"T","updated_at":"T"},)";
    };
    BOOST_TEST(told("GET", "/events") == "200 {\"data\":[" + head + "created\"," + data("\"u1\"") +
                                             R"("created_at":"T"},)" + head + "updated\"," + data("null") +
                                             R"("created_at":"T"}],"has_more":false,"next_cursor":null,)" +
                                             R"("request_id":"R"})");
}

BOOST_AUTO_TEST_CASE(what_a_worker_reports_carries_the_external_id) {
    const auto id = connect("bank", "u1");
    BOOST_TEST(told("POST", "/connections/" + id + "/events",
                    R"({"type":"task_run.completed","data":{"id":"trun_1","external_id":"forged","n":[1,2]}})") ==
               R"(201 {"id":"EVT","object":"event","type":"task_run.completed","data":{"external_id":"u1",)"
               R"("connection_id":"CONN","id":"trun_1","n":[1,2]},"created_at":"T"})");
    const auto moved =
        told("POST", "/connections/" + id + "/events",
             R"({"type":"connection.interaction_required","data":{"status":"x","interaction":"mfa"}})");
    BOOST_TEST(moved.find(R"("status":"interaction_required","external_id":"u1")") != std::string::npos);
    BOOST_TEST(moved.find(R"("updated_at":"T","interaction":"mfa"})") != std::string::npos);
    const auto refuse = [&](const std::string& body) {
        return refused("POST", "/connections/" + id + "/events", body);
    };
    BOOST_TEST(refuse("{}") == "400 request input_missing type");
    BOOST_TEST(refuse(R"({"type":"Task"})") == "400 request input_invalid type");
    BOOST_TEST(refuse(R"({"type":"connection.created"})") == "400 request input_invalid type");
    BOOST_TEST(refuse(R"({"type":"end_user.created"})") == "400 request input_invalid type");
    BOOST_TEST(refuse(R"({"type":"a.b","data":[]})") == "400 request input_invalid data");
    BOOST_TEST(refuse(R"({"type":"a.b","data":{"a":")" + std::string(70'000, 'x') + "\"}}") ==
               "400 request input_invalid data");
    BOOST_TEST(types() == "connection.created task_run.completed connection.interaction_required");
}

BOOST_AUTO_TEST_CASE(events_of_end_users_show_both_external_ids) {
    settings.external_id_rename = true;
    close();
    open();
    create_end_user("acme", "u1");
    const HttpClient::Headers here{{"Alcove-Workspace", "acme"}};
    send("POST", "/users/external_ids/rename",
         R"({"external_id_renames":[{"current_external_id":"u1","new_external_id":"u2"}]})", here);
    send("POST", "/users/external_ids/remove", R"({"external_ids":["u1"]})", here);
    BOOST_TEST(types() == "end_user.created end_user.external_id_renamed end_user.external_id_removed");
    const auto body = told("GET", "/events");
    BOOST_TEST(body.find(R"("external_id":"u2","deprecated_external_ids":["u1"],"previous_external_id":"u1")") !=
               std::string::npos);
    BOOST_TEST(body.find(R"("external_id":"u2","deprecated_external_ids":[],"removed_external_id":"u1")") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(filters_pages_and_single_events) {
    const auto bank = connect("bank", "u1");
    const auto shop = connect("shop", "u2");
    for (int i = 0; i < 5; ++i)
        deck("POST", "/connections/" + bank + "/events", R"({"type":"task_run.completed"})");
    deck("DELETE", "/connections/" + shop);
    BOOST_TEST(types("&type=connection.created") == "connection.created connection.created");
    BOOST_TEST(types("&type=connection.created&type=connection.terminated&external_id=u2") ==
               "connection.created connection.terminated");
    BOOST_TEST(types("&connection_id=" + shop) == "connection.created connection.terminated");
    BOOST_TEST(refused("GET", "/events?connection_id=x") == "400 request input_invalid connection_id");
    BOOST_TEST(refused("GET", "/events?type=X") == "400 request input_invalid type");

    std::string query = "/events?limit=3";
    std::size_t pages = 0;
    std::size_t events = 0;
    for (std::string cursor; pages == 0 || !cursor.empty(); ++pages) {
        const auto body = deck("GET", query + (cursor.empty() ? "" : "&cursor=" + cursor)).body;
        for (auto at = body.find("\"object\":\"event\""); at != std::string::npos;
             at = body.find("\"object\":\"event\"", at + 1))
            ++events;
        cursor = member(body, "next_cursor");
    }
    BOOST_TEST(events == 8U);
    BOOST_TEST(pages == 3U);
    const auto first = member(deck("GET", "/events?limit=1").body, "id");
    BOOST_TEST(
        told("GET", "/events/" + first).starts_with(R"(200 {"id":"EVT","object":"event","type":"connection.)"));
    BOOST_TEST(refused("GET", "/events/evt_00000000000000000000") == "404 request not_found");
    BOOST_TEST(refused("GET", "/events/x") == "404 request not_found");
}

BOOST_AUTO_TEST_CASE(events_outlive_a_restart_and_end_after_thirty_days) {
    connect("bank", "u1");
    const auto id = member(deck("GET", "/events").body, "id");
    close();
    open();
    BOOST_TEST(types() == "connection.created");
    clock.advance(scopes::event_retention_ms - 1);
    BOOST_TEST(types() == "connection.created");
    clock.advance(1);
    BOOST_TEST(types() == "");
    BOOST_TEST(refused("GET", "/events/" + id) == "404 request not_found");
}

BOOST_AUTO_TEST_CASE(destinations_are_refused_by_field) {
    const std::string good =
        R"({"name":"D","type":"webhook","webhook":{"url":"https://example.com/hook"},"events":["*"]})";
    const auto with = [&](const std::string& from, const std::string& to) {
        auto body = good;
        return refused("POST", "/event-destinations", body.replace(body.find(from), from.size(), to));
    };
    BOOST_TEST(with(R"("name":"D",)", "") == "400 request input_missing name");
    BOOST_TEST(with(R"("events":["*"])", R"("status":"active")") == "400 request input_missing events");
    BOOST_TEST(with(R"({"url":"https://example.com/hook"})", "{}") == "400 request input_missing webhook.url");
    BOOST_TEST(with("https:", "gopher:") == "400 request input_invalid webhook.url");
    BOOST_TEST(with(R"("type":"webhook")", R"("type":"aws_sqs")") == "400 request input_invalid type");
    BOOST_TEST(with(R"(["*"])", "[]") == "400 request input_invalid events");
    BOOST_TEST(with(R"(["*"])", R"(["Everything"])") == "400 request input_invalid events[0]");
    BOOST_TEST(with("hook\"}", R"(hook","custom_headers":{"Webhook-Id":"1"}})") ==
               "400 request input_invalid webhook.custom_headers");
    const auto id = member(deck("POST", "/event-destinations", good).body, "id");
    BOOST_TEST(refused("PATCH", "/event-destinations/" + id, R"({"status":"on"})") ==
               "400 request input_invalid status");
    BOOST_TEST(refused("PATCH", "/event-destinations/" + id, "{}") == "400 request input_invalid");
    BOOST_TEST(refused("GET", "/event-destinations/evtd_1") == "404 request not_found");
    // Deck writes the headers as the text of an object.
    const auto encoded =
        deck("PATCH", "/event-destinations/" + id, R"({"webhook":{"custom_headers":"{\"X-Key\":\"hidden\"}"}})");
    BOOST_TEST(encoded.body.find(R"("custom_headers":{"X-Key":"[REDACTED]"})") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

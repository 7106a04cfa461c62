// Tickets: passes for browsers, good for one connection and one namespace for half a minute.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

struct TicketsFixture : WatchFixture {
    TicketsFixture() {
        close();
        settings.watch_heartbeat = 1500ms;  // by which the end of a token is noticed
        open();
    }
    Reply ask_ticket(const std::string& in = R"({"workspace":"acme"})", const std::string& token = key) {
        return send("POST", "/api/v1/watch-tickets", "{\"namespace\":" + in + "}", bearer(token));
    }
    std::string make_ticket(const std::string& in = R"({"workspace":"acme"})", const std::string& token = key) {
        return member(ask_ticket(in, token).body, "ticket");
    }
    Reply make_key(const std::string& permissions, const std::string& workspaces = "null") {
        return send("POST", "/api/v1/api-keys",
                    R"({"name":"k","permissions":[)" + permissions + R"(],"workspaceIds":)" + workspaces + "}");
    }
    static std::string auth(const std::string& token) { return R"({"t":"auth","token":")" + token + "\"}"; }

    // What each of the three ways in leads to: "ok" or why not.
    std::string by_subprotocol(const std::string& ticket, const std::string& in = "") {
        return refused(target_of("", in), {}, "alcove.v1, " + ticket);
    }
    std::string by_frame(const std::string& ticket, const std::string& in = "") {
        WatchClient client(port(), target_of("", in));
        client.send(auth(ticket));
        auto frame = client.receive();
        if (frame.type == "hello") frame = client.receive();
        return told(frame);
    }
    std::string by_query(const std::string& ticket, const std::string& in = "") {
        SseReader reader(port(), target_of("ticket=" + ticket, in));
        if (reader.reply().status == 200) return reader.next().event;
        return std::to_string(reader.reply().status) + " " + member(reader.reply().body, "code");
    }

    const std::string user = R"({"workspace":"acme","endUserId":"u"})";
};

BOOST_FIXTURE_TEST_SUITE(watch_tickets, TicketsFixture)

BOOST_AUTO_TEST_CASE(a_ticket_says_when_it_expires) {
    const auto reply = ask_ticket();
    BOOST_TEST(reply.status == 201U);
    const auto ticket = member(reply.body, "ticket");
    BOOST_TEST(ticket.starts_with("wst_"));
    BOOST_TEST(reply.body == R"({"ticket":")" + ticket + R"(","expiresAt":"2023-11-14T22:13:50.000Z"})");
}

BOOST_AUTO_TEST_CASE(a_ticket_opens_a_watch_as_a_subprotocol_in_a_frame_and_in_the_query_of_a_stream) {
    BOOST_TEST(by_subprotocol(make_ticket()) == "ok");
    BOOST_TEST(by_frame(make_ticket()) == "ok");
    BOOST_TEST(by_query(make_ticket()) == "ok");
    const auto ticket = make_ticket();
    WatchClient client(port(), ns + "/watch?prefix=a", {}, "alcove.v1, " + ticket);
    BOOST_TEST(client.subprotocol() == "alcove.v1");  // and the ticket is not shown again
    need(client, "hello");
    need(client, "ok");
    put("a", "1");
    BOOST_TEST(told(client.events(1)) == "put a=1");
}

BOOST_AUTO_TEST_CASE(a_ticket_opens_the_socket_for_many_and_its_own_namespace_there) {
    WatchClient client(port(), watch_path, {}, "alcove.v1, " + make_ticket(user));
    need(client, "hello");
    client.send(R"({"t":"watch","id":1,"namespace":{"workspace":"acme"}})");
    BOOST_TEST(told(client.next()) == "error SCOPE_DENIED");
    client.send(R"({"t":"watch","id":1,"namespace":)" + user + "}");
    BOOST_TEST(told(client.next()) == "ok");
}

BOOST_AUTO_TEST_CASE(a_ticket_is_good_for_one_connection) {
    const auto first = make_ticket();
    BOOST_TEST(by_subprotocol(first) == "ok");
    BOOST_TEST(by_subprotocol(first).ends_with("UNAUTHENTICATED"));
    BOOST_TEST(by_frame(first).ends_with("UNAUTHENTICATED"));
    BOOST_TEST(by_query(first) == "401 UNAUTHENTICATED");
    const auto second = make_ticket();
    BOOST_TEST(by_query(second) == "ok");
    BOOST_TEST(by_query(second) == "401 UNAUTHENTICATED");
}

BOOST_AUTO_TEST_CASE(a_ticket_is_good_for_half_a_minute) {
    const auto in_time = make_ticket();
    const auto late = make_ticket();
    clock.advance(29'999);
    BOOST_TEST(by_subprotocol(in_time) == "ok");
    clock.advance(1);
    BOOST_TEST(by_subprotocol(late).ends_with("UNAUTHENTICATED"));
    BOOST_TEST(by_query(late) == "401 UNAUTHENTICATED");
}

BOOST_AUTO_TEST_CASE(a_watch_outlives_the_time_of_its_ticket) {
    WatchClient client(port(), ns + "/watch", {}, "alcove.v1, " + make_ticket());
    need(client, "hello");
    need(client, "ok");
    clock.advance(60'000);
    const auto last = put("a", "1");
    BOOST_TEST(told(client.events_until(last)) == "put a=1");
    const auto later = put("b", "1");
    std::this_thread::sleep_for(1600ms);
    BOOST_TEST(told(client.events_until(later)) == "put b=1");
}

BOOST_AUTO_TEST_CASE(a_ticket_is_bound_to_its_namespace) {
    create_end_user("acme", "v");
    // What there is besides is none of its business either.
    for (const auto& in : {ns, ns + "/end-users/v", ns + "/external/u", ns + "/end-users/nobody",
                           ns + "/integrations/none", std::string("/api/v1/workspaces/nope")}) {
        for (const auto& got : {by_subprotocol(make_ticket(user), in), by_frame(make_ticket(user), in),
                                by_query(make_ticket(user), in)})
            BOOST_TEST(got.ends_with(" SCOPE_DENIED"), in << " got " << got);
    }
    BOOST_TEST(by_query(make_ticket(user), ns + "/end-users/u") == "ok");
}

BOOST_AUTO_TEST_CASE(a_ticket_reaches_nothing_but_watches) {
    const auto ticket = make_ticket();
    BOOST_TEST(send("GET", kv, {}, bearer(ticket)).status == 401U);
    BOOST_TEST(send("PUT", kv + "/a", "1", bearer(ticket)).status == 401U);
    BOOST_TEST(send_as("GET", kv + "?ticket=" + ticket).status == 401U);
    BOOST_TEST(
        send("POST", "/api/v1/watch-tickets", R"({"namespace":{"workspace":"acme"}})", bearer(ticket)).status ==
        401U);
}

BOOST_AUTO_TEST_CASE(a_ticket_goes_with_the_token_that_made_it) {
    const auto made = make_key(R"("kv:read")");
    const auto token = member(made.body, "plainKey");
    const auto unused = make_ticket(R"({"workspace":"acme"})", token);
    WatchClient client(port(), ns + "/watch", {}, "alcove.v1, " + make_ticket(R"({"workspace":"acme"})", token));
    need(client, "hello");
    need(client, "ok");
    SseReader reader(port(), target_of("ticket=" + make_ticket(R"({"workspace":"acme"})", token)));
    BOOST_TEST(reader.next().event == "ok");
    send("DELETE", "/api/v1/api-keys/" + member(made.body, "id"));
    BOOST_TEST(told(client.next()) == "end auth");
    BOOST_TEST(told(reader.next_told().frame()) == "end auth");
    BOOST_TEST(by_subprotocol(unused).ends_with("UNAUTHENTICATED"));
}

BOOST_AUTO_TEST_CASE(tickets_are_made_by_whoever_may_watch_there) {
    BOOST_TEST(ask_ticket(R"({"workspace":"acme"})", member(make_key(R"("kv:write")").body, "plainKey")).status ==
               403U);
    create_workspace("other");
    const auto held = member(make_key(R"("kv:read")", R"(["acme"])").body, "plainKey");
    BOOST_TEST(ask_ticket(R"({"workspace":"other"})", held).status == 403U);
    BOOST_TEST(ask_ticket(R"({"workspace":"acme"})", held).status == 201U);
    BOOST_TEST(ask_ticket(R"({"workspace":"acme","endUserId":"nobody"})").status == 404U);
    BOOST_TEST(ask_ticket(R"({"workspace":"nope"})").status == 404U);
    BOOST_TEST(send_as("POST", "/api/v1/watch-tickets", R"({"namespace":{"workspace":"acme"}})").status == 401U);
}

BOOST_AUTO_TEST_CASE(a_bad_request_for_a_ticket_is_refused_with_its_field) {
    const auto refuse = [this](const std::string& body) { return refusal("POST", "/api/v1/watch-tickets", body); };
    BOOST_TEST(refuse("{}") == "400 VALIDATION_ERROR namespace");
    BOOST_TEST(refuse(R"({"namespace":"acme"})") == "400 VALIDATION_ERROR namespace");
    BOOST_TEST(refuse(R"({"namespace":{}})") == "400 VALIDATION_ERROR namespace.workspace");
    BOOST_TEST(refuse(R"({"namespace":{"workspace":"acme"},"x":1})") == "400 VALIDATION_ERROR x");
    BOOST_TEST(refuse("{") == "400 INVALID_JSON");
}

BOOST_AUTO_TEST_CASE(other_tokens_in_a_query_are_refused) {
    BOOST_TEST(by_query(key) == "401 UNAUTHENTICATED");
    BOOST_TEST(SseReader(port(), ns + "/watch?token=" + std::string(key)).reply().status == 401U);
    BOOST_TEST(refusal("GET", ns + "/watch?token=" + std::string(key)) == "400 VALIDATION_ERROR token");
    BOOST_TEST(refused(ns + "/watch?token=" + key, {}).starts_with("40"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

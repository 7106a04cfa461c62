// Many watches on one socket: their frames, their ids, and what is refused.
#include <boost/test/unit_test.hpp>
#include <regex>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

struct SocketFixture : WatchFixture {
    // `{"t":"watch","id":1,"namespace":{"workspace":"acme"}…}`
    static std::string watch_frame(int id, const std::string& more = "",
                                   const std::string& in = R"({"workspace":"acme"})") {
        return R"({"t":"watch","id":)" + std::to_string(id) + ",\"namespace\":" + in + more + "}";
    }
    // What one frame is answered with.
    static std::string answer(WatchClient& client, const std::string& frame) {
        client.send(frame);
        return told(client.next());
    }
    void put_in(const std::string& in, const std::string& name, const std::string& value) {
        send("PUT", in + "/kv/" + name, value, {{"Content-Type", "application/json"}});
    }
};

BOOST_FIXTURE_TEST_SUITE(watch_socket, SocketFixture)

BOOST_AUTO_TEST_CASE(the_first_frame_says_who_connected_and_the_limits) {
    WatchClient client(port(), watch_path, bearer(key));
    const auto hello = client.receive();
    const std::regex pattern(R"x(\{"t":"hello","connection":"[^"]+","limits":\{[^{}]+\},"heartbeat":15\})x");
    BOOST_TEST(std::regex_match(hello.text, pattern), hello.text);
    BOOST_TEST(client.subprotocol() == "alcove.v1");
}

BOOST_AUTO_TEST_CASE(a_subprotocol_may_be_offered_or_not_but_not_another_one) {
    BOOST_TEST(WatchClient(port(), watch_path, bearer(key), "").subprotocol() == "");
    BOOST_TEST(WatchClient(port(), watch_path, bearer(key), "other, alcove.v1").subprotocol() == "alcove.v1");
    BOOST_TEST(refused(watch_path, bearer(key), "other").starts_with("400 "));
    BOOST_TEST(refused(watch_path, bearer(key), "alcove.v2").starts_with("400 "));
}

BOOST_AUTO_TEST_CASE(without_an_upgrade_the_socket_for_many_asks_for_one) {
    const auto reply = send("GET", watch_path);
    BOOST_TEST(reply.status == 426U);
    BOOST_TEST(reply.header("upgrade") == "websocket");
}

BOOST_AUTO_TEST_CASE(watches_of_every_form_of_a_namespace_share_a_socket) {
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store","alias":"state"})");
    const auto made = send("POST", ns + "/integrations",
                           R"({"integrationName":"kv-store","alias":"ours","settings":{"persistence":)"
                           R"({"scope":"external","externalId":"e"}}})");
    auto client = connect();
    const std::vector<std::string> forms = {
        R"({"workspace":"acme"})",
        R"({"workspace":")" + workspace_id + "\"}",
        R"({"workspace":"acme","endUserId":"u"})",
        R"({"workspace":"acme","externalId":"e"})",
        R"({"workspace":"acme","integrationAlias":"state","endUserId":"u"})",
        R"({"workspace":"acme","integrationAlias":"ours"})",
        R"({"workspace":"acme","integrationAlias":")" + member(made.body, "id") + "\"}"};
    for (std::size_t i = 0; i < forms.size(); ++i)
        BOOST_TEST(answer(client, watch_frame(static_cast<int>(i), "", forms[i])) == "ok", forms[i]);
    put_in(ns, "k", "1");
    put_in(ns + "/end-users/u", "k", "2");
    put_in(ns + "/external/e", "k", "3");
    std::map<std::uint64_t, std::string> heard;
    for (std::size_t i = 0; i < forms.size(); ++i) {
        const auto frame = client.next();
        heard[frame.id.value()] += told(frame);
    }
    const std::vector<std::string> expected{"1", "1", "2", "3", "2", "3", "3"};
    for (std::size_t i = 0; i < forms.size(); ++i)
        BOOST_TEST(heard[i] == "put k=" + expected[i], forms[i]);
}

BOOST_AUTO_TEST_CASE(all_four_paths_of_a_namespace_begin_a_watch_without_a_frame) {
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store","alias":"state"})");
    for (const auto& in : {ns, ns + "/end-users/u", ns + "/external/e%2F1"}) {
        auto client = watch("", in);
        put_in(in, "k", "1");
        BOOST_TEST(told(client.events(1)) == "put k=1", in);
    }
    auto client = watch("prefix=a", ns + "/integrations/state?endUserId=u");
    put_in(ns + "/end-users/u", "a", "2");
    BOOST_TEST(told(client.events(1)) == "put a=2");
}

BOOST_AUTO_TEST_CASE(a_socket_of_one_watch_takes_further_ones) {
    auto client = watch("prefix=a");
    BOOST_TEST(answer(client, watch_frame(2, R"(,"prefix":"b")")) == "ok");
    put("a", "1");
    BOOST_TEST(client.next().id.value() == 1U);
    put("b", "1");
    BOOST_TEST(client.next().id.value() == 2U);
}

BOOST_AUTO_TEST_CASE(members_of_a_frame_are_as_good_as_parameters) {
    put("a/1", "1");
    put("b/1", "1");
    auto client = connect();
    client.send(watch_frame(3, R"(,"prefix":"a/","from":"snapshot","mode":"latest","values":false,)"
                               R"("previous":false,"operations":["delete","put"])"));
    BOOST_TEST(client.next().type == "ok");
    BOOST_TEST(told(client.next()) == "a/1");
    const auto synced = client.next();
    BOOST_TEST(synced.type == "synced");
    BOOST_TEST(synced.id.value() == 3U);
    put("a/1", "2");
    BOOST_TEST(told(client.events(1)) == "put a/1");
    client.send(watch_frame(4, R"(,"prefix":"a/","from":{"cursor":")" + synced.cursor + "\"}"));
    BOOST_TEST(client.next().type == "ok");
    BOOST_TEST(told(client.events(1)) == "put a/1=2");
    BOOST_TEST(answer(client, watch_frame(5, R"(,"from":"now")")) == "ok");
}

BOOST_AUTO_TEST_CASE(an_id_is_one_watch_at_a_time) {
    auto client = connect();
    BOOST_TEST(answer(client, watch_frame(1)) == "ok");
    client.send(watch_frame(1, R"(,"prefix":"a")"));
    const auto refused = client.next();
    BOOST_TEST(refused.type == "error");
    BOOST_TEST(refused.id.value() == 1U);
    put("b", "1");  // the first one goes on
    BOOST_TEST(told(client.events(1)) == "put b=1");
    BOOST_TEST(answer(client, R"({"t":"unwatch","id":1})") == "end unwatch");
    put("c", "1");
    BOOST_TEST(answer(client, watch_frame(1)) == "ok");
    put("d", "1");
    BOOST_TEST(told(client.events(1)) == "put d=1");
}

BOOST_AUTO_TEST_CASE(ids_go_from_0_to_the_largest_exact_number) {
    auto client = connect();
    for (const auto* id : {"0", "9007199254740991"}) {
        client.send(R"({"t":"watch","id":)" + std::string(id) + R"(,"namespace":{"workspace":"acme"}})");
        const auto frame = client.next();
        BOOST_TEST(frame.type == "ok");
        BOOST_TEST(std::to_string(frame.id.value()) == id);
    }
}

BOOST_AUTO_TEST_CASE(a_ping_is_answered_with_its_number) {
    auto client = connect();
    for (const auto* n : {"7", "-1", "0.5", "1e3"}) {
        client.send(R"({"t":"ping","n":)" + std::string(n) + "}");
        BOOST_TEST(client.receive_text() == R"({"t":"pong","n":)" + std::string(n) + "}");
    }
    client.send(R"({"t":"ping"})");
    BOOST_TEST(client.receive_text() == R"({"t":"pong"})");
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_an_error_and_the_socket_goes_on) {
    auto client = connect();
    BOOST_TEST(answer(client, watch_frame(1)) == "ok");
    for (const auto* text : {"", "{", "nonsense", "{\"t\":\"ping\"} x", "\xef\xbb\xbf{}"})
        BOOST_TEST(answer(client, text) == "error INVALID_JSON", text);
    for (const auto* text : {"[]", "1", "null", "\"ping\""})
        BOOST_TEST(answer(client, text).starts_with("error "), text);
    const std::vector<std::pair<std::string, std::string>> refused = {
        {R"({})", "t"},
        {R"({"t":1})", "t"},
        {R"({"t":"jump"})", "t"},
        {R"({"t":"hello"})", "t"},
        {R"({"t":"ping","n":"7"})", "n"},
        {R"({"t":"ping","m":7})", "m"},
        {R"({"t":"ping","t":"ping"})", "t"},
        {R"({"t":"auth"})", "token"},
        {R"({"t":"unwatch"})", "id"},
        {R"({"t":"unwatch","id":"1"})", "id"},
        {R"({"t":"unwatch","id":1,"why":"x"})", "why"},
        {R"({"t":"sync"})", "id"},
        {R"({"t":"watch","namespace":{"workspace":"acme"}})", "id"},
        {R"({"t":"watch","id":-1,"namespace":{"workspace":"acme"}})", "id"},
        {R"({"t":"watch","id":1.5,"namespace":{"workspace":"acme"}})", "id"},
        {R"({"t":"watch","id":9007199254740992,"namespace":{"workspace":"acme"}})", "id"},
        {R"({"t":"watch","id":null,"namespace":{"workspace":"acme"}})", "id"},
        {R"({"t":"watch","id":2})", "namespace"},
        {watch_frame(2, "", "\"acme\""), "namespace"},
        {watch_frame(2, "", R"({"workspace":"acme","x":1})"), "namespace.x"},
        {watch_frame(2, "", R"({})"), "namespace.workspace"},
        {watch_frame(2, "", R"({"workspace":"acme","endUserId":1})"), "namespace.endUserId"},
        {watch_frame(2, R"(,"prefix":1)"), "prefix"},
        {watch_frame(2, R"(,"prefix":")" + std::string(481, 'p') + "\""), "prefix"},
        {watch_frame(2, R"(,"from":"then")"), "from"},
        {watch_frame(2, R"(,"from":{})"), "from"},
        {watch_frame(2, R"(,"mode":"some")"), "mode"},
        {watch_frame(2, R"(,"values":"false")"), "values"},
        {watch_frame(2, R"(,"previous":1)"), "previous"},
        {watch_frame(2, R"(,"operations":"put")"), "operations"},
        {watch_frame(2, R"(,"operations":["get"])"), "operations"},
        {watch_frame(2, R"(,"operations":[])"), "operations"},
        {watch_frame(2, R"(,"limit":1)"), "limit"}};
    for (const auto& [text, field] : refused) {
        const auto got = answer(client, text);
        BOOST_TEST(got.starts_with("error VALIDATION_ERROR " + field), text << " got " << got);
    }
    for (const auto* text : {R"({"t":"unwatch","id":2})", R"({"t":"sync","id":2})"})
        BOOST_TEST(answer(client, text) == "error NOT_FOUND id", text);
    put("a", "1");
    BOOST_TEST(told(client.events(1)) == "put a=1");
}

BOOST_AUTO_TEST_CASE(an_error_of_a_watch_has_its_id) {
    auto client = connect();
    client.send(watch_frame(12, R"(,"mode":"some")"));
    BOOST_TEST(client.next().id.value() == 12U);
    client.send(watch_frame(13, "", R"({"workspace":"nope"})"));
    const auto missing = client.next();
    BOOST_TEST(told(missing) == "error NOT_FOUND");
    BOOST_TEST(missing.id.value() == 13U);
    BOOST_TEST(answer(client, watch_frame(14, "", R"({"workspace":"acme","endUserId":"nobody"})")) ==
               "error END_USER_NOT_FOUND");
    BOOST_TEST(answer(client, watch_frame(14, "", R"({"workspace":"acme","integrationAlias":"none"})")) ==
               "error INTEGRATION_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(parameters_are_checked_as_members_are) {
    for (const auto& [query, field] : {std::pair("from=then", "from"),
                                       {"mode=some", "mode"},
                                       {"values=1", "values"},
                                       {"previous=x", "previous"},
                                       {"operations=put,get", "operations"},
                                       {"operations=", "operations"},
                                       {"id=1", "id"},
                                       {"limit=1", "limit"},
                                       {"prefix=a&prefix=b", "prefix"},
                                       {"prefix=%00", "prefix"}})
        BOOST_TEST(refused_watch(query).ends_with(std::string(" VALIDATION_ERROR ") + field), query);
    BOOST_TEST(refused_watch("", ns + "/end-users/nobody").ends_with("END_USER_NOT_FOUND"));
    BOOST_TEST(refused_watch("", "/api/v1/workspaces/nope").ends_with("NOT_FOUND"));
}

BOOST_AUTO_TEST_CASE(a_socket_has_a_thousand_watches_and_no_more) {
    auto client = connect();
    for (int id = 0; id < 1000; ++id)
        BOOST_REQUIRE_EQUAL(answer(client, watch_frame(id, R"(,"prefix":"k)" + std::to_string(id) + "\"")), "ok");
    BOOST_TEST(answer(client, watch_frame(1000)).starts_with("error "));
    BOOST_TEST(answer(client, R"({"t":"unwatch","id":999})") == "end unwatch");
    BOOST_TEST(answer(client, watch_frame(1000)) == "ok");
    put("k777", "1");
    std::size_t told_to = 0;
    for (int i = 0; i < 4; ++i)  // k7, k77, k777 and all
        told_to += client.next().events.size();
    BOOST_TEST(told_to == 4U);
}

BOOST_AUTO_TEST_CASE(a_hundred_sockets_hear_of_the_same_commit) {
    std::vector<WatchClient> clients;
    for (int i = 0; i < 100; ++i)
        clients.push_back(watch());
    put("a", "1");
    for (auto& client : clients)
        BOOST_TEST(told(client.events(1)) == "put a=1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Who may watch what, and what happens to a watch when that ends.
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <utility>

#include "tests/server/braze_fixture.hpp"
#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

struct AuthFixture : Watching<BrazeFixture> {
    AuthFixture() {
        close();
        settings.watch_heartbeat = 1500ms;  // by which whatever ends by itself is noticed
        open();
        create_workspace("other");
    }
    struct Key {
        std::string id;
        std::string plain;
    };
    Key make_api_key(const std::string& permissions, const std::string& workspaces = "null") {
        const auto reply =
            send("POST", "/api/v1/api-keys",
                 R"({"name":"k","permissions":[)" + permissions + R"(],"workspaceIds":)" + workspaces + "}");
        return {.id = member(reply.body, "id"), .plain = member(reply.body, "plainKey")};
    }
    std::string make_connect_token() {
        return member(
            send("POST", "/api/v1/end-users/" + end_user_id + "/connect-token", R"({"expiresIn":3600})").body,
            "token");
    }
    void delete_key(const Key& what) { send("DELETE", "/api/v1/api-keys/" + what.id); }

    static std::string auth(const std::string& token) { return R"({"t":"auth","token":")" + token + "\"}"; }
    static std::string watch_frame(int id, const std::string& in) {
        return R"({"t":"watch","id":)" + std::to_string(id) + ",\"namespace\":" + in + "}";
    }
    static std::string answer(WatchClient& client, const std::string& frame) {
        client.send(frame);
        return told(client.next());
    }
    // "1 end auth"
    static std::string next_with_id(WatchClient& client) {
        const auto frame = client.next();
        return std::to_string(frame.id.value()) + " " + told(frame);
    }

    const std::string acme = R"({"workspace":"acme"})";
    const std::string user = R"({"workspace":"acme","endUserId":"u"})";
};

BOOST_FIXTURE_TEST_SUITE(watch_auth, AuthFixture)

BOOST_AUTO_TEST_CASE(a_token_may_come_in_the_first_frame) {
    WatchClient client(port(), watch_path);
    client.send(auth(key));
    BOOST_TEST(client.receive().type == "hello");
    BOOST_TEST(answer(client, watch_frame(1, acme)) == "ok");
    WatchClient single(port(), ns + "/watch");
    single.send(auth(key));
    BOOST_TEST(single.receive().type == "hello");
    BOOST_TEST(single.receive().type == "ok");
    put("a", "1");
    BOOST_TEST(told(single.events(1)) == "put a=1");
}

BOOST_AUTO_TEST_CASE(nothing_is_told_before_it_is_known_who_connected) {
    WatchClient client(port(), watch_path);
    BOOST_TEST(answer(client, watch_frame(1, acme)) == "error UNAUTHENTICATED");
    BOOST_TEST(answer(client, auth("alc_wrong")).starts_with("error UNAUTHENTICATED"));
    client.send(auth(key));
    BOOST_TEST(client.receive().type == "hello");
}

BOOST_AUTO_TEST_CASE(a_first_frame_is_at_most_4_kib) {
    const auto frame = auth(key);
    WatchClient client(port(), watch_path);
    client.send(frame + std::string(4096 - frame.size(), ' '));
    BOOST_TEST(client.receive().type == "hello");
    client.send(R"({"t":"ping"})" + std::string(60'000, ' '));
    BOOST_TEST(client.receive().type == "pong");
    WatchClient large(port(), watch_path);
    large.send(frame + std::string(4097 - frame.size(), ' '));
    BOOST_TEST(large.close_code() == 1009U);
}

BOOST_AUTO_TEST_CASE(who_says_nothing_is_closed) {
    WatchClient silent(port(), watch_path);
    WatchClient wrong(port(), ns + "/watch");
    wrong.send(auth("alc_wrong"));
    const auto began = std::chrono::steady_clock::now();
    BOOST_TEST(wrong.close_code() == 1008U);
    BOOST_TEST(silent.close_code() == 1008U);
    const auto took = std::chrono::steady_clock::now() - began;
    BOOST_TEST((took > 3s && took < 8s));
}

BOOST_AUTO_TEST_CASE(an_upgrade_with_a_bad_token_is_401) {
    for (const auto& target : {watch_path, ns + "/watch"}) {
        BOOST_TEST(refused(target, bearer("alc_wrong")) == "401 UNAUTHENTICATED");
        BOOST_TEST(refused(target + "?token=" + key, bearer("alc_wrong")) == "401 UNAUTHENTICATED");
    }
}

BOOST_AUTO_TEST_CASE(who_may_not_read_keys_watches_none) {
    const auto writes = make_api_key(R"("kv:write","end_users:read")").plain;
    BOOST_TEST(refused(ns + "/watch", bearer(writes)).ends_with(" FORBIDDEN"));
    BOOST_TEST(send("GET", ns + "/watch", {}, bearer(writes)).status == 403U);
    WatchClient client(port(), watch_path);
    client.send(auth(writes));
    auto frame = client.next();
    if (frame.type == "hello") {
        client.send(watch_frame(1, acme));
        frame = client.next();
    }
    BOOST_TEST(told(frame) == "error FORBIDDEN");
}

BOOST_AUTO_TEST_CASE(a_key_held_to_a_workspace_watches_no_other) {
    const auto held = make_api_key(R"("kv:read")", R"(["acme"])").plain;
    BOOST_TEST(refused("/api/v1/workspaces/other/watch", bearer(held)).ends_with(" SCOPE_DENIED"));
    auto client = connect(held);
    BOOST_TEST(answer(client, watch_frame(1, R"({"workspace":"other"})")) == "error SCOPE_DENIED");
    BOOST_TEST(answer(client, watch_frame(1, R"({"workspace":"nope"})")) == "error SCOPE_DENIED");
    BOOST_TEST(answer(client, watch_frame(1, acme)) == "ok");
}

BOOST_AUTO_TEST_CASE(a_connect_token_watches_its_own_end_user_and_nothing_else) {
    create_end_user("acme", "v");
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store","alias":"state"})");
    const auto token = make_connect_token();
    auto client = connect(token);
    for (const auto& in : {acme, std::string(R"({"workspace":"acme","endUserId":"v"})"),
                           std::string(R"({"workspace":"acme","endUserId":"nobody"})"),
                           std::string(R"({"workspace":"acme","externalId":"u"})"),
                           std::string(R"({"workspace":"other","endUserId":"u"})"),
                           std::string(R"({"workspace":"acme","integrationAlias":"state","endUserId":"v"})")})
        BOOST_TEST(answer(client, watch_frame(1, in)) == "error SCOPE_DENIED", in);
    BOOST_TEST(answer(client, watch_frame(1, user)) == "ok");
    BOOST_TEST(
        answer(client, watch_frame(2, R"({"workspace":"acme","integrationAlias":"state","endUserId":"u"})")) ==
        "ok");
    BOOST_TEST(refused(ns + "/watch", bearer(token)).ends_with(" SCOPE_DENIED"));
    BOOST_TEST(send("GET", ns + "/end-users/v/watch", {}, bearer(token)).status == 403U);
}

BOOST_AUTO_TEST_CASE(a_deprecated_external_id_leads_to_the_same_watch) {
    BOOST_TEST(rename("u", "w").starts_with("201 "));
    auto client = connect();
    BOOST_TEST(answer(client, watch_frame(1, user)) == "ok");
    BOOST_TEST(answer(client, watch_frame(2, R"({"workspace":"acme","endUserId":"w"})")) == "ok");
    auto single = watch("", ns + "/end-users/u");
    send("PUT", ns + "/end-users/w/kv/k", "1", {{"Content-Type", "application/json"}});
    BOOST_TEST(told(client.events(2)) == "put k=1, put k=1");
    BOOST_TEST(told(single.events(1)) == "put k=1");
}

BOOST_AUTO_TEST_CASE(a_rename_changes_nothing_for_an_open_watch) {
    auto client = watch("", ns + "/end-users/u");
    BOOST_TEST(rename("u", "w").starts_with("201 "));
    BOOST_TEST(remove("u").starts_with("201 "));
    send("PUT", ns + "/end-users/w/kv/k", "1", {{"Content-Type", "application/json"}});
    BOOST_TEST(told(client.events(1)) == "put k=1");
}

BOOST_AUTO_TEST_CASE(watches_end_with_the_token_that_is_deleted) {
    const auto held = make_api_key(R"("kv:read")");
    auto many = connect(held.plain);
    BOOST_TEST(answer(many, watch_frame(1, acme)) == "ok");
    BOOST_TEST(answer(many, watch_frame(2, user)) == "ok");
    auto single = begin("", "", held.plain);
    need(single, "ok");
    auto other = watch();
    delete_key(held);
    auto first = next_with_id(many);
    auto second = next_with_id(many);
    if (second < first) std::swap(first, second);
    BOOST_TEST(first == "1 end auth");
    BOOST_TEST(second == "2 end auth");
    BOOST_TEST(told(single.next()) == "end auth");
    const auto last = put("a", "1");
    BOOST_TEST(told(other.events_until(last)) == "put a=1");
}

BOOST_AUTO_TEST_CASE(watches_end_when_their_token_expires) {
    const auto token = make_connect_token();
    auto client = begin("", ns + "/end-users/u", token);
    need(client, "ok");
    clock.advance(3'600'000 - 1);
    send("PUT", ns + "/end-users/u/kv/k", "1", {{"Content-Type", "application/json"}});
    BOOST_TEST(told(client.events(1)) == "put k=1");
    clock.advance(1);
    BOOST_TEST(told(client.next()) == "end auth");
}

BOOST_AUTO_TEST_CASE(another_token_judges_open_watches_anew) {
    auto client = connect();
    BOOST_TEST(answer(client, watch_frame(1, acme)) == "ok");
    BOOST_TEST(answer(client, watch_frame(2, user)) == "ok");
    BOOST_TEST(answer(client, watch_frame(3, R"({"workspace":"other"})")) == "ok");
    client.send(auth(make_api_key(R"("kv:read")", R"(["acme"])").plain));
    client.send(R"({"t":"ping"})");
    std::string ends;
    for (auto frame = client.next(); frame.type != "pong"; frame = client.next())
        if (frame.type != "hello") ends += std::to_string(frame.id.value()) + " " + told(frame);
    BOOST_TEST(ends == "3 end auth");
    BOOST_TEST(answer(client, watch_frame(3, R"({"workspace":"other"})")) == "error SCOPE_DENIED");
    put("a", "1");
    BOOST_TEST(next_with_id(client) == "1 put a=1");
}

BOOST_AUTO_TEST_CASE(another_token_keeps_a_watch_alive_when_the_first_one_ends) {
    const auto first = make_api_key(R"("kv:read")");
    const auto second = make_api_key(R"("kv:read")");
    auto client = connect(first.plain);
    BOOST_TEST(answer(client, watch_frame(1, acme)) == "ok");
    client.send(auth(second.plain));
    client.send(R"({"t":"ping","n":1})");
    while (client.next().type != "pong") {
    }
    delete_key(first);
    const auto last = put("a", "1");
    BOOST_TEST(told(client.events_until(last)) == "put a=1");
    delete_key(second);
    BOOST_TEST(told(client.next()) == "end auth");
}

BOOST_AUTO_TEST_CASE(a_later_token_that_is_none_is_an_error_and_changes_nothing) {
    auto client = connect();
    BOOST_TEST(answer(client, watch_frame(1, acme)) == "ok");
    BOOST_TEST(answer(client, auth("alc_wrong")).starts_with("error UNAUTHENTICATED"));
    put("a", "1");
    BOOST_TEST(told(client.events(1)) == "put a=1");
}

BOOST_AUTO_TEST_CASE(watches_end_with_their_end_user) {
    auto client = connect();
    BOOST_TEST(answer(client, watch_frame(1, user)) == "ok");
    BOOST_TEST(answer(client, watch_frame(2, acme)) == "ok");
    send("DELETE", "/api/v1/end-users/" + end_user_id);
    BOOST_TEST(next_with_id(client) == "1 end namespace_deleted");
    const auto last = put("a", "1");
    BOOST_TEST(told(client.events_until(last, 2)) == "put a=1");
    BOOST_TEST(answer(client, watch_frame(1, user)) == "error END_USER_NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(watches_end_with_their_workspace) {
    auto client = connect();
    BOOST_TEST(answer(client, watch_frame(1, acme)) == "ok");
    BOOST_TEST(answer(client, watch_frame(2, user)) == "ok");
    BOOST_TEST(answer(client, watch_frame(3, R"({"workspace":"acme","externalId":"never-written"})")) == "ok");
    BOOST_TEST(answer(client, watch_frame(4, R"({"workspace":"other"})")) == "ok");
    send("DELETE", ns);
    std::set<std::string> ends;
    for (int i = 0; i < 3; ++i)
        ends.insert(next_with_id(client));
    BOOST_TEST(ends == (std::set<std::string>{"1 end namespace_deleted", "2 end namespace_deleted",
                                              "3 end namespace_deleted"}),
               boost::test_tools::per_element());
    BOOST_TEST(answer(client, R"({"t":"unwatch","id":4})") == "end unwatch");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

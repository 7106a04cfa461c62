// Triggers: what changes in a namespace is told to a callback.
#include <boost/test/unit_test.hpp>

#include "tests/server/webhooks_delivery_fixture.hpp"

namespace alcove::test {
namespace {

struct TriggersFixture : DeliveryFixture {
    TriggersFixture() {
        end_user_id = create_end_user("acme", "u");
        send("POST", "/api/v1/workspaces/acme/integrations", R"({"integrationName":"kv-store","alias":"state"})");
    }
    std::string enable_body(const std::string& more = "") const {
        return R"({"workspaceId":"acme","integrationName":"kv-store","triggerName":"key_changed","endUserId":"u",)"
               R"("callbackUrl":")" +
               receiver.url() + "\"" + more + "}";
    }
    std::string enable(const std::string& more = "") {
        return member(send("POST", "/api/v1/triggers/enable", enable_body(more)).body, "id");
    }
    std::string refuse(const std::string& body) { return refusal("POST", "/api/v1/triggers/enable", body); }
    std::string triggers() { return send("GET", "/api/v1/triggers?workspaceId=acme").body; }
    void put(const std::string& key, const std::string& query = "") {
        send("PUT", kv + "/" + key + query, "v", {{"Content-Type", "text/plain"}});
    }

    std::string end_user_id;
    const std::string ns = "/api/v1/workspaces/acme/end-users/u";
    const std::string kv = ns + "/kv";
};

BOOST_FIXTURE_TEST_SUITE(webhooks_triggers, TriggersFixture)

BOOST_AUTO_TEST_CASE(puts_deletes_and_expiries_with_the_prefix_are_told_in_order) {
    put("a/before");
    enable(R"(,"input":{"prefix":"a/"},"callbackMetadata":{"m":1})");
    put("a/1");
    put("b/1");
    put("a/2", "?ttl=1");
    send("DELETE", kv + "/a/1");
    clock.advance(2000);
    BOOST_TEST(eventually_received(receiver, 4));
    BOOST_TEST(told(receiver) == "put a/1, put a/2, delete a/1, expire a/2");
    BOOST_TEST(
        masked(receiver.requests()[0].body) ==
        R"({"triggerSourceId":"U","integrationName":"kv-store","triggerName":"key_changed","data":{"op":"put",)"
        R"("key":"a/1","version":"V","created":true,"contentType":"text/plain","size":1,"value":"v"},)"
        R"("metadata":{"m":1},"timestamp":"T"})");
}

BOOST_AUTO_TEST_CASE(files_are_told_of_by_a_trigger_of_their_own) {
    send("POST", "/api/v1/workspaces/acme/integrations", R"({"integrationName":"storage","alias":"docs"})");
    const auto enable_with = [this](const std::string& integration, const std::string& trigger) {
        return R"({"workspaceId":"acme","integrationName":")" + integration + R"(","triggerName":")" + trigger +
               R"(","endUserId":"u","input":{"prefix":"a/"},"callbackUrl":")" + receiver.url() + "\"}";
    };
    BOOST_TEST(refuse(enable_with("kv-store", "file_changed")) == "400 VALIDATION_ERROR triggerName");
    BOOST_TEST(refuse(enable_with("storage", "key_changed")) == "400 VALIDATION_ERROR triggerName");
    const auto id =
        member(send("POST", "/api/v1/triggers/enable", enable_with("storage", "file_changed")).body, "id");
    put("a/key");
    send("PUT", ns + "/files/a/1", std::string(100'000, 'x'), {{"Content-Type", "text/plain"}});
    send("PUT", ns + "/files/b", "x");
    send("PUT", ns + "/files/a/1", "small");
    send("DELETE", ns + "/files/a/1");
    BOOST_TEST(eventually_received(receiver, 3));
    BOOST_TEST(told(receiver) == "put a/1, put a/1, delete a/1");
    BOOST_TEST(
        masked(receiver.requests()[0].body) ==
        R"({"triggerSourceId":"U","integrationName":"storage","triggerName":"file_changed","data":{"op":"put",)"
        R"("path":"a/1","version":"V","created":true,"contentType":"text/plain","size":100000},)"
        R"("metadata":{},"timestamp":"T"})");
    send("POST", "/api/v1/triggers/" + id + "/test");
    BOOST_TEST(eventually_received(receiver, 4));
    BOOST_TEST(told(receiver).ends_with(", test a/"));
}

BOOST_AUTO_TEST_CASE(a_commit_of_many_keys_is_told_key_by_key_also_over_a_restart) {
    std::atomic<int> taken = 0;
    receiver.answer_with(
        [&](const ReceivedRequest&) { return ReceiverReply{.status = taken++ < 60 ? 200U : 500U}; });
    enable();
    std::string operations;
    for (int i = 100; i < 200; ++i)
        operations +=
            (i == 100 ? "" : ",") + std::string(R"({"op":"put","key":"k)") + std::to_string(i) + R"(","value":1})";
    BOOST_TEST(send("POST", ns + "/transactions", "{\"operations\":[" + operations + "]}").status == 200U);
    BOOST_TEST(receiver.wait_for(61));
    close();
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{}; });
    open();
    const auto distinct = [&] {
        const auto all = ids(receiver);
        return std::set<std::string>(all.begin(), all.end()).size();
    };
    BOOST_TEST(eventually([&] { return distinct() == 100; }));
    std::vector<std::string> keys;
    for (const auto& request : receiver.requests()) {
        const auto key = member(request.body, "key");
        if (keys.empty() || keys.back() != key) keys.push_back(key);
    }
    BOOST_TEST(keys.size() == 100U);
    BOOST_TEST(std::ranges::is_sorted(keys));
}

BOOST_AUTO_TEST_CASE(an_emptied_namespace_is_told_as_a_reset) {
    enable();
    receiver.stop();
    put("a");
    send("DELETE", ns + "/data");
    put("b");  // who reads the namespace anew finds it
    receiver.start();
    // What was on its way already when the namespace was emptied may come first.
    std::string reset;
    BOOST_TEST(eventually([&] {
        const auto received = receiver.requests();
        if (!received.empty()) reset = received.back().body;
        return member(reset, "triggerName") == "trigger.reset";
    }));
    BOOST_TEST(member(reset, "why") == "emptied");
    put("c");
    BOOST_TEST(eventually([this] { return told(receiver).ends_with(", put c"); }));
}

BOOST_AUTO_TEST_CASE(a_rename_changes_nothing_and_the_end_of_the_end_user_ends_it) {
    enable();
    const auto renamed =
        send_here("POST", "/users/external_ids/rename",
                  R"({"external_id_renames":[{"current_external_id":"u","new_external_id":"w"}]})");
    BOOST_TEST(renamed.status == 201U);
    put("a");
    BOOST_TEST(receiver.wait_for(1));
    BOOST_TEST(triggers().find(R"("endUserId":"w")") != std::string::npos);
    send("DELETE", "/api/v1/end-users/" + end_user_id);
    clock.advance(1000);
    BOOST_TEST(eventually(
        [&] { return triggers().find(R"("inactiveBecause":"namespace_deleted")") != std::string::npos; }));
}

BOOST_AUTO_TEST_CASE(a_large_value_is_told_by_its_size) {
    enable();
    send("PUT", kv + "/large", std::string(300'000, 'x'));
    BOOST_TEST(receiver.wait_for(1));
    const auto body = receiver.requests()[0].body;
    BOOST_TEST(body.find("\"size\":300000") != std::string::npos);
    BOOST_TEST(body.find("\"value\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_test_is_sent_at_once_and_says_how_it_went) {
    const auto id = enable();
    BOOST_TEST(send("POST", "/api/v1/triggers/" + id + "/test")
                   .body.starts_with(R"({"delivered":true,"status":200,"error":null,"duration":)"));
    BOOST_TEST(told(receiver) == "test ");
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.status = 500}; });
    BOOST_TEST(send("POST", "/api/v1/triggers/" + id + "/test")
                   .body.starts_with(R"({"delivered":false,"status":500,"error":"the receiver answered 500")"));
    BOOST_TEST(triggers().find("\"failures\":0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_disabled_trigger_is_gone) {
    const auto id = enable();
    BOOST_TEST(send("POST", "/api/v1/triggers/" + id + "/disable").body.find(R"("status":"disabled")") !=
               std::string::npos);
    put("a");
    std::this_thread::sleep_for(100ms);
    BOOST_TEST(receiver.requests().empty());
    BOOST_TEST(triggers() == R"({"triggers":[],"total":0,"cursor":null})");
    BOOST_TEST(refusal("POST", "/api/v1/triggers/" + id + "/disable") == "404 NOT_FOUND");
    BOOST_TEST(refusal("POST", "/api/v1/triggers/nope/test") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(a_disabling_that_is_sent_again_is_answered_again) {
    const auto path = "/api/v1/triggers/" + enable(R"(,"callbackMetadata":{"m":1})") + "/disable";
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.status = 500}; });
    put("a");
    BOOST_TEST(eventually([&] { return triggers().find("\"failures\":0") == std::string::npos; }, 0ms));
    const HttpClient::Headers again{{"Idempotency-Key", "k"}};
    const auto first = send("POST", path, {}, again);
    put("b");
    const auto second = send("POST", path, "{}", again);
    BOOST_TEST(first.text().starts_with(R"(200 {"triggerSource":{"id":")"));
    BOOST_TEST(first.body.find(R"("status":"disabled","delivery":{"pending":0,"failures":1,)") !=
               std::string::npos);
    BOOST_TEST(second.text() == first.text());
    BOOST_TEST(first.header("idempotent-replayed") == "");
    BOOST_TEST(second.header("idempotent-replayed") == "true");
    BOOST_TEST(refusal("POST", path, {}, {{"Idempotency-Key", "other"}}) == "404 NOT_FOUND");
    BOOST_TEST(triggers() == R"({"triggers":[],"total":0,"cursor":null})");
}

BOOST_AUTO_TEST_CASE(what_takes_no_body_and_no_key_refuses_them) {
    const auto path = "/api/v1/triggers/" + enable();
    BOOST_TEST(refusal("POST", path + "/test", R"({"op":"put"})") == "400 VALIDATION_ERROR op");
    BOOST_TEST(refusal("POST", path + "/disable", R"({"why":"x"})") == "400 VALIDATION_ERROR why");
    BOOST_TEST(refusal("POST", path + "/test", {}, {{"Idempotency-Key", "k"}}) ==
               "400 VALIDATION_ERROR Idempotency-Key");
    BOOST_TEST(receiver.requests().empty());
    BOOST_TEST(send("POST", path + "/test", "{}").status == 200U);
    BOOST_TEST(send("POST", path + "/disable", "{}").status == 200U);
}

BOOST_AUTO_TEST_CASE(slow_receivers_of_one_workspace_hold_up_no_other) {
    settings.webhooks.sender.concurrency_max = 4;
    settings.webhooks.sender.timeout = 60'000ms;
    close();
    open();
    Receiver hanging([](const ReceivedRequest&) { return ReceiverReply{.ending = ReceiverReply::Ending::silent}; });
    const auto body = enable_body();
    for (int i = 0; i < 8; ++i) {
        auto slow = body;
        send("POST", "/api/v1/triggers/enable",
             slow.replace(slow.find(receiver.url()), receiver.url().size(), hanging.url()));
    }
    put("a");
    BOOST_TEST(hanging.wait_for(1));
    create_workspace("other");
    const auto made =
        send("POST", "/v2/event-destinations",
             R"({"name":"D","type":"webhook","events":["*"],"webhook":{"url":")" + receiver.url() + "\"}}",
             {{"Alcove-Workspace", "other"}});
    BOOST_TEST(made.status == 201U);
    create_end_user("other", "x");
    BOOST_TEST(receiver.wait_for(1, 5000ms));
    BOOST_TEST(told(receiver) == "end_user.created x");
    BOOST_TEST(hanging.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_the_server_has_no_room_for_is_sent_later_and_is_no_failure) {
    settings.webhooks.sender.concurrency_max = 1;
    settings.webhooks.sender.waiting_max = 1;
    close();
    open();
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.delay = 50ms}; });
    constexpr std::size_t count = 6;
    for (std::size_t i = 0; i < count; ++i)
        enable();
    put("a");
    BOOST_TEST(eventually_received(receiver, count));
    std::this_thread::sleep_for(100ms);
    const auto sent = ids(receiver);
    BOOST_TEST(std::set<std::string>(sent.begin(), sent.end()).size() == count);
    BOOST_TEST(triggers().find("\"lastError\":\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_waits_far_behind_is_not_counted) {
    settings.webhooks.retry.backoff = {.first = 3'600'000ms, .max = 3'600'000ms};
    close();
    open();
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.status = 500}; });
    enable(R"(,"input":{"prefix":"rare/"})");
    put("rare/1");
    BOOST_TEST(receiver.wait_for(1));
    put("rare/2");
    BOOST_TEST(triggers().find("\"pending\":2,") != std::string::npos);
    for (std::size_t i = 0; i < webhooks::pending_batches_max * webhooks::messages_read_ahead; ++i)
        put("usual");
    put("rare/3");
    BOOST_TEST(triggers().find("\"pending\":2,") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(secrets_are_shown_once_and_header_values_never) {
    const auto body = enable_body(R"(,"callbackHeaders":{"X-Key":"hidden"})");
    const HttpClient::Headers again{{"Idempotency-Key", "k"}};
    const auto first = send("POST", "/api/v1/triggers/enable", body, again);
    BOOST_TEST(first.status == 201U);
    BOOST_TEST(member(first.body, "secret").starts_with("whsec_"));
    const auto second = send("POST", "/api/v1/triggers/enable", body, again);
    BOOST_TEST(second.header("idempotent-replayed") == "true");
    BOOST_TEST(member(second.body, "secret") == "");
    BOOST_TEST(member(second.body, "id") == member(first.body, "id"));
    BOOST_TEST((first.body + triggers()).find("hidden") == std::string::npos);
    put("a");
    BOOST_TEST(receiver.wait_for(1));
    BOOST_TEST(receiver.requests()[0].header("x-key") == "hidden");
}

BOOST_AUTO_TEST_CASE(bad_requests_are_refused_by_name) {
    const auto with = [this](const std::string& from, const std::string& to) {
        auto body = enable_body();
        return refuse(body.replace(body.find(from), from.size(), to));
    };
    BOOST_TEST(with("key_changed", "row_added") == "400 VALIDATION_ERROR triggerName");
    BOOST_TEST(with(R"("endUserId":"u",)", "") == "400 VALIDATION_ERROR endUserId");
    BOOST_TEST(with(R"("endUserId":"u",)", R"("endUserId":"x",)") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(with("http://", "ftp://") == "400 VALIDATION_ERROR callbackUrl");
    BOOST_TEST(with("http://", "http://me:you@") == "400 VALIDATION_ERROR callbackUrl");
    BOOST_TEST(refuse(enable_body(R"(,"callbackHeaders":{"Host":"x"})")) == "400 VALIDATION_ERROR callbackHeaders");
    BOOST_TEST(refuse(enable_body(R"(,"callbackHeaders":{"a":1})")) == "400 VALIDATION_ERROR callbackHeaders.a");
    BOOST_TEST(refuse(enable_body(R"(,"input":{"suffix":"x"})")) == "400 VALIDATION_ERROR input.suffix");
    BOOST_TEST(refuse(enable_body(R"(,"scope":"workspace")")) == "400 VALIDATION_ERROR scope");
    send("POST", "/api/v1/workspaces/acme/integrations", R"({"integrationName":"crm"})");
    BOOST_TEST(with("kv-store", "nope") == "404 INTEGRATION_NOT_FOUND");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

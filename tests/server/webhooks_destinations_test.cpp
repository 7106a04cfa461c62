// Event destinations: what they are told, in which order, and what becomes of them when it does not arrive.
#include <boost/test/unit_test.hpp>

#include "server/webhooks/signature.hpp"
#include "tests/server/webhooks_delivery_fixture.hpp"

namespace alcove::test {
namespace {

using Ending = ReceiverReply::Ending;

ReceiverReply with_status(unsigned status) {
    return {.status = status};
}

BOOST_FIXTURE_TEST_SUITE(webhooks_destinations, DeliveryFixture)

BOOST_AUTO_TEST_CASE(events_arrive_in_order_and_signed) {
    create_end_user("acme", "before");
    create_destination(receiver.url());
    for (const auto* one : {"u1", "u2", "u3"})
        create_end_user("acme", one);
    BOOST_TEST(receiver.wait_for(3));
    BOOST_TEST(told(receiver) == "end_user.created u1, end_user.created u2, end_user.created u3");
    const auto first = receiver.requests().front();
    BOOST_TEST(first.header("webhook-id") == member(first.body, "id"));
    BOOST_TEST(first.header("content-type") == "application/json");
    const auto key = webhooks::WebhookSecret::parse(secret).value();
    const auto signature =
        webhooks::sign(key, first.header("webhook-id"), std::stoll(first.header("webhook-timestamp")), first.body);
    BOOST_TEST(first.header("webhook-signature") == signature);
}

BOOST_AUTO_TEST_CASE(a_destination_is_told_its_types_alone) {
    create_destination(receiver.url(), R"(["end_user.deleted","connection.created"])");
    const auto id = create_end_user("acme", "u1");
    send("POST", "/api/v1/connections", R"({"workspaceId":"acme","integrationName":"crm","ownerExternalId":"o"})");
    send("DELETE", "/api/v1/end-users/" + id);
    BOOST_TEST(receiver.wait_for(2));
    BOOST_TEST(told(receiver) == "connection.created o, end_user.deleted u1");
}

BOOST_AUTO_TEST_CASE(other_workspaces_are_told_nothing) {
    create_destination(receiver.url());
    create_workspace("other");
    create_end_user("other", "x");
    create_end_user("acme", "u1");
    BOOST_TEST(receiver.wait_for(1));
    BOOST_TEST(told(receiver) == "end_user.created u1");
}

BOOST_AUTO_TEST_CASE(an_orderly_stop_and_start_tells_everything_once) {
    create_destination(receiver.url());
    create_end_user("acme", "u1");
    BOOST_TEST(receiver.wait_for(1));
    receiver.stop();
    create_end_user("acme", "u2");
    close();
    open();
    create_end_user("acme", "u3");
    receiver.start();
    BOOST_TEST(eventually_received(receiver, 3));
    BOOST_TEST(told(receiver) == "end_user.created u1, end_user.created u2, end_user.created u3");
}

BOOST_AUTO_TEST_CASE(what_failed_is_sent_again_before_anything_else) {
    // Shared: the receiver outlives what stands here.
    const auto failures = std::make_shared<std::atomic<int>>(3);
    receiver.answer_with([failures](const ReceivedRequest&) { return with_status((*failures)-- > 0 ? 500 : 204); });
    const auto id = create_destination(receiver.url());
    create_end_user("acme", "u1");
    create_end_user("acme", "u2");
    BOOST_TEST(eventually_received(receiver, 5));
    const auto sent = ids(receiver);
    BOOST_TEST((sent[0] == sent[1] && sent[1] == sent[2] && sent[2] == sent[3] && sent[3] < sent[4]));
    BOOST_TEST(
        eventually([&] { return destination(id).find("\"pending\":0,\"failures\":0") != std::string::npos; }));
    BOOST_TEST(destination(id).find(R"("last_error":"the receiver answered 500")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(failures_and_the_next_attempt_survive_a_restart) {
    settings.webhooks.retry.backoff = {.first = 3'600'000ms, .max = 3'600'000ms};
    close();
    open();
    receiver.answer_with([](const ReceivedRequest&) { return with_status(503); });
    const auto id = create_destination(receiver.url());
    create_end_user("acme", "u1");
    BOOST_TEST(receiver.wait_for(1));
    BOOST_TEST(eventually([&] { return destination(id).find("\"failures\":1") != std::string::npos; }, 0ms));
    const auto next = member(destination(id), "next_attempt_at");
    BOOST_TEST(!next.empty());
    close();
    open();
    BOOST_TEST(member(destination(id), "next_attempt_at") == next);
    std::this_thread::sleep_for(200ms);
    BOOST_TEST(receiver.requests().size() == 1U);
    clock.advance(3'600'000);
    BOOST_TEST(receiver.wait_for(2));
}

BOOST_AUTO_TEST_CASE(gone_ends_it_at_once_and_it_goes_on_where_it_stopped) {
    receiver.answer_with([](const ReceivedRequest&) { return with_status(410); });
    const auto id = create_destination(receiver.url());
    create_end_user("acme", "u1");
    BOOST_TEST(eventually([&] { return destination(id).find(R"("status":"inactive")") != std::string::npos; }));
    BOOST_TEST(destination(id).find(R"("inactive_because":"gone")") != std::string::npos);
    create_end_user("acme", "u2");
    BOOST_TEST(receiver.requests().size() == 1U);
    receiver.answer_with([](const ReceivedRequest&) { return with_status(200); });
    BOOST_TEST(send_here("PATCH", "/v2/event-destinations/" + id, R"({"status":"active"})").status == 200U);
    BOOST_TEST(eventually_received(receiver, 3));
    BOOST_TEST(told(receiver) == "end_user.created u1, end_user.created u1, end_user.created u2");
}

BOOST_AUTO_TEST_CASE(attempts_in_vain_end_in_inactive) {
    settings.webhooks.retry.attempts_max = 4;
    close();
    open();
    receiver.answer_with([](const ReceivedRequest&) { return with_status(500); });
    const auto id = create_destination(receiver.url());
    create_end_user("acme", "u1");
    BOOST_TEST(
        eventually([&] { return destination(id).find(R"("inactive_because":"exhausted")") != std::string::npos; }));
    BOOST_TEST(receiver.requests().size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_paused_destination_is_told_later) {
    const auto id = create_destination(receiver.url());
    send_here("PATCH", "/v2/event-destinations/" + id, R"({"status":"inactive"})");
    create_end_user("acme", "u1");
    std::this_thread::sleep_for(200ms);
    BOOST_TEST(receiver.requests().empty());
    BOOST_TEST(destination(id).find("\"pending\":1") != std::string::npos);
    send_here("PATCH", "/v2/event-destinations/" + id, R"({"status":"active"})");
    BOOST_TEST(receiver.wait_for(1));
}

BOOST_AUTO_TEST_CASE(after_rotations_every_secret_signs_until_its_day_is_over) {
    using Secrets = std::vector<webhooks::WebhookSecret>;
    const auto id = create_destination(receiver.url());
    const auto first = webhooks::WebhookSecret::parse(secret).value();
    const auto rotate = [&] {
        const auto rotated = send_here("POST", "/v2/event-destinations/" + id + "/rotate-secret", "{}");
        return webhooks::WebhookSecret::parse(member(rotated.body, "secret")).value();
    };
    std::size_t told_so_far = 0;
    const auto is_signed_with = [&](const Secrets& secrets) {
        create_end_user("acme", "u" + std::to_string(++told_so_far));
        if (!receiver.wait_for(told_so_far)) return false;
        const auto request = receiver.requests().back();
        return request.header("webhook-signature") ==
               webhooks::sign_with_all(secrets, request.header("webhook-id"),
                                       std::stoll(request.header("webhook-timestamp")), request.body);
    };
    const auto second = rotate();
    BOOST_TEST(is_signed_with({second, first}));
    clock.advance(scopes::former_secret_ms / 2);
    const auto third = rotate();
    BOOST_TEST(is_signed_with({third, second, first}));
    clock.advance(scopes::former_secret_ms / 2);
    BOOST_TEST(is_signed_with({third, second}));
    clock.advance(scopes::former_secret_ms / 2);
    BOOST_TEST(is_signed_with({third}));
}

BOOST_AUTO_TEST_CASE(private_targets_are_called_only_where_that_is_allowed) {
    settings.webhooks.sender.allow_private_targets = false;
    close();
    open();
    const auto id = create_destination(receiver.url());
    create_end_user("acme", "u1");
    BOOST_TEST(eventually([&] { return destination(id).find("\"failures\":0") == std::string::npos; }));
    BOOST_TEST(destination(id).find("webhooks.allow_private_targets") != std::string::npos);
    BOOST_TEST(receiver.requests().empty());
}

BOOST_AUTO_TEST_CASE(a_redirect_is_a_failure_and_leads_nowhere) {
    Receiver elsewhere;
    // By value: the receiver outlives what stands here.
    receiver.answer_with([url = elsewhere.url()](const ReceivedRequest&) {
        return ReceiverReply{.status = 307, .headers = {{"Location", url}}};
    });
    const auto id = create_destination(receiver.url());
    create_end_user("acme", "u1");
    BOOST_TEST(eventually_received(receiver, 2));
    BOOST_TEST(elsewhere.requests().empty());
}

BOOST_AUTO_TEST_CASE(receivers_that_misbehave_hold_up_no_other) {
    Receiver slow([](const ReceivedRequest&) { return ReceiverReply{.delay = 900ms}; });
    Receiver hanging([](const ReceivedRequest&) { return ReceiverReply{.ending = Ending::silent}; });
    Receiver stuck([](const ReceivedRequest&) { return ReceiverReply{.body = "half", .ending = Ending::stuck}; });
    Receiver failing([](const ReceivedRequest&) { return with_status(500); });
    Receiver cutting([](const ReceivedRequest&) { return ReceiverReply{.body = "half", .ending = Ending::cut}; });
    for (const auto* bad : {&slow, &hanging, &stuck, &failing, &cutting}) {
        for (int i = 0; i < 3; ++i)
            create_destination(bad->url());
    }
    create_destination(receiver.url());
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < 200; ++i)
        create_end_user("acme", "u" + std::to_string(i));
    BOOST_TEST(receiver.wait_for(200));
    // One of the others alone takes longer than that for two events.
    BOOST_TEST((std::chrono::steady_clock::now() - begun < 20s));
    BOOST_TEST(slow.requests().size() < 200U);
    for (const auto* bad : {&slow, &hanging, &stuck, &failing, &cutting})
        BOOST_TEST(bad->wait_for(3));
}

BOOST_AUTO_TEST_CASE(each_of_many_is_told_everything_in_order) {
    constexpr int destinations = 60;
    for (int i = 0; i < destinations; ++i)
        create_destination(receiver.url("/" + std::to_string(i)));
    std::string expected;
    for (int i = 0; i < 20; ++i) {
        create_end_user("acme", "u" + std::to_string(i));
        expected += "u" + std::to_string(i) + " ";
    }
    BOOST_TEST(receiver.wait_for(destinations * 20));
    std::map<std::string, std::string> told_by_target;
    for (const auto& request : receiver.requests())
        told_by_target[request.target] += member(request.body, "external_id") + " ";
    BOOST_TEST(told_by_target.size() == std::size_t{destinations});
    for (const auto& [target, told_there] : told_by_target)
        BOOST_TEST(told_there == expected, target);
}

BOOST_AUTO_TEST_CASE(a_removal_that_is_sent_again_is_answered_again) {
    const auto path = "/v2/event-destinations/" + create_destination(receiver.url());
    const auto other_path = "/v2/event-destinations/" + create_destination(receiver.url());
    const HttpClient::Headers again{{"Alcove-Workspace", "acme"}, {"Idempotency-Key", "k"}};
    const auto without_request_id = [](const std::string& body) {
        return body.substr(0, body.find(",\"request_id"));
    };
    BOOST_TEST(refusal("DELETE", path, R"({"force":true})", again) == "400 input_invalid force");
    const auto first = send("DELETE", path, {}, again);
    const auto second = send("DELETE", path, {}, again);
    BOOST_TEST(first.status == 200U);
    BOOST_TEST(first.header("idempotent-replayed") == "");
    BOOST_TEST(second.status == 200U);
    BOOST_TEST(second.header("idempotent-replayed") == "true");
    BOOST_TEST(without_request_id(second.body) == without_request_id(first.body));
    BOOST_TEST(send_here("DELETE", path).status == 404U);
    BOOST_TEST(send("DELETE", other_path, "{}", again).header("idempotent-replayed") == "");
    BOOST_TEST(send("DELETE", other_path + "?a=1", "{}", again).status == 409U);
}

BOOST_AUTO_TEST_CASE(a_body_that_says_something_is_refused_where_none_is_taken) {
    const auto path = "/v2/event-destinations/" + create_destination(receiver.url());
    const HttpClient::Headers here{{"Alcove-Workspace", "acme"}};
    BOOST_TEST(refusal("POST", path + "/rotate-secret", R"({"secret":"whsec_mine"})", here) ==
               "400 input_invalid secret");
    BOOST_TEST(send_here("POST", path + "/rotate-secret").status == 200U);
    BOOST_TEST(send_here("POST", path + "/rotate-secret", "{}").status == 200U);
}

BOOST_AUTO_TEST_CASE(a_removed_destination_and_a_deleted_workspace_are_told_nothing_more) {
    const auto id = create_destination(receiver.url("/a"));
    create_destination(receiver.url("/b"));
    BOOST_TEST(masked(send_here("DELETE", "/v2/event-destinations/" + id).body).starts_with("{\"id\":\"" + id));
    create_end_user("acme", "u1");
    BOOST_TEST(receiver.wait_for(1));
    BOOST_TEST(receiver.requests()[0].target == "/b");
    BOOST_TEST(send_here("GET", "/v2/event-destinations/" + id).status == 404U);
    BOOST_TEST(send("DELETE", "/api/v1/workspaces/acme").status == 200U);
    close();
    open();
    BOOST_TEST(send_here("GET", "/v2/event-destinations").status == 404U);
    std::this_thread::sleep_for(100ms);
    BOOST_TEST(receiver.requests().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

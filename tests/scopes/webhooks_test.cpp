// Webhooks as records: who there is, how many there may be, and what becomes of what they leave behind.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

using scopes::WebhookKind;

class WebhookRecordsFixture : public IdentityFixture {
public:
    scopes::Webhooks& webhooks() { return identity().webhooks; }

    scopes::NewWebhook new_destination(const std::string& name) const {
        return {.workspace = workspace,
                .url = "https://example.com/hook",
                .headers = {{"X-Key", "hidden"}},
                .secret = "whsec_1",
                .selection = scopes::EventSelection{.name = name, .types = {"*"}}};
    }
    kv::Uuid create(const std::string& name = "D") {
        return run(webhooks().create(new_destination(name))).value()->id;
    }
    void rotate(const kv::Uuid& id, const std::string& secret) {
        BOOST_TEST(outcome(run(webhooks().rotate_secret(workspace, WebhookKind::destination, id, secret))) == "ok");
    }
    // "now (former, older)"
    static std::string text_of(const scopes::WebhookSecrets& secrets) {
        std::string formers;
        for (const auto& former : secrets.formers)
            formers.append(formers.empty() ? "" : ", ").append(former.text);
        return secrets.current + (formers.empty() ? "" : " (" + formers + ")");
    }
    scopes::FollowedWebhook followed(const kv::Uuid& id) { return run(webhooks().find(id)).value(); }

    kv::Uuid workspace = create_workspace("acme");
};

BOOST_FIXTURE_TEST_SUITE(webhook_records, WebhookRecordsFixture)

BOOST_AUTO_TEST_CASE(secrets_and_headers_are_found_again_and_stand_nowhere_in_the_open) {
    const auto id = create();
    reopen();
    const auto found = followed(id);
    BOOST_TEST(found.secrets.current == "whsec_1");
    BOOST_TEST((found.secrets.headers == scopes::WebhookHeaders{{"X-Key", "hidden"}}));
    kv::PageRequest request;
    request.entries_max = 1000;
    request.values = kv::Values::include;
    const auto page = run(store().list(kv::system_namespace(), {}, request)).value();
    for (const auto& item : page.items) {
        const std::string_view value = item.entry.value;
        BOOST_TEST((value.find("whsec_1") == value.npos && value.find("hidden") == value.npos), item.key);
    }
}

BOOST_AUTO_TEST_CASE(a_webhook_is_found_as_what_it_is_where_it_is) {
    const auto id = create();
    const auto other = create_workspace("other");
    BOOST_TEST(outcome(run(webhooks().get(workspace, WebhookKind::destination, id))) == "ok");
    BOOST_TEST(outcome(run(webhooks().get(workspace, WebhookKind::trigger, id))) == "webhook_not_found");
    BOOST_TEST(outcome(run(webhooks().get(other, WebhookKind::destination, id))) == "webhook_not_found");
    BOOST_TEST(outcome(run(webhooks().remove(other, WebhookKind::destination, id))) == "webhook_not_found");
}

BOOST_AUTO_TEST_CASE(there_are_as_many_as_there_may_be) {
    for (std::size_t i = 0; i < scopes::destinations_per_workspace_max; ++i)
        create(std::to_string(i));
    BOOST_TEST(outcome(run(webhooks().create(new_destination("one more")))) == "too_many");
    const auto page = run(webhooks().list(workspace, WebhookKind::destination, {.limit = 7})).value();
    BOOST_TEST(page.items.size() == 7U);
    BOOST_TEST(page.total == scopes::destinations_per_workspace_max);
    BOOST_TEST(outcome(run(webhooks().remove(workspace, WebhookKind::destination, page.items[3].id))) == "ok");
    BOOST_TEST(outcome(run(webhooks().create(new_destination("one more")))) == "ok");
}

BOOST_AUTO_TEST_CASE(there_are_no_more_when_many_are_made_at_once) {
    constexpr std::size_t before = scopes::destinations_per_workspace_max - 5;
    for (std::size_t i = 0; i < before; ++i)
        create(std::to_string(i));
    std::vector<std::string> outcomes(threads.size());
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < threads.size(); ++i) {
        running.emplace_back([this, &outcomes, i] {
            outcomes[i] = outcome(threads[i].run(webhooks().create(new_destination("D"))));
        });
    }
    for (auto& thread : running)
        thread.join();
    BOOST_TEST(std::ranges::count(outcomes, "ok") == 5);
    BOOST_TEST(std::ranges::count(outcomes, "too_many") == static_cast<long>(threads.size()) - 5);
    const auto page = run(webhooks().list(workspace, WebhookKind::destination, {.limit = 1000})).value();
    BOOST_TEST(page.items.size() == scopes::destinations_per_workspace_max);
    BOOST_TEST(page.total == scopes::destinations_per_workspace_max);
}

BOOST_AUTO_TEST_CASE(a_request_that_was_sent_again_is_answered_also_when_there_are_too_many) {
    for (std::size_t i = 1; i < scopes::destinations_per_workspace_max; ++i)
        create(std::to_string(i));
    const kv::RequestId request{.id = "r", .digest = "d", .note = {}};
    const auto first = run(webhooks().create(new_destination("last"), request)).value();
    const auto second = run(webhooks().create(new_destination("last"), request)).value();
    BOOST_TEST(second.replayed);
    BOOST_TEST((second->id == first->id));
    BOOST_TEST(outcome(run(webhooks().create(new_destination("one more")))) == "too_many");
}

BOOST_AUTO_TEST_CASE(what_was_removed_is_recalled_as_it_was) {
    const auto id = create("D");
    const kv::RequestId request{.id = "r", .digest = "d", .note = {}};
    BOOST_TEST(!run(webhooks().recall_removed(request)).value().has_value());
    BOOST_TEST(!run(webhooks().recall_removed({})).value().has_value());
    BOOST_TEST(outcome(run(webhooks().remove(workspace, WebhookKind::destination, id, request))) == "ok");
    reopen();
    const auto recalled = run(webhooks().recall_removed(request)).value();
    BOOST_REQUIRE(recalled.has_value());
    BOOST_TEST((recalled->id == id));
    BOOST_TEST((recalled->workspace == workspace));
    BOOST_TEST(std::get<scopes::EventSelection>(recalled->selection).name == "D");
    BOOST_TEST(outcome(run(webhooks().remove(workspace, WebhookKind::destination, id))) == "webhook_not_found");
}

BOOST_AUTO_TEST_CASE(a_request_that_was_sent_again_makes_one) {
    const kv::RequestId request{.id = "r", .digest = "d", .note = {}};
    const auto first = run(webhooks().create(new_destination("D"), request)).value();
    const auto second = run(webhooks().create(new_destination("D"), request)).value();
    BOOST_TEST(second.replayed);
    BOOST_TEST((second->id == first->id));
    BOOST_TEST(run(webhooks().list(workspace, WebhookKind::destination, {})).value().total == 1U);
}

BOOST_AUTO_TEST_CASE(who_changes_its_standing_is_not_overwritten_by_who_tells_it) {
    const auto id = create();
    auto told = followed(id);
    told.webhook.delivery.failures = 3;
    told.webhook.delivery.inactive_because = "exhausted";
    const auto saved = run(webhooks().save(id, told.delivery_version, told.webhook.delivery)).value();
    BOOST_REQUIRE(saved.has_value());
    const scopes::WebhookChanges activate{.url = {}, .headers = {}, .selection = {}, .active = true};
    BOOST_TEST(outcome(run(webhooks().update(workspace, WebhookKind::destination, id, activate))) == "ok");
    BOOST_TEST(!run(webhooks().save(id, *saved, told.webhook.delivery)).value().has_value());
    BOOST_TEST(followed(id).webhook.delivery.failures == 0);
    BOOST_TEST(!followed(id).webhook.delivery.inactive_because);
}

BOOST_AUTO_TEST_CASE(telling_does_not_disturb_who_changes_it) {
    const auto id = create();
    const auto told = followed(id);
    const scopes::WebhookChanges moved{
        .url = "https://example.com/other", .headers = {}, .selection = {}, .active = {}};
    BOOST_TEST(outcome(run(webhooks().update(workspace, WebhookKind::destination, id, moved))) == "ok");
    BOOST_TEST(run(webhooks().save(id, told.delivery_version, told.webhook.delivery)).value().has_value());
    BOOST_TEST(followed(id).webhook.url == "https://example.com/other");
}

BOOST_AUTO_TEST_CASE(a_rotation_keeps_every_former_secret_until_its_end) {
    const auto id = create();
    const auto begun_ms = store().now_ms();
    rotate(id, "whsec_2");
    clock.advance(1000);
    rotate(id, "whsec_3");
    const auto secrets = followed(id).secrets;
    BOOST_TEST(text_of(secrets) == "whsec_3 (whsec_2, whsec_1)");
    BOOST_TEST(secrets.formers[0].until_ms == begun_ms + 1000 + scopes::former_secret_ms);
    BOOST_TEST(secrets.formers[1].until_ms == begun_ms + scopes::former_secret_ms);
    BOOST_TEST((secrets.headers == scopes::WebhookHeaders{{"X-Key", "hidden"}}));
    clock.advance(scopes::former_secret_ms - 1000);
    rotate(id, "whsec_4");
    BOOST_TEST(text_of(followed(id).secrets) == "whsec_4 (whsec_3, whsec_2)");
}

BOOST_AUTO_TEST_CASE(of_many_rotations_the_last_few_secrets_are_kept) {
    const auto id = create();
    for (const auto* secret : {"whsec_2", "whsec_3", "whsec_4", "whsec_5", "whsec_6", "whsec_7"})
        rotate(id, secret);
    BOOST_TEST(text_of(followed(id).secrets) == "whsec_7 (whsec_6, whsec_5, whsec_4, whsec_3, whsec_2)");
}

BOOST_AUTO_TEST_CASE(secrets_of_the_first_shape_are_still_read) {
    const auto read = [](const std::string& former) {
        return scopes::parse_record<scopes::WebhookSecrets>(R"({"current":"whsec_2",)" + former +
                                                            R"(,"headers":["X-Key","hidden"]})");
    };
    const auto with_former = read(R"("former":"whsec_1","formerUntilMs":1700000000000)");
    BOOST_TEST(text_of(with_former) == "whsec_2 (whsec_1)");
    BOOST_TEST(with_former.formers[0].until_ms == 1'700'000'000'000);
    BOOST_TEST((with_former.headers == scopes::WebhookHeaders{{"X-Key", "hidden"}}));
    BOOST_TEST(text_of(read(R"("former":null,"formerUntilMs":0)")) == "whsec_2");
    BOOST_TEST(text_of(scopes::parse_record<scopes::WebhookSecrets>(print(with_former))) == "whsec_2 (whsec_1)");
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_what_was_removed) {
    const auto id = create();
    BOOST_TEST(run(webhooks().active_ids()).value().size() == 1U);
    BOOST_TEST(outcome(run(webhooks().remove(workspace, WebhookKind::destination, id))) == "ok");
    BOOST_TEST(system_keys("delivery/") == "");
    BOOST_TEST(system_keys("sealed/") == "");
    BOOST_TEST(outcome(run(webhooks().find(id))) == "webhook_not_found");
    BOOST_TEST(run(webhooks().list(workspace, WebhookKind::destination, {})).value().total == 0U);
}

BOOST_AUTO_TEST_CASE(webhooks_go_with_their_workspace) {
    for (int i = 0; i < 3; ++i)
        create();
    BOOST_TEST(outcome(run(identity().deletion.delete_workspace(workspace))) == "ok");
    BOOST_TEST(outcome(run(webhooks().create(new_destination("late")))) == "workspace_not_found");
    reopen();
    BOOST_TEST(outcome(run(identity().deletion.resume_jobs())) == "ok");
    BOOST_TEST(system_keys("delivery/") == "");
    BOOST_TEST(system_keys("sealed/") == "");
    BOOST_TEST(run(webhooks().active_ids()).value().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

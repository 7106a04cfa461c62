// Webhooks as records: who there is, how many there may be, and what becomes of what they leave behind.
#include <boost/test/unit_test.hpp>

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

BOOST_AUTO_TEST_CASE(a_rotation_keeps_one_former_secret) {
    const auto id = create();
    for (const auto* secret : {"whsec_2", "whsec_3"})
        BOOST_TEST(outcome(run(webhooks().rotate_secret(workspace, WebhookKind::destination, id, secret))) == "ok");
    const auto secrets = followed(id).secrets;
    BOOST_TEST(secrets.current == "whsec_3");
    BOOST_TEST(secrets.former.value() == "whsec_2");
    BOOST_TEST((secrets.headers == scopes::WebhookHeaders{{"X-Key", "hidden"}}));
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

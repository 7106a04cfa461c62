// The integrations of a workspace: unique aliases, policies that fit together.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

struct IntegrationsFixture : IdentityFixture {
    scopes::Integrations& integrations() { return identity().integrations; }

    std::string create(scopes::NewIntegration made) { return outcome(run(integrations().create(std::move(made)))); }
    std::string update(const kv::Uuid& id, scopes::IntegrationChanges changes) {
        return outcome(run(integrations().update(workspace, id, std::move(changes))));
    }
    std::string aliases() {
        std::string text;
        for (const auto& item : run(integrations().list(workspace, {})).value().items)
            text.append(text.empty() ? "" : ", ").append(item.alias);
        return text;
    }

    const kv::Uuid workspace = create_workspace("acme");
};

BOOST_FIXTURE_TEST_SUITE(integrations, IntegrationsFixture)

BOOST_AUTO_TEST_CASE(of_64_racing_creates_of_one_alias_one_wins) {
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::WorkspaceIntegration>>>> creates;
    for (int i = 0; i < 64; ++i)
        creates.push_back(integrations().create(new_integration(workspace, "kv-store", "kv")));
    const auto outcomes = run_all(std::move(creates));
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return bool(one); }) == 1);
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return outcome(one) == "alias_conflict"; }) ==
               63);
    BOOST_TEST(aliases() == "kv");
}

BOOST_AUTO_TEST_CASE(an_integration_is_found_by_id_and_alias_and_name) {
    const auto id = create_integration(workspace, "kv-store", "state", "tenant-7");
    reopen();
    BOOST_TEST((run(integrations().get(workspace, "state")).value().id == id));
    BOOST_TEST(run(integrations().get(workspace, scopes::format_uuid(id))).value().alias == "state");
    BOOST_TEST(run(integrations().named(workspace, "kv-store")).value().size() == 1);
    BOOST_TEST(run(integrations().named(workspace, "kv")).value().size() == 0);
    BOOST_TEST(run(integrations().get(workspace, "state")).value().persistence.external_id.value() == "tenant-7");
    const auto other = create_workspace("other");
    BOOST_TEST(outcome(run(integrations().get(other, "state"))) == "integration_not_found");
    BOOST_TEST(outcome(run(integrations().get(other, scopes::format_uuid(id)))) == "integration_not_found");
}

BOOST_AUTO_TEST_CASE(what_does_not_go_together_is_refused) {
    auto fixed = new_integration(workspace, "slack", "fixed");
    fixed.strategy = scopes::ConnectionStrategy::fixed;
    BOOST_TEST(create(fixed) == "invalid");
    fixed.connection = uuid(9);
    BOOST_TEST(create(fixed) == "connection_not_found");
    fixed.connection = create_connection(workspace, "slack", "");
    BOOST_TEST(create(fixed) == "ok");
    auto per_user = new_integration(workspace, "slack", "per-user");
    per_user.connection = fixed.connection;
    BOOST_TEST(create(per_user) == "invalid");
    auto external = new_integration(workspace, "kv-store", "external");
    external.persistence.scope = scopes::PersistenceScope::external;
    BOOST_TEST(create(external) == "invalid");
    external.persistence = {.scope = scopes::PersistenceScope::workspace, .external_id = "k"};
    BOOST_TEST(create(external) == "invalid");
    BOOST_TEST(aliases() == "fixed");
}

BOOST_AUTO_TEST_CASE(changes_are_held_to_the_same_rules) {
    const auto id = create_integration(workspace, "kv-store", "kv", "end_user");
    create_integration(workspace, "kv-store", "taken", "end_user");
    BOOST_TEST(update(id, {.alias = scopes::Alias::parse("taken")}) == "alias_conflict");
    BOOST_TEST(update(id, {.strategy = scopes::ConnectionStrategy::fixed}) == "invalid");
    BOOST_TEST(update(id, {.persistence = scopes::Persistence{.scope = scopes::PersistenceScope::external}}) ==
               "invalid");
    BOOST_TEST(update(id, {.connection = std::optional<kv::Uuid>(uuid(9))}) == "invalid");
    BOOST_TEST(update(id, {.strategy = scopes::ConnectionStrategy::per_user_with_fallback,
                           .connection = std::optional<kv::Uuid>(uuid(9))}) == "connection_not_found");
    BOOST_TEST(update(uuid(9), {.sort_order = 1}) == "integration_not_found");
    BOOST_TEST(update(id, {.alias = scopes::Alias::parse("kv2"), .sort_order = 7}) == "ok");
    BOOST_TEST(outcome(run(integrations().get(workspace, "kv"))) == "integration_not_found");
    BOOST_TEST(run(integrations().get(workspace, "kv2")).value().sort_order == 7);
    create_integration(workspace, "kv-store", "kv", "end_user");  // the former alias is free
}

BOOST_AUTO_TEST_CASE(a_removed_integration_frees_its_alias) {
    const auto id = create_integration(workspace, "kv-store", "kv", "end_user");
    BOOST_TEST(outcome(run(integrations().remove(workspace, id))) == "ok");
    BOOST_TEST(outcome(run(integrations().remove(workspace, id))) == "integration_not_found");
    BOOST_TEST(run(integrations().named(workspace, "kv-store")).value().size() == 0);
    create_integration(workspace, "kv-store", "kv", "end_user");
}

BOOST_AUTO_TEST_CASE(a_remembered_policy_is_forgotten_when_the_change_is_answered) {
    const auto id = create_integration(workspace, "kv-store", "kv", "workspace");
    const auto scope_of = [this](std::string_view alias) {
        auto policy = run(identity().directory.policy(workspace, alias));
        return policy ? static_cast<int>((*policy)->scope) : -1;
    };
    BOOST_TEST(scope_of("kv") == static_cast<int>(kv::Scope::workspace));
    BOOST_TEST(identity().directory.cached_policy(workspace, "kv") != nullptr);
    BOOST_TEST(update(id, {.persistence = scopes::Persistence{}}) == "ok");
    BOOST_TEST(scope_of("kv") == static_cast<int>(kv::Scope::end_user));
    BOOST_TEST(update(id, {.alias = scopes::Alias::parse("kv2")}) == "ok");
    BOOST_TEST(scope_of("kv") == -1);
    BOOST_TEST(scope_of("kv2") == static_cast<int>(kv::Scope::end_user));
    BOOST_TEST(outcome(run(integrations().remove(workspace, id))) == "ok");
    BOOST_TEST(scope_of("kv2") == -1);
    BOOST_TEST(scope_of(scopes::format_uuid(id)) == -1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

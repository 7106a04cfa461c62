// What selectors come to: every row of the identifier model, every refusal, and that nothing ever falls back to a
// wider scope.
#include "scopes/resolver.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

using scopes::Selectors;

struct ResolverFixture : IdentityFixture {
    ResolverFixture() {
        acme = create_workspace("acme");
        ada = create_end_user(acme, "ada");
        bob = create_end_user(acme, "bob");
        create_integration(acme, "kv-store", "per_user", "end_user");
        create_integration(acme, "kv-store", "shared", "workspace");
        tenant_state = create_integration(acme, "kv-store", "tenant_state", "tenant-7");
        create_integration(acme, "storage", "files", "workspace");

        ada_slack = create_connection(acme, "slack", "ada", "ada-slack");
        own_slack = create_connection(acme, "slack", "", "own-slack");
        add_slack("slack-per-user", scopes::ConnectionStrategy::per_user, false);
        add_slack("slack-fixed", scopes::ConnectionStrategy::fixed, true);
        add_slack("slack-fallback", scopes::ConnectionStrategy::per_user_with_fallback, true);
    }

    void add_slack(std::string_view alias, scopes::ConnectionStrategy strategy, bool pinned) {
        auto made = new_integration(acme, "slack", alias);
        made.strategy = strategy;
        made.persistence.scope = scopes::PersistenceScope::workspace;
        if (pinned) made.connection = own_slack;
        BOOST_REQUIRE(run(identity().integrations.create(std::move(made))));
    }

    std::string show(const kv::NamespaceName& name) {
        if (name.workspace != acme) return "another workspace!";
        if (name.scope == kv::Scope::workspace) return "workspace";
        if (name.scope == kv::Scope::external) return "external " + name.subject;
        if (name.subject == scopes::uuid_bytes(ada)) return "ada";
        return name.subject == scopes::uuid_bytes(bob) ? "bob" : "somebody";
    }
    // "tenant_state, external tenant-7", with the connection when there is one; or what refused it, and its field.
    std::string resolve(Selectors selectors) {
        auto resolved = run(identity().resolver.resolve(acme, std::move(selectors)));
        if (!resolved) {
            const auto& field = resolved.error().field;
            return std::string(name_of(resolved.error().code)) + (field.empty() ? "" : " " + field);
        }
        auto text = resolved->integration.alias + ", " + show(resolved->namespace_name);
        if (resolved->connection) text += resolved->connection->id == ada_slack ? ", ada's slack" : ", own slack";
        return text;
    }

    kv::Uuid acme{}, ada{}, bob{}, tenant_state{}, ada_slack{}, own_slack{};
};

BOOST_FIXTURE_TEST_SUITE(resolver, ResolverFixture)

BOOST_AUTO_TEST_CASE(every_selector_of_the_identifier_model_means_one_thing) {
    const auto id = scopes::format_uuid(tenant_state);
    struct Row {
        Selectors selectors;
        std::string expected;
    };
    const std::vector<Row> rows = {
        // which integration
        {{.integration_alias = "tenant_state"}, "tenant_state, external tenant-7"},
        {{.workspace_integration_id = id}, "tenant_state, external tenant-7"},
        {{.workspace_integration_id = id, .integration_alias = "tenant_state", .integration_name = "kv-store"},
         "tenant_state, external tenant-7"},
        {{.integration_name = "storage"}, "files, workspace"},
        {{.integration_name = "kv-store"}, "ambiguous_integration"},
        {{.integration_name = "none"}, "integration_not_found"},
        {{.integration_alias = "none"}, "integration_not_found"},
        {{.integration_alias = id}, "integration_not_found"},
        {{.workspace_integration_id = "tenant_state"}, "invalid workspaceIntegrationId"},
        {{.workspace_integration_id = scopes::format_uuid(ada)}, "integration_not_found"},
        {{.integration_alias = "tenant_state", .integration_name = "storage"}, "invalid integrationName"},
        {{.workspace_integration_id = id, .integration_alias = "shared"}, "invalid integrationAlias"},
        {{}, "invalid integrationName"},
        // whose data: the policy says it, the end user's external id says who
        {{.integration_alias = "per_user", .end_user_id = "ada"}, "per_user, ada"},
        {{.integration_alias = "per_user", .end_user_id = "bob"}, "per_user, bob"},
        {{.integration_alias = "per_user"}, "invalid endUserId"},
        {{.integration_alias = "per_user", .end_user_id = "eve"}, "end_user_not_found"},
        {{.integration_alias = "per_user", .end_user_id = scopes::format_uuid(ada)}, "end_user_not_found"},
        {{.integration_alias = "per_user", .end_user_id = "ADA"}, "end_user_not_found"},
        {{.integration_alias = "per_user", .end_user_id = "a\x01"}, "end_user_not_found"},
        {{.integration_alias = "shared"}, "shared, workspace"},
        {{.integration_alias = "shared", .end_user_id = "ada"}, "shared, workspace"},
        {{.integration_alias = "shared", .end_user_id = "eve"}, "end_user_not_found"},
        {{.integration_alias = "tenant_state", .end_user_id = "bob"}, "tenant_state, external tenant-7"},
        // which connection
        {{.integration_alias = "slack-per-user", .end_user_id = "ada"}, "slack-per-user, workspace, ada's slack"},
        {{.integration_alias = "slack-per-user", .end_user_id = "bob"}, "connection_required"},
        {{.integration_alias = "slack-per-user"}, "connection_required"},
        {{.integration_alias = "slack-per-user", .connection_external_id = "ada-slack"},
         "slack-per-user, workspace, ada's slack"},
        {{.integration_alias = "slack-per-user", .end_user_id = "bob", .connection_external_id = "own-slack"},
         "slack-per-user, workspace, own slack"},
        {{.integration_alias = "slack-per-user", .end_user_id = "bob", .connection_external_id = "ada-slack"},
         "invalid connectionExternalId"},
        {{.integration_alias = "slack-per-user", .connection_external_id = "none"}, "connection_not_found"},
        {{.integration_alias = "slack-fixed"}, "slack-fixed, workspace, own slack"},
        {{.integration_alias = "slack-fixed", .end_user_id = "ada"}, "slack-fixed, workspace, own slack"},
        {{.integration_alias = "slack-fallback", .end_user_id = "ada"}, "slack-fallback, workspace, ada's slack"},
        {{.integration_alias = "slack-fallback", .end_user_id = "bob"}, "slack-fallback, workspace, own slack"},
        {{.integration_alias = "slack-fallback"}, "slack-fallback, workspace, own slack"},
        {{.integration_alias = "shared", .connection_external_id = "own-slack"}, "connection_not_found"},
    };
    for (std::size_t i = 0; i < rows.size(); ++i)
        BOOST_TEST(resolve(rows[i].selectors) == rows[i].expected,
                   "row " << i << ": " << resolve(rows[i].selectors));
}

BOOST_AUTO_TEST_CASE(an_ambiguous_name_tells_the_aliases) {
    const auto resolved = run(identity().resolver.resolve(acme, {.integration_name = "kv-store"}));
    const std::vector<std::string> aliases = {"per_user", "shared", "tenant_state"};
    BOOST_TEST(resolved.error().names == aliases);
}

BOOST_AUTO_TEST_CASE(the_explanation_tells_each_step) {
    const auto resolved =
        run(identity().resolver.resolve(acme, {.integration_alias = "per_user", .end_user_id = "ada"})).value();
    BOOST_REQUIRE(resolved.explanation.size() == 4);
    BOOST_TEST(resolved.explanation[0].starts_with("the integration 'per_user' (kv-store, "));
    BOOST_TEST(resolved.explanation[1] ==
               "'ada' is the primary external id of the end user " + scopes::format_uuid(ada));
    BOOST_TEST(resolved.explanation[2] == "a built-in integration needs no connection");
    BOOST_TEST(resolved.explanation[3] == "the policy of the integration is the scope 'end_user'");
}

BOOST_AUTO_TEST_CASE(changing_the_policy_switches_the_namespace_and_back) {
    const auto put_and_get = [this](std::string_view value) {
        auto resolved =
            run(identity().resolver.resolve(acme, {.integration_alias = "shared", .end_user_id = "ada"}));
        const auto former = read(resolved->namespace_name, "k");
        write(resolved->namespace_name, "k", value);
        return former;
    };
    const auto set = [this](scopes::Persistence persistence) {
        const auto id = run(identity().integrations.get(acme, "shared")).value().id;
        BOOST_REQUIRE(run(identity().integrations.update(acme, id, {.persistence = std::move(persistence)})));
    };
    BOOST_TEST(put_and_get("of the workspace") == "not_found");
    set({});
    BOOST_TEST(put_and_get("of ada") == "not_found");
    set({.scope = scopes::PersistenceScope::external, .external_id = "x"});
    BOOST_TEST(put_and_get("of x") == "not_found");
    set({.scope = scopes::PersistenceScope::workspace});
    BOOST_TEST(put_and_get("") == "of the workspace");
    set({});
    BOOST_TEST(put_and_get("") == "of ada");
}

// Random policies and selectors over two workspaces that use the same names for everything: whatever a request
// comes to, it is in its own workspace, and it is an end user's only if the request named that very end user.
BOOST_AUTO_TEST_CASE(no_request_reaches_what_its_selectors_do_not_name) {
    std::mt19937_64 random(20'231'114);
    const auto any = [&random](const auto& choices) { return choices[random() % std::size(choices)]; };
    const std::vector<std::string> people = {"u1", "u2", "u3"};
    const std::vector<std::string> aliases = {"a", "b", "c", "u1"};
    const std::vector<std::string> names = {"kv-store", "storage"};
    const std::vector<std::string> policies = {"end_user", "workspace", "u1", "u2"};
    struct World {
        kv::Uuid workspace;
        std::map<std::string, std::string> subjects;  // of the people
        std::vector<kv::Uuid> integrations;
    };
    std::vector<World> worlds;
    for (const auto* slug : {"one", "two"}) {
        World world{.workspace = create_workspace(slug), .subjects = {}, .integrations = {}};
        for (const auto& person : people)
            world.subjects[person] = scopes::uuid_bytes(create_end_user(world.workspace, person));
        for (const auto& alias : aliases)
            world.integrations.push_back(create_integration(world.workspace, any(names), alias, any(policies)));
        worlds.push_back(std::move(world));
    }
    int reached = 0;
    int reached_end_users = 0;
    for (int i = 0; i < 4000; ++i) {
        auto& world = worlds[random() % 2];
        const auto& foreign = worlds[&world == &worlds[0] ? 1 : 0];
        if (random() % 8 == 0) {
            const auto persistence = any(policies);
            scopes::Persistence changed;
            if (const auto scope = scopes::parse_persistence_scope(persistence)) {
                changed.scope = *scope;
            } else {
                changed = {.scope = scopes::PersistenceScope::external, .external_id = persistence};
            }
            BOOST_REQUIRE(run(identity().integrations.update(world.workspace, any(world.integrations),
                                                             {.persistence = std::move(changed)})));
        }
        Selectors selectors;
        if (random() % 2) selectors.integration_alias = any(aliases);
        if (random() % 4 == 0) selectors.integration_name = any(names);
        if (random() % 4 == 0) {
            const auto& from = random() % 2 ? world : foreign;
            selectors.workspace_integration_id = scopes::format_uuid(any(from.integrations));
        }
        if (random() % 2) {
            const auto subject = foreign.subjects.at(any(people));
            selectors.end_user_id =
                random() % 8 == 0 ? scopes::format_uuid(scopes::uuid_of_bytes(subject)) : any(people);
        }
        const auto asked = selectors;
        const auto resolved = run(identity().resolver.resolve(world.workspace, std::move(selectors)));
        if (!resolved) continue;
        ++reached;
        const auto& name = resolved->namespace_name;
        BOOST_REQUIRE((name.workspace == world.workspace));
        const auto& persistence = resolved->integration.persistence;
        if (name.scope == kv::Scope::end_user) {
            ++reached_end_users;
            BOOST_REQUIRE(asked.end_user_id.has_value());
            BOOST_REQUIRE(name.subject == world.subjects.at(*asked.end_user_id));
        } else if (name.scope == kv::Scope::external) {
            BOOST_REQUIRE(name.subject == persistence.external_id.value());
        }
        BOOST_REQUIRE(scopes::to_string(persistence.scope) == (name.scope == kv::Scope::end_user   ? "end_user"
                                                               : name.scope == kv::Scope::external ? "external"
                                                                                                   : "workspace"));
    }
    BOOST_TEST(reached > 500);
    BOOST_TEST(reached_end_users > 50);
}

BOOST_AUTO_TEST_CASE(a_terminated_connection_is_no_longer_used) {
    BOOST_TEST(resolve({.integration_alias = "slack-per-user", .end_user_id = "ada"}) ==
               "slack-per-user, workspace, ada's slack");
    BOOST_REQUIRE(run(identity().connections.terminate(ada_slack)));
    BOOST_TEST(resolve({.integration_alias = "slack-per-user", .end_user_id = "ada"}) == "connection_required");
    BOOST_TEST(resolve({.integration_alias = "slack-fallback", .end_user_id = "ada"}) ==
               "slack-fallback, workspace, own slack");
    BOOST_REQUIRE(run(identity().connections.terminate(own_slack)));
    for (const auto* alias : {"slack-fallback", "slack-fixed"})
        BOOST_TEST(resolve({.integration_alias = alias, .end_user_id = "ada"}) == "connection_not_found");
    BOOST_TEST(resolve({.integration_alias = "slack-per-user", .connection_external_id = "ada-slack"}) ==
               "connection_not_found");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

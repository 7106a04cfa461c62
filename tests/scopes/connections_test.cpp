// Connections: unique selectors, filters, credentials, and their end with their end user.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

struct ConnectionsFixture : IdentityFixture {
    scopes::Connections& connections() { return identity().connections; }

    // The integrations of the page, in order, and how many there are in all.
    std::string list(scopes::ConnectionFilter filter, scopes::ListRequest request = {}) {
        auto listing = run(connections().list(workspace, std::move(filter), std::move(request))).value();
        std::string text;
        for (const auto& item : listing.items)
            text.append(text.empty() ? "" : ", ")
                .append(item.integration_name)
                .append(item.external_id ? "/" + *item.external_id : "");
        next = listing.next;
        return text + " of " + std::to_string(listing.total) + (next.empty() ? "" : " more");
    }
    std::string credentials_of(const kv::Uuid& id) {
        return run(connections().credentials(id)).value().value_or("none");
    }
    std::uint64_t count_of(std::string_view end_user) {
        return run(identity().end_users.get_by_external_id(workspace, *scopes::ExternalId::parse(end_user)))
            .value()
            .connections;
    }

    // "terminated label, 0 credentials"
    static std::string show(const scopes::Result<scopes::Written<scopes::Connection>>& written) {
        if (!written) return outcome(written);
        const auto& connection = written->resource;
        return std::string(to_string(connection.status)) + " " + connection.owner_external_id.value_or("") + ", " +
               std::to_string(connection.credential_names.size()) + " credentials";
    }
    std::string report(const kv::Uuid& id, std::string_view type) {
        scopes::ConnectionReport what{.type = *scopes::EventType::parse(type)};
        return outcome(run(connections().report(id, std::move(what))));
    }

    const kv::Uuid workspace = create_workspace("acme");
    std::string next;
};

BOOST_FIXTURE_TEST_SUITE(connections, ConnectionsFixture)

BOOST_AUTO_TEST_CASE(created_connection_has_all_its_fields_also_after_a_restart) {
    auto made = new_connection(workspace, "slack");
    made.external_id = scopes::ExternalId::parse("team-a");
    made.owner_external_id = scopes::Label::parse("owner");
    made.display_name = scopes::Label::parse("Slack");
    made.end_user = scopes::ExternalId::parse("u");
    made.credentials = scopes::Credentials::parse(R"({"token":"t"})");
    const auto id = run(connections().create(std::move(made))).value()->id;
    reopen();
    const auto found = run(connections().get(id)).value();
    BOOST_TEST(found.integration_name == "slack");
    BOOST_TEST(found.external_id.value() == "team-a");
    BOOST_TEST(found.owner_external_id.value() == "owner");
    BOOST_TEST(found.display_name.value() == "Slack");
    BOOST_TEST(found.end_user_external_id.value() == "u");
    BOOST_TEST(to_string(found.status) == "connected");
    BOOST_TEST(credentials_of(id) == R"({"token":"t"})");
    BOOST_TEST(count_of("u") == 1);
}

BOOST_AUTO_TEST_CASE(of_64_racing_creates_of_one_selector_one_wins) {
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::Connection>>>> creates;
    for (int i = 0; i < 64; ++i) {
        auto made = new_connection(workspace, "slack");
        made.external_id = scopes::ExternalId::parse("one");
        creates.push_back(connections().create(std::move(made)));
    }
    const auto outcomes = run_all(std::move(creates));
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return bool(one); }) == 1);
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return outcome(one) == "duplicate"; }) == 63);
    create_connection(workspace, "github", "", "one");  // of another integration it is free
    BOOST_TEST(list({}) == "slack/one, github/one of 2");
}

BOOST_AUTO_TEST_CASE(racing_creates_for_an_unknown_end_user_make_one_end_user) {
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::Connection>>>> creates;
    for (int i = 0; i < 16; ++i) {
        auto made = new_connection(workspace, "slack");
        made.end_user = scopes::ExternalId::parse("u");
        creates.push_back(connections().create(std::move(made)));
    }
    for (const auto& one : run_all(std::move(creates)))
        BOOST_TEST(outcome(one) == "ok");
    BOOST_TEST(count_of("u") == 16);
    BOOST_TEST(run(identity().end_users.list(workspace, {})).value().total == 1);
}

BOOST_AUTO_TEST_CASE(filters_hold_together_and_pages_go_on) {
    create_connection(workspace, "slack", "a", "s1");
    create_connection(workspace, "github", "a", "s1");
    create_connection(workspace, "slack", "b", "s2");
    create_connection(workspace, "slack", "", "s3");
    const auto a = run(identity().end_users.get_by_external_id(workspace, *scopes::ExternalId::parse("a"))).value();
    BOOST_TEST(list({}) == "slack/s1, github/s1, slack/s2, slack/s3 of 4");
    BOOST_TEST(list({.integration_name = "slack"}) == "slack/s1, slack/s2, slack/s3 of 3");
    BOOST_TEST(list({.external_id = "s1"}) == "slack/s1, github/s1 of 2");
    BOOST_TEST(list({.end_user = a.id}) == "slack/s1, github/s1 of 2");
    BOOST_TEST(list({.integration_name = "slack", .end_user = a.id}) == "slack/s1 of 1");
    BOOST_TEST(list({.integration_name = "slack", .external_id = "s1"}) == "slack/s1 of 1");
    BOOST_TEST(list({.integration_name = "none"}) == " of 0");
    BOOST_TEST(list({.integration_name = "slack"}, {.limit = 2}) == "slack/s1, slack/s2 of 3 more");
    BOOST_TEST(list({.integration_name = "slack"}, {.limit = 2, .cursor = next}) == "slack/s3 of 3");
    BOOST_TEST(list({.integration_name = "slack"}, {.limit = 1, .offset = 1}) == "slack/s2 of 3 more");
}

BOOST_AUTO_TEST_CASE(changes_move_the_selector_the_label_and_the_credentials) {
    const auto id = create_connection(workspace, "slack", "", "old");
    create_connection(workspace, "slack", "", "taken");
    scopes::ConnectionChanges changes;
    changes.external_id = scopes::ExternalId::parse("new");
    changes.owner_external_id = scopes::Label::parse("label");
    changes.credentials = scopes::Credentials::parse(R"({"a":1})");
    BOOST_TEST(run(connections().update(id, changes)).value()->external_id.value() == "new");
    BOOST_TEST(list({.external_id = "old"}) == " of 0");
    BOOST_TEST(list({.external_id = "new"}) == "slack/new of 1");
    BOOST_TEST(list({.owner_external_id = "label"}) == "slack/new of 1");
    BOOST_TEST(credentials_of(id) == R"({"a":1})");

    changes = {};
    changes.external_id = scopes::ExternalId::parse("taken");
    BOOST_TEST(outcome(run(connections().update(id, changes))) == "duplicate");
    changes.external_id = std::optional<scopes::ExternalId>();
    changes.owner_external_id = std::optional<scopes::Label>();
    changes.credentials = std::optional<scopes::Credentials>();
    BOOST_TEST(!run(connections().update(id, changes)).value()->external_id.has_value());
    BOOST_TEST(list({.external_id = "new"}) == " of 0");
    BOOST_TEST(list({.owner_external_id = "label"}) == " of 0");
    BOOST_TEST(credentials_of(id) == "none");
}

BOOST_AUTO_TEST_CASE(a_removed_connection_leaves_no_record) {
    const auto before = system_keys("");
    auto made = new_connection(workspace, "slack");
    made.external_id = scopes::ExternalId::parse("s");
    made.owner_external_id = scopes::Label::parse("o");
    made.credentials = scopes::Credentials::parse("{}");
    const auto id = run(connections().create(std::move(made))).value()->id;
    BOOST_TEST(outcome(run(connections().remove(id))) == "ok");
    BOOST_TEST(outcome(run(connections().get(id))) == "connection_not_found");
    BOOST_TEST(outcome(run(connections().remove(id))) == "connection_not_found");
    const auto total = scopes::keys::connections_total(workspace);
    const auto events = 2 * (2 + scopes::keys::events(workspace).size() + scopes::Place::text_length);
    BOOST_TEST(system_keys("").size() == before.size() + 2 + total.size() + events);
}

BOOST_AUTO_TEST_CASE(connections_and_tokens_go_with_their_end_user_in_one_commit) {
    const auto id = create_end_user(workspace, "u");
    for (const auto* integration : {"slack", "github"})
        create_connection(workspace, integration, "u", "s");
    create_connection(workspace, "slack", "other");
    const auto token = run(identity().tokens.create_mcp_token(id, 3'600'000)).value().plain.value();
    BOOST_TEST(bool(run(identity().tokens.find(token)).value()));
    BOOST_REQUIRE(run(identity().deletion.delete_end_user(id)));
    BOOST_TEST(!run(identity().tokens.find(token)).value());
    BOOST_TEST(list({}) == "slack of 1");
    BOOST_TEST(list({.external_id = "s"}) == " of 0");
    BOOST_TEST(system_keys(scopes::keys::mcp_tokens(workspace)) == "");
    BOOST_TEST(system_keys(scopes::keys::all_tokens_of(workspace)) == "");
}

BOOST_AUTO_TEST_CASE(an_end_user_has_so_many_connections_and_no_more) {
    for (std::size_t i = 0; i < scopes::connections_per_end_user_max; ++i)
        create_connection(workspace, "slack", "u", "s" + std::to_string(i));
    auto one_more = new_connection(workspace, "slack");
    one_more.end_user = scopes::ExternalId::parse("u");
    BOOST_TEST(outcome(run(connections().create(one_more))) == "too_many");
    const kv::RequestId request{.id = "once", .digest = "d", .note = {}};
    BOOST_REQUIRE(run(connections().remove(run(connections().get_selected(workspace, "slack", "s0")).value().id)));
    const auto last = run(connections().create(one_more, request)).value();
    BOOST_TEST(outcome(run(connections().create(one_more))) == "too_many");
    BOOST_TEST((run(connections().create(one_more, request)).value()->id == last->id));
    const auto id =
        run(identity().end_users.get_by_external_id(workspace, *scopes::ExternalId::parse("u"))).value().id;
    for (std::size_t i = 0; i < scopes::tokens_per_end_user_max; ++i)
        BOOST_REQUIRE(run(identity().tokens.create_mcp_token(id, 3'600'000)));
    BOOST_TEST(outcome(run(identity().tokens.create_mcp_token(id, 3'600'000))) == "too_many");
    BOOST_TEST(outcome(run(identity().deletion.delete_end_user(id))) == "ok");
    BOOST_TEST(list({}) == " of 0");
}

BOOST_AUTO_TEST_CASE(a_workspace_takes_everything_of_it_along) {
    const auto id = create_end_user(workspace, "u");
    create_connection(workspace, "slack", "u", "s");
    create_integration(workspace, "kv-store", "kv", "workspace");
    const auto token = run(identity().tokens.create_end_user_token(id, {}, 3'600'000)).value().plain.value();
    BOOST_REQUIRE(run(identity().deletion.delete_workspace(workspace)));
    reopen();
    BOOST_REQUIRE(run(identity().deletion.resume_jobs()));
    BOOST_TEST(!run(identity().tokens.find(token)).value());
    BOOST_TEST(system_keys("id/") == "");
    BOOST_TEST(system_keys("token/") == "");
    BOOST_TEST(system_keys("sealed/") == "");
    BOOST_TEST(system_keys(scopes::keys::owned(workspace)) == "");
}

BOOST_AUTO_TEST_CASE(a_terminated_connection_stays_readable_without_selector_and_credentials) {
    auto made = new_connection(workspace, "slack");
    made.external_id = scopes::ExternalId::parse("s");
    made.owner_external_id = scopes::Label::parse("label");
    made.end_user = scopes::ExternalId::parse("u");
    made.credentials = scopes::Credentials::parse(R"({"token":"t"})");
    const auto id = run(connections().create(std::move(made))).value()->id;
    BOOST_TEST(show(run(connections().terminate(id))) == "terminated label, 0 credentials");
    BOOST_TEST(credentials_of(id) == "none");
    BOOST_TEST(system_keys("sealed/") == "");
    BOOST_TEST(outcome(run(connections().get_selected(workspace, "slack", "s"))) == "connection_not_found");
    BOOST_TEST(list({.owner_external_id = "label"}) == "slack of 1");
    BOOST_TEST(count_of("u") == 1);
    create_connection(workspace, "slack", "u", "s");
    BOOST_TEST(list({}) == "slack, slack/s of 2");
    BOOST_TEST(list({.statuses = {scopes::ConnectionStatus::terminated}}) == "slack of 1");
    reopen();
    BOOST_TEST(to_string(run(connections().get(id)).value().status) == "terminated");
}

BOOST_AUTO_TEST_CASE(nothing_changes_a_terminated_connection) {
    const auto id = create_connection(workspace, "slack", "", "s");
    BOOST_REQUIRE(run(connections().terminate(id)));
    const auto ended = run(connections().get(id)).value().updated_ms;
    clock.advance(5);
    BOOST_TEST(show(run(connections().terminate(id))) == "terminated , 0 credentials");
    scopes::ConnectionChanges changes;
    changes.auth_method = scopes::AuthMethod::none;
    BOOST_TEST(outcome(run(connections().update(id, changes))) == "connection_terminated");
    BOOST_TEST(report(id, "connection.connected") == "connection_terminated");
    BOOST_TEST(report(id, "task_run.completed") == "ok");
    BOOST_TEST(run(connections().get(id)).value().updated_ms == ended);
    BOOST_TEST(outcome(run(connections().remove(id))) == "ok");
    BOOST_TEST(outcome(run(connections().terminate(id))) == "connection_not_found");
}

BOOST_AUTO_TEST_CASE(reports_move_the_connection_and_tell_what_it_became) {
    const auto id = create_connection(workspace, "slack", "");
    for (const auto* status : {"interaction_required", "disconnected", "connected"}) {
        BOOST_TEST(report(id, std::string("connection.") + status) == "ok");
        BOOST_TEST(to_string(run(connections().get(id)).value().status) == status);
    }
    BOOST_TEST(report(id, "connection.connecting") == "ok");  // which no worker's report moves to
    BOOST_TEST(to_string(run(connections().get(id)).value().status) == "connected");
}

BOOST_AUTO_TEST_CASE(another_proof_has_to_be_proven_again) {
    const auto id = create_connection(workspace, "slack", "");
    const auto status_after = [&](const scopes::ConnectionChanges& changes) {
        const auto updated = run(connections().update(id, changes)).value();
        return std::string(to_string(updated->status)) + ", " + std::to_string(updated->credential_names.size()) +
               " credentials, " + credentials_of(id);
    };
    const auto token = scopes::Credentials::parse(R"({"token":"t"})");
    BOOST_TEST(status_after({.credentials = token}) == R"(connected, 1 credentials, {"token":"t"})");
    BOOST_TEST(status_after({.auth_method = scopes::AuthMethod::username_password}) ==
               R"(connecting, 1 credentials, {"token":"t"})");
    BOOST_TEST(report(id, "connection.connected") == "ok");
    BOOST_TEST(status_after({.owner_external_id = scopes::Label::parse("l")}) ==
               R"(connected, 1 credentials, {"token":"t"})");
    BOOST_TEST(status_after({.credentials = scopes::Credentials::parse("{}")}) == "connecting, 0 credentials, {}");
    BOOST_TEST(status_after({.auth_method = scopes::AuthMethod::none}) == "connected, 0 credentials, none");
}

BOOST_AUTO_TEST_CASE(what_was_done_before_the_end_is_answered_again_after_it) {
    const auto id = create_connection(workspace, "slack", "", "s");
    const kv::RequestId updating{.id = "update", .digest = "d", .note = {}};
    const kv::RequestId ending{.id = "end", .digest = "d", .note = {}};
    scopes::ConnectionChanges changes;
    changes.owner_external_id = scopes::Label::parse("label");
    BOOST_TEST(!run(connections().update(id, changes, updating)).value().replayed);
    BOOST_TEST(!run(connections().terminate(id, ending)).value().replayed);
    const auto again = run(connections().update(id, changes, updating)).value();
    BOOST_TEST(again.replayed);
    BOOST_TEST(again->external_id.value() == "s");
    BOOST_TEST(run(connections().terminate(id, ending)).value().replayed);
}

BOOST_AUTO_TEST_CASE(an_end_users_oldest_living_connection_is_used) {
    const auto first = create_connection(workspace, "slack", "u");
    const auto second = create_connection(workspace, "slack", "u");
    const auto owner = run(connections().get(first)).value().end_user.value();
    const auto used = [&] { return run(connections().get_of(workspace, owner, "slack")); };
    BOOST_TEST((used()->id == first));
    BOOST_REQUIRE(run(connections().terminate(first)));
    BOOST_TEST((used()->id == second));
    report(second, "connection.disconnected");
    BOOST_TEST((used()->id == second));
    BOOST_REQUIRE(run(connections().terminate(second)));
    BOOST_TEST(outcome(used()) == "connection_not_found");
}

BOOST_AUTO_TEST_CASE(credentials_have_bounds) {
    const auto with_members = [](std::size_t count) {
        std::string json = "{";
        for (std::size_t i = 0; i < count; ++i)
            json.append(i == 0 ? "" : ",").append("\"m").append(std::to_string(i)).append("\":{}");
        return json + "}";
    };
    const auto named = [](std::size_t length) { return "{\"" + std::string(length, 'n') + "\":1}"; };
    const auto sized = [](std::size_t size) { return "{\"k\":\"" + std::string(size - 8, 'v') + "\"}"; };
    const auto is_good = [](const std::string& json) { return scopes::Credentials::parse(json).has_value(); };
    BOOST_TEST(is_good(with_members(scopes::credentials_members_max)));
    BOOST_TEST(!is_good(with_members(scopes::credentials_members_max + 1)));
    BOOST_TEST(is_good(named(scopes::credential_name_bytes_max)));
    BOOST_TEST(!is_good(named(scopes::credential_name_bytes_max + 1)));
    BOOST_TEST(is_good(sized(scopes::credentials_bytes_max)));
    BOOST_TEST(!is_good(sized(scopes::credentials_bytes_max + 1)));
    const auto parsed = scopes::Credentials::parse(R"({"b":{"c":1},"a":[2]})").value();
    BOOST_TEST((parsed.names() == std::vector<std::string>{"b", "a"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

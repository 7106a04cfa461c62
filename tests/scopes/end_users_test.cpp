// End users: unique external ids, fields, lists.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

struct EndUsersFixture : IdentityFixture {
    scopes::EndUsers& end_users() { return identity().end_users; }

    std::string list(const kv::Uuid& id) {
        const auto listing = run(end_users().list(id, {})).value();
        std::string text;
        for (const auto& end_user : listing.items)
            text += (text.empty() ? "" : ", ") + end_user.external_id;
        return text + " of " + std::to_string(listing.total);
    }

    kv::Uuid workspace = create_workspace("acme");
};

BOOST_FIXTURE_TEST_SUITE(end_users, EndUsersFixture)

BOOST_AUTO_TEST_CASE(created_end_user_has_all_its_fields_also_after_a_restart) {
    auto request = new_end_user(workspace, "user_123");
    request.display_name = scopes::Label::parse("Ada");
    request.email = scopes::Email::parse("ada@example.com");
    request.metadata = *scopes::Metadata::parse("{ \"n\": 12345678901234567890123 }");
    const auto id = run(end_users().create(std::move(request))).value()->id;
    reopen();
    const auto found = run(end_users().get(id)).value();
    BOOST_TEST((found.workspace == workspace));
    BOOST_TEST(found.external_id == "user_123");
    BOOST_TEST(found.display_name.value() == "Ada");
    BOOST_TEST(found.email.value() == "ada@example.com");
    BOOST_TEST(found.metadata_json == "{ \"n\": 12345678901234567890123 }");
    BOOST_TEST(found.deprecated_external_ids.empty());
}

BOOST_AUTO_TEST_CASE(of_64_racing_creates_of_one_external_id_one_wins) {
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::EndUser>>>> creates;
    for (int i = 0; i < 64; ++i)
        creates.push_back(end_users().create(new_end_user(workspace, "u")));
    const auto outcomes = run_all(std::move(creates));
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return bool(one); }) == 1);
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return outcome(one) == "duplicate"; }) == 63);
    BOOST_TEST(list(workspace) == "u of 1");
}

BOOST_AUTO_TEST_CASE(of_64_racing_creates_with_one_request_id_one_has_an_effect_and_all_have_its_answer) {
    const kv::RequestId request{.id = "once", .digest = "d", .note = {}};
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::EndUser>>>> creates;
    for (int i = 0; i < 64; ++i)
        creates.push_back(end_users().create(new_end_user(workspace, "u"), request));
    const auto outcomes = run_all(std::move(creates));
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return one && one->replayed; }) == 63);
    BOOST_TEST(std::ranges::count_if(outcomes, [&outcomes](const auto& one) {
                   return one->resource.id == outcomes.front()->resource.id;
               }) == 64);
    BOOST_TEST(list(workspace) == "u of 1");
}

BOOST_AUTO_TEST_CASE(external_id_is_free_in_another_workspace) {
    const auto other = create_workspace("other");
    const auto here = create_end_user(workspace, "u");
    const auto there = create_end_user(other, "u");
    BOOST_TEST((resolve("acme", "u")->subject == scopes::uuid_bytes(here)));
    BOOST_TEST((resolve("other", "u")->subject == scopes::uuid_bytes(there)));
    BOOST_TEST(list(other) == "u of 1");
}

BOOST_AUTO_TEST_CASE(external_ids_of_1020_bytes_are_told_apart) {
    std::string longest;
    for (int i = 0; i < 254; ++i)
        longest += "\xf0\x9f\x98\x80";
    create_end_user(workspace, longest + "a");
    create_end_user(workspace, longest + "b");
    BOOST_TEST((*resolve("acme", longest + "a") != *resolve("acme", longest + "b")));
    BOOST_TEST(!resolve("acme", longest).has_value());
}

BOOST_AUTO_TEST_CASE(end_user_of_an_unknown_workspace_is_not_created) {
    BOOST_TEST(outcome(run(end_users().create(new_end_user(kv::Uuid{}, "u")))) == "workspace_not_found");
    BOOST_TEST(system_keys("id/") == "");
}

BOOST_AUTO_TEST_CASE(changes_set_clear_and_leave_alone) {
    auto request = new_end_user(workspace, "u");
    request.display_name = scopes::Label::parse("Ada");
    request.email = scopes::Email::parse("ada@example.com");
    const auto id = run(end_users().create(std::move(request))).value()->id;
    scopes::EndUserChanges changes;
    changes.display_name = std::optional<scopes::Label>();
    changes.metadata = scopes::Metadata::parse("{\"a\":1}");
    const auto changed = run(end_users().update(id, changes)).value().resource;
    BOOST_TEST(!changed.display_name.has_value());
    BOOST_TEST(changed.email.value() == "ada@example.com");
    BOOST_TEST(changed.metadata_json == "{\"a\":1}");
    BOOST_TEST(changed.external_id == "u");
    BOOST_TEST(outcome(run(end_users().update(kv::Uuid{}, changes))) == "end_user_not_found");
}

BOOST_AUTO_TEST_CASE(list_is_in_creation_order) {
    for (const auto* id : {"c", "a", "b"})
        create_end_user(workspace, id);
    BOOST_TEST(list(workspace) == "c, a, b of 3");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Workspaces: unique slugs, lists, changes.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

using scopes::ListRequest;

struct WorkspacesFixture : IdentityFixture {
    scopes::Workspaces& workspaces() { return identity().workspaces; }

    // "b, c of 5 more"
    std::string list(ListRequest request) {
        const auto listing = run(workspaces().list(std::move(request)));
        if (!listing) return outcome(listing);
        std::string text;
        for (const auto& workspace : listing->items)
            text += (text.empty() ? "" : ", ") + workspace.slug;
        text += " of " + std::to_string(listing->total) + (listing->next.empty() ? "" : " more");
        next = listing->next;
        return text;
    }
    scopes::Result<scopes::Workspace> rename(const kv::Uuid& id, std::string_view slug) {
        scopes::WorkspaceChanges changes{.name = {}, .slug = *scopes::Slug::parse(slug)};
        auto updated = run(workspaces().update(id, std::move(changes)));
        if (!updated) return updated.error();
        return std::move(updated->resource);
    }

    std::string next;
};

BOOST_FIXTURE_TEST_SUITE(workspaces, WorkspacesFixture)

BOOST_AUTO_TEST_CASE(created_workspace_is_found_by_id_and_slug_also_after_a_restart) {
    const auto created = run(workspaces().create(new_workspace("acme"))).value().resource;
    BOOST_TEST(created.slug == "acme");
    BOOST_TEST(created.name == "Name of acme");
    BOOST_TEST(created.created_ms == created.updated_ms);
    BOOST_TEST(created.created_ms == clock.now_ms());
    reopen();
    BOOST_TEST(run(workspaces().get(created.id)).value().name == "Name of acme");
    BOOST_TEST((resolve("acme")->workspace == created.id));
    BOOST_TEST((resolve(scopes::format_uuid(created.id))->workspace == created.id));
    BOOST_TEST(!resolve("other").has_value());
    BOOST_TEST(!resolve(scopes::format_uuid(kv::Uuid{})).has_value());
}

BOOST_AUTO_TEST_CASE(of_64_racing_creates_of_one_slug_one_wins) {
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::Workspace>>>> creates;
    for (int i = 0; i < 64; ++i)
        creates.push_back(workspaces().create(new_workspace("acme")));
    const auto outcomes = run_all(std::move(creates));
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return bool(one); }) == 1);
    BOOST_TEST(std::ranges::count_if(outcomes, [](const auto& one) { return outcome(one) == "slug_exists"; }) ==
               63);
    BOOST_TEST(list({}) == "acme of 1");
}

BOOST_AUTO_TEST_CASE(list_is_in_creation_order_by_pages_and_offsets) {
    for (const auto* slug : {"e", "d", "c", "b", "a"})
        create_workspace(slug);
    BOOST_TEST(list({}) == "e, d, c, b, a of 5");
    BOOST_TEST(list({.limit = 2, .offset = 0, .cursor = {}}) == "e, d of 5 more");
    BOOST_TEST(list({.limit = 2, .offset = 0, .cursor = next}) == "c, b of 5 more");
    BOOST_TEST(list({.limit = 2, .offset = 0, .cursor = next}) == "a of 5");
    BOOST_TEST(list({.limit = 2, .offset = 3, .cursor = {}}) == "b, a of 5");
    BOOST_TEST(list({.limit = 2, .offset = 5, .cursor = {}}) == " of 5");
    BOOST_TEST(list({.limit = 2, .offset = 10'000, .cursor = {}}) == " of 5");
}

BOOST_AUTO_TEST_CASE(new_slug_takes_the_place_of_the_old_one_at_once) {
    const auto id = create_workspace("old");
    BOOST_TEST(resolve("old").has_value());
    BOOST_TEST(rename(id, "new").value().slug == "new");
    BOOST_TEST(!resolve("old").has_value());
    BOOST_TEST((resolve("new")->workspace == id));
    const auto other = create_workspace("old");
    BOOST_TEST((resolve("old")->workspace == other));
    BOOST_TEST(outcome(rename(id, "old")) == "slug_exists");
    BOOST_TEST(outcome(rename(id, "new")) == "ok");
    BOOST_TEST(outcome(rename(kv::Uuid{}, "x")) == "workspace_not_found");
}

BOOST_AUTO_TEST_CASE(racing_changes_of_one_workspace_all_land) {
    const auto id = create_workspace("start");
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::Workspace>>>> changes;
    for (int i = 0; i < 16; ++i) {
        scopes::WorkspaceChanges change{.name = {}, .slug = *scopes::Slug::parse("slug-" + std::to_string(i))};
        changes.push_back(workspaces().update(id, std::move(change)));
    }
    for (const auto& one : run_all(std::move(changes)))
        BOOST_TEST(outcome(one) == "ok");
    const auto slug = run(workspaces().get(id)).value().slug;
    BOOST_TEST(system_keys("slug/") == "slug/" + slug);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Renaming and removing external ids: every outcome, the order within a call, and that no data moves.
#include "scopes/external_ids.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/scopes/external_ids_fixture.hpp"

namespace alcove::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(external_ids, ExternalIdsFixture)

BOOST_AUTO_TEST_CASE(a_renamed_end_user_has_the_new_id_first_and_answers_to_both) {
    const auto id = create_end_user(workspace, "a");
    const auto name = resolve("acme", "a").value();
    write(name, "k", "v");
    BOOST_TEST(rename({{"a", "b"}}) == "done");
    BOOST_TEST(show(id) == "b (a)");
    reopen();
    BOOST_TEST(show(id) == "b (a)");
    BOOST_TEST((lead("a") == id));
    BOOST_TEST((lead("b") == id));
    BOOST_TEST((resolve("acme", "b") == name));
    BOOST_TEST(read(name, "k") == "v");
    BOOST_TEST(remove({"a"}) == "done");
    BOOST_TEST(show(id) == "b");
    BOOST_TEST(!lead("a").has_value());
    BOOST_TEST((lead("b") == id));
    BOOST_TEST(read(name, "k") == "v");
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(every_item_of_a_rename_has_its_own_outcome) {
    create_end_user(workspace, "a");
    create_end_user(workspace, "b");
    const std::string longest(255, 'x');
    BOOST_TEST(rename({{"a", "a2"}}) == "done");
    BOOST_TEST(rename({{"nobody", "n"}, {"", "n"}, {"a", "a3"}, {"a2", "b"}, {"a2", "a"}}) ==
               "unknown, unknown, not_primary, in_use, in_use");
    BOOST_TEST(
        rename({{"a2", "a2"}, {"n", "n"}, {"a2", ""}, {"a2", longest + "x"}, {"a2", "\n"}, {"a2", longest}}) ==
        "same, same, malformed, malformed, malformed, done");
    BOOST_TEST(rename({}) == "");
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(every_item_of_a_removal_has_its_own_outcome) {
    const auto id = create_end_user(workspace, "a");
    rename({{"a", "b"}});
    BOOST_TEST(remove({"b", "nobody", "", "a", "a"}) == "not_deprecated, unknown, unknown, done, unknown");
    BOOST_TEST(show(id) == "b");
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(items_are_taken_in_order) {
    const auto first = create_end_user(workspace, "a");
    const auto second = create_end_user(workspace, "x");
    BOOST_TEST(rename({{"a", "b"}, {"b", "c"}, {"a", "d"}, {"c", "b"}}) == "done, done, not_primary, in_use");
    BOOST_TEST(show(first) == "c (a, b)");
    BOOST_TEST(rename({{"x", "y"}, {"x", "y"}, {"y", "x"}}) == "done, not_primary, in_use");
    BOOST_TEST(show(second) == "y (x)");
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(all_items_of_a_call_are_one_commit) {
    const auto versions_of = [this](const std::string& type) {
        scopes::EventFilter filter{.types = {type}};
        const auto page = run(identity().events.page(workspace, std::move(filter), "", 100)).value();
        std::vector<kv::Version> versions;
        for (const auto& event : page.items)
            versions.push_back(scopes::parse_place(event.place).value().version);
        return versions;
    };
    const auto id = create_end_user(workspace, "a");
    create_end_user(workspace, "x");
    create_end_user(workspace, "y");
    BOOST_TEST(rename({{"a", "b"}, {"nobody", "n"}, {"x", "x2"}, {"b", "c"}, {"y", "x"}}) ==
               "done, unknown, done, done, in_use");
    const auto renamed = versions_of("end_user.external_id_renamed");
    BOOST_TEST(renamed.size() == 3U);
    BOOST_TEST(std::ranges::count(renamed, renamed.front()) == 3);
    // Nothing came after it, and it changed every record.
    const auto last = run(store().usage(kv::system_namespace())).value().version;
    BOOST_TEST(renamed.front() == last);
    for (const auto& key :
         {scopes::keys::end_user(workspace, id), scopes::keys::end_user_external_id(workspace, "a"),
          scopes::keys::end_user_external_id(workspace, "c"),
          scopes::keys::end_user_external_id(workspace, "x2")}) {
        BOOST_TEST(run(store().get(kv::system_namespace(), key)).value().version == last, key);
    }
    BOOST_TEST(remove({"a", "b", "c", "x"}) == "done, done, not_deprecated, done");
    const auto removed = versions_of("end_user.external_id_removed");
    BOOST_TEST(removed.size() == 3U);
    BOOST_TEST(std::ranges::count(removed, removed.front()) == 3);
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(ids_change_hands_only_once_they_are_removed) {
    const auto first = create_end_user(workspace, "a");
    const auto second = create_end_user(workspace, "b");
    BOOST_TEST(rename({{"a", "t"}, {"b", "a"}, {"t", "b"}}) == "done, in_use, in_use");
    BOOST_TEST(remove({"a"}) == "done");
    BOOST_TEST(rename({{"b", "a"}, {"t", "b"}}) == "done, in_use");
    BOOST_TEST(remove({"b"}) == "done");
    BOOST_TEST(rename({{"t", "b"}}) == "done");
    BOOST_TEST(remove({"t"}) == "done");
    BOOST_TEST((lead("a") == second));
    BOOST_TEST((lead("b") == first));
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(ids_are_told_apart_by_workspace) {
    const auto other = create_workspace("other");
    create_end_user(workspace, "a");
    const auto there = create_end_user(other, "b");
    BOOST_TEST(rename({{"b", "c"}, {"a", "b"}}) == "unknown, done");
    BOOST_TEST(show(there) == "b");
    BOOST_TEST((resolve("other", "b")->subject == scopes::uuid_bytes(there)));
    BOOST_TEST(!resolve("other", "a").has_value());
    check_records(other);
}

BOOST_AUTO_TEST_CASE(calls_for_a_workspace_that_is_not_there_change_nothing) {
    create_end_user(workspace, "a");
    BOOST_REQUIRE(run(identity().deletion.delete_workspace(workspace)));
    BOOST_TEST(rename({{"a", "b"}}) == "workspace_not_found");
    BOOST_TEST(remove({"a"}) == "workspace_not_found");
    BOOST_TEST(outcome(run(identity().external_ids.rename(kv::Uuid{}, {}))) == "workspace_not_found");
}

BOOST_AUTO_TEST_CASE(what_an_end_user_owns_is_found_by_both_ids) {
    const auto connection = create_connection(workspace, "slack", "a");
    create_integration(workspace, "slack", "slack", "end_user");
    BOOST_TEST(rename({{"a", "b"}}) == "done");
    for (const auto* external_id : {"a", "b"}) {
        scopes::Selectors selectors;
        selectors.integration_name = "slack";
        selectors.end_user_id = external_id;
        const auto resolved = run(identity().resolver.resolve(workspace, selectors)).value();
        BOOST_TEST((resolved.connection->id == connection));
        BOOST_TEST(resolved.end_user->external_id == "b");
        BOOST_TEST((resolved.namespace_name == *resolve("acme", "b")));
    }
    BOOST_TEST(run(identity().connections.get(connection)).value().end_user_external_id.value() == "b");
    create_connection(workspace, "github", "a");
    BOOST_TEST(all_end_users(workspace).size() == 1U);
    BOOST_TEST(remove({"a"}) == "done");
    create_connection(workspace, "github", "a");  // which nobody is called any more
    BOOST_TEST(all_end_users(workspace).size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_remembered_resolution_ends_with_the_answer_of_the_removal) {
    const auto& directory = identity().directory;
    for (int i = 0; i < 20; ++i) {
        const auto id = create_end_user(workspace, "a");
        BOOST_TEST(rename({{"a", "b"}}) == "done");
        BOOST_TEST((lead("a") == id));
        BOOST_TEST(bool(directory.cached_end_user(workspace, "a")));
        BOOST_TEST(remove({"a"}) == "done");
        BOOST_TEST(!directory.cached_end_user(workspace, "a"));
        BOOST_TEST(!resolve("acme", "a").has_value());
        BOOST_REQUIRE(run(identity().deletion.delete_end_user(id)));
    }
}

BOOST_AUTO_TEST_CASE(a_call_sent_again_has_the_outcomes_of_the_first) {
    const auto id = create_end_user(workspace, "a");
    const kv::RequestId request{.id = "once", .digest = "d", .note = {}};
    BOOST_TEST(rename({{"a", "b"}, {"n", "m"}}, request) == "done, unknown");
    rename({{"b", "c"}});
    reopen();
    BOOST_TEST(rename({{"a", "b"}, {"n", "m"}}, request) == "replayed: done, unknown");
    BOOST_TEST(show(id) == "c (a, b)");
    const kv::RequestId in_vain{.id = "in vain", .digest = "d", .note = {}};
    BOOST_TEST(remove({"c"}, in_vain) == "not_deprecated");
    rename({{"c", "d"}});
    BOOST_TEST(remove({"c"}, in_vain) == "replayed: not_deprecated");
    const kv::RequestId another{.id = "once", .digest = "other", .note = {}};
    const auto refused = run(identity().external_ids.remove(workspace, {"a"}, another));
    BOOST_TEST((refused.error().cause->code == kv::Errc::idempotency_conflict));
    BOOST_TEST(show(id) == "d (a, b, c)");
}

BOOST_AUTO_TEST_CASE(an_end_user_has_so_many_deprecated_ids_and_no_more) {
    const auto id = create_end_user(workspace, "0");
    const auto step = [](std::size_t from) {
        return scopes::ExternalIdRename{.current = std::to_string(from), .wanted = std::to_string(from + 1)};
    };
    for (std::size_t i = 0; i < scopes::deprecated_external_ids_max; i += scopes::external_id_changes_max) {
        Renames items;
        for (std::size_t j = 0; j < scopes::external_id_changes_max; ++j)
            items.push_back(step(i + j));
        BOOST_REQUIRE(rename(std::move(items)).find("too_many") == std::string::npos);
    }
    BOOST_TEST(run(identity().end_users.get(id)).value().deprecated_external_ids.size() ==
               scopes::deprecated_external_ids_max);
    BOOST_TEST(rename({step(100)}) == "too_many");
    BOOST_TEST(remove({"0"}) == "done");
    BOOST_TEST(rename({step(100), step(101)}) == "done, too_many");
    check_records(workspace);
    BOOST_REQUIRE(run(identity().deletion.delete_end_user(id)));
    BOOST_TEST(system_keys(scopes::keys::owned(workspace) + "end_user_external_id/") == "");
}

BOOST_AUTO_TEST_CASE(a_deleted_end_user_frees_all_its_ids) {
    const auto id = create_end_user(workspace, "a");
    rename({{"a", "b"}, {"b", "c"}});
    const auto name = resolve("acme", "a").value();
    write(name, "k", "old");
    BOOST_REQUIRE(run(identity().deletion.delete_end_user(id)));
    for (const auto* external_id : {"a", "b", "c"}) {
        BOOST_TEST(!lead(external_id).has_value());
        create_end_user(workspace, external_id);
        BOOST_TEST(read(*resolve("acme", external_id), "k") == "not_found");
    }
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(of_racing_renames_to_one_id_one_wins) {
    constexpr std::size_t racers = 8;
    for (std::size_t i = 0; i < racers; ++i)
        create_end_user(workspace, "u" + std::to_string(i));
    std::vector<std::string> outcomes(racers);
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < racers; ++i) {
        running.emplace_back([this, &outcomes, i] {
            Renames items{{"u" + std::to_string(i), "prize"}};
            outcomes[i] = text_of(threads[i].run(identity().external_ids.rename(workspace, std::move(items))));
        });
    }
    for (auto& thread : running)
        thread.join();
    BOOST_TEST(std::ranges::count(outcomes, "done") == 1);
    BOOST_TEST(std::ranges::count(outcomes, "in_use") == static_cast<long>(racers) - 1);
    check_records(workspace);
}

BOOST_AUTO_TEST_CASE(of_racing_renames_and_creates_of_one_id_one_wins) {
    for (int round = 0; round < 20; ++round) {
        const auto prize = "prize" + std::to_string(round);
        const auto former = "u" + std::to_string(round);
        create_end_user(workspace, former);
        std::string renamed;
        std::thread renames([&] {
            Renames items{{former, prize}};
            renamed = text_of(threads[0].run(identity().external_ids.rename(workspace, std::move(items))));
        });
        const auto created = outcome(threads[1].run(identity().end_users.create(new_end_user(workspace, prize))));
        renames.join();
        BOOST_TEST(((renamed == "done" && created == "duplicate") || (renamed == "in_use" && created == "ok")),
                   renamed << ", " << created);
    }
    check_records(workspace);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

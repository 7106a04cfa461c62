// Deleting: nothing of it is readable afterwards, whatever raced it and wherever it was cut off.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"
#include "tests/support/passing_store.hpp"
#include "tests/support/store_fixture.hpp"

namespace alcove::test {
namespace {

struct DeletionFixture : IdentityFixture {
    kv::Uuid workspace = create_workspace("acme");

    std::string delete_end_user(const kv::Uuid& id) {
        return outcome(run(identity().deletion.delete_end_user(id)));
    }
    std::string delete_workspace(const kv::Uuid& id) {
        return outcome(run(identity().deletion.delete_workspace(id)));
    }

    kv::NamespaceName external(std::string_view key) {
        return scopes::external_namespace(workspace, *scopes::ExternalId::parse(key));
    }
    bool is_clean() { return system_keys("job/").empty(); }
};

BOOST_FIXTURE_TEST_SUITE(deletion, DeletionFixture)

BOOST_AUTO_TEST_CASE(deleted_end_user_is_gone_and_its_successor_starts_empty) {
    const auto id = create_end_user(workspace, "u");
    const auto before = resolve("acme", "u").value();
    write(before, "k", "old");
    BOOST_TEST(delete_end_user(id) == "ok");
    BOOST_TEST(outcome(run(identity().end_users.get(id))) == "end_user_not_found");
    BOOST_TEST(!resolve("acme", "u").has_value());
    BOOST_TEST(read(before, "k") == "not_found");
    BOOST_TEST(!write(before, "k", "late"));
    BOOST_TEST(delete_end_user(id) == "end_user_not_found");
    BOOST_TEST(system_keys("id/") == "");
    BOOST_TEST(is_clean());

    create_end_user(workspace, "u");
    const auto after = resolve("acme", "u").value();
    BOOST_TEST(read(after, "k") == "not_found");
    BOOST_TEST(write(after, "k", "new"));
    BOOST_TEST(run(identity().end_users.list(workspace, {})).value().total == 1U);
}

BOOST_AUTO_TEST_CASE(deleted_workspace_takes_all_that_it_holds_along) {
    const auto id = create_end_user(workspace, "u");
    const auto own = resolve("acme").value();
    const auto end_user = resolve("acme", "u").value();
    const auto outside = external("x");
    for (const auto& name : {own, end_user, outside})
        write(name, "k", "old");
    BOOST_TEST(delete_workspace(workspace) == "ok");
    BOOST_TEST(outcome(run(identity().workspaces.get(workspace))) == "workspace_not_found");
    BOOST_TEST(outcome(run(identity().end_users.get(id))) == "end_user_not_found");
    BOOST_TEST(!resolve("acme").has_value());
    for (const auto& name : {own, end_user, outside}) {
        BOOST_TEST(read(name, "k") == "not_found");
        BOOST_TEST(!write(name, "k", "late"));
    }
    BOOST_TEST(delete_workspace(workspace) == "workspace_not_found");
    BOOST_TEST(outcome(run(identity().end_users.create(new_end_user(workspace, "v")))) == "workspace_not_found");

    const auto successor = create_workspace("acme");
    BOOST_TEST((successor != workspace));
    BOOST_TEST(read(resolve("acme").value(), "k") == "not_found");
    BOOST_TEST(!resolve("acme", "u").has_value());
}

BOOST_AUTO_TEST_CASE(records_of_a_deleted_workspace_are_cleared_behind_in_steps) {
    for (int i = 0; i < 450; ++i)
        create_end_user(workspace, "u" + std::to_string(i));
    const auto other = create_workspace("other");
    create_end_user(other, "v");
    BOOST_TEST(delete_workspace(workspace) == "ok");
    BOOST_TEST(eventually([this] { return is_clean(); }));
    BOOST_TEST(system_keys(scopes::format_uuid(workspace)) == "");
    BOOST_TEST(system_keys("id/").size() == 39U);
    BOOST_TEST(run(identity().end_users.list(other, {})).value().total == 1U);
}

BOOST_AUTO_TEST_CASE(crash_between_the_commit_and_the_drop_leaves_nothing_readable) {
    const auto id = create_end_user(workspace, "u");
    const auto name = resolve("acme", "u").value();
    write(name, "k", "old");
    {
        InterruptedStore interrupted(store());
        scopes::Identity crashing(interrupted, scopes::MasterKeys());
        BOOST_TEST(outcome(run(crashing.deletion.delete_end_user(id))) == "store");
    }
    reopen();
    BOOST_TEST(!resolve("acme", "u").has_value());
    BOOST_TEST(!is_clean());
    BOOST_TEST(outcome(run(identity().deletion.resume_jobs())) == "ok");
    BOOST_TEST(read(name, "k") == "not_found");
    BOOST_TEST(!write(name, "k", "late"));
    BOOST_TEST(is_clean());
}

BOOST_AUTO_TEST_CASE(crash_in_the_deletion_of_a_workspace_is_finished_by_the_next_start) {
    for (int i = 0; i < 300; ++i)
        create_end_user(workspace, "u" + std::to_string(i));
    const auto own = resolve("acme").value();
    write(own, "k", "old");
    {
        InterruptedStore interrupted(store());
        scopes::Identity crashing(interrupted, scopes::MasterKeys());
        BOOST_TEST(outcome(run(crashing.deletion.delete_workspace(workspace))) == "store");
    }
    reopen();
    BOOST_TEST(!resolve("acme").has_value());
    BOOST_TEST(outcome(run(identity().deletion.resume_jobs())) == "ok");
    BOOST_TEST(read(own, "k") == "not_found");
    BOOST_TEST(system_keys(scopes::format_uuid(workspace)) == "");
    BOOST_TEST(system_keys("id/") == "");
    BOOST_TEST(is_clean());
    BOOST_TEST(outcome(run(identity().deletion.resume_jobs())) == "ok");
}

BOOST_AUTO_TEST_CASE(writes_that_race_a_deletion_do_not_bring_it_back) {
    for (int round = 0; round < 5; ++round) {
        const auto id = create_end_user(workspace, "u");
        const auto name = resolve("acme", "u").value();
        std::atomic<bool> stop = false;
        std::atomic<int> written = 0;
        std::vector<std::thread> writers;
        for (int i = 0; i < 3; ++i) {
            writers.emplace_back([this, &stop, &written, &name, i, round] {
                auto& context = threads[static_cast<std::size_t>(round * 3 + i)];
                while (!stop) {
                    auto commit = commit_of({put("k" + std::to_string(i), "v")});
                    written += context.run(store().commit(name, std::move(commit))) ? 1 : 0;
                }
            });
        }
        BOOST_TEST(eventually([&written] { return written > 10; }));
        BOOST_TEST(delete_end_user(id) == "ok");
        const int at_the_answer = written;
        BOOST_TEST(read(name, "k0") == "not_found");
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        stop = true;
        for (auto& writer : writers)
            writer.join();
        BOOST_TEST(written - at_the_answer <= 3);  // those whose answer was under way
        BOOST_TEST(read(name, "k0") == "not_found");
        create_end_user(workspace, "u");
        BOOST_TEST(read(resolve("acme", "u").value(), "k0") == "not_found");
        BOOST_TEST(delete_end_user(scopes::parse_uuid(system_keys("id/").substr(3)).value()) == "ok");
    }
}

BOOST_AUTO_TEST_CASE(racing_deletions_of_one_end_user_have_one_winner) {
    const auto id = create_end_user(workspace, "u");
    std::vector<kv::asio::awaitable<scopes::Result<void>>> deletions;
    for (int i = 0; i < 16; ++i)
        deletions.push_back(identity().deletion.delete_end_user(id));
    int winners = 0;
    for (const auto& one : run_all(std::move(deletions)))
        winners += one ? 1 : 0;
    BOOST_TEST(winners == 1);
    BOOST_TEST(run(identity().end_users.list(workspace, {})).value().total == 0U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_changes_meanwhile_goes_whole) {
    const auto id = create_end_user(workspace, "u");
    const auto connection = create_connection(workspace, "slack", "u", "former");
    OvertakenStore overtaken(store());
    scopes::Identity other(overtaken, scopes::MasterKeys());
    scopes::ConnectionChanges changes;
    changes.external_id = scopes::ExternalId::parse("newer");
    overtaken.overtake = [this, &connection, &changes]() -> kv::asio::awaitable<void> {
        auto updated = co_await identity().connections.update(connection, changes);
        BOOST_TEST(outcome(updated) == "ok");
    };
    BOOST_TEST(outcome(run(other.deletion.delete_end_user(id))) == "ok");
    BOOST_TEST(outcome(run(identity().connections.get(connection))) == "connection_not_found");
    for (const auto* selector : {"former", "newer"})
        create_connection(workspace, "slack", "", selector);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

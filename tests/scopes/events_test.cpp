// Events: each change tells one, in the order of the commits, and what fails tells nothing.
#include "scopes/events.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"
#include "tests/support/store_fixture.hpp"

namespace alcove::test {
namespace {

using scopes::ConnectionReport;
using scopes::EventType;
using Renames = std::vector<scopes::ExternalIdRename>;

struct EventsFixture : IdentityFixture {
    scopes::EventsPage page(scopes::EventFilter filter = {}, std::string after = {}, std::size_t limit = 1000) {
        return run(identity().events.page(workspace, std::move(filter), std::move(after), limit)).value();
    }
    // "end_user.created u, connection.created owner": types and external ids, with the other id of a rename.
    static std::string text_of(const scopes::EventsPage& page) {
        std::string text;
        for (const auto& [place, event, created_ms] : page.items) {
            text.append(text.empty() ? "" : ", ").append(event.type);
            if (event.external_id) text += " " + *event.external_id;
            if (event.other_external_id) text += "/" + *event.other_external_id;
        }
        return text;
    }
    // What was told since the last look.
    std::string told() {
        const auto news = page({}, seen);
        seen = news.through;
        return text_of(news);
    }

    std::string report(const kv::Uuid& id, std::string_view type, std::string data = "{}") {
        ConnectionReport what{.type = *EventType::parse(type), .data_json = std::move(data)};
        const auto reported = run(identity().connections.report(id, std::move(what)));
        return reported ? "ok" : outcome(reported);
    }
    kv::Uuid create_labelled(std::string_view label, std::string_view end_user = "") {
        auto made = new_connection(workspace, "slack");
        made.owner_external_id = scopes::Label::parse(label);
        if (!end_user.empty()) made.end_user = scopes::ExternalId::parse(end_user);
        return run(identity().connections.create(std::move(made))).value()->id;
    }
    void relabel(const kv::Uuid& id, std::string_view label) {
        scopes::ConnectionChanges changes;
        changes.owner_external_id = scopes::Label::parse(label);
        BOOST_REQUIRE(run(identity().connections.update(id, std::move(changes))));
    }

    const kv::Uuid workspace = create_workspace("acme");
    std::string seen;
};

BOOST_FIXTURE_TEST_SUITE(events, EventsFixture)

BOOST_AUTO_TEST_CASE(every_change_of_a_connection_tells_one_event_with_the_label_of_that_moment) {
    const auto id = create_labelled("first");
    BOOST_TEST(told() == "connection.created first");
    relabel(id, "second");
    BOOST_TEST(told() == "connection.updated second");
    BOOST_TEST(report(id, "connection.interaction_required") == "ok");
    BOOST_TEST(told() == "connection.interaction_required second");
    BOOST_TEST(report(id, "task_run.completed", R"({"n":1})") == "ok");
    BOOST_TEST(told() == "task_run.completed second");
    BOOST_TEST(bool(run(identity().connections.terminate(id))));
    BOOST_TEST(told() == "connection.terminated second");
    BOOST_TEST(bool(run(identity().connections.terminate(id))));
    BOOST_TEST(told() == "");
    BOOST_TEST(outcome(run(identity().connections.remove(id))) == "ok");
    BOOST_TEST(told() == "connection.deleted second");
    create_connection(workspace, "slack", "");
    BOOST_TEST(told() == "connection.created");
}

BOOST_AUTO_TEST_CASE(every_change_of_an_end_user_tells_one_event) {
    const auto id = create_end_user(workspace, "a");
    BOOST_TEST(told() == "end_user.created a");
    BOOST_REQUIRE(run(identity().end_users.update(id, {})));
    BOOST_TEST(told() == "end_user.updated a");
    Renames renames{{"a", "b"}, {"b", "c"}, {"n", "m"}, {"a", "a"}};
    BOOST_REQUIRE(run(identity().external_ids.rename(workspace, std::move(renames))));
    BOOST_TEST(told() == "end_user.external_id_renamed b/a, end_user.external_id_renamed c/b");
    BOOST_REQUIRE(run(identity().external_ids.remove(workspace, {"b", "c", "a", "a"})));
    BOOST_TEST(told() == "end_user.external_id_removed c/b, end_user.external_id_removed c/a");
    create_labelled("x", "c");
    create_labelled("y", "c");
    BOOST_TEST(told() == "connection.created x, connection.created y");
    BOOST_REQUIRE(run(identity().deletion.delete_end_user(id)));
    BOOST_TEST(told() == "connection.deleted x, connection.deleted y, end_user.deleted c");
    create_labelled("z", "new");
    BOOST_TEST(told() == "end_user.created new, connection.created z");
}

BOOST_AUTO_TEST_CASE(an_event_keeps_what_its_subject_was) {
    const auto end_user = create_end_user(workspace, "a");
    clock.advance(5);
    Renames renames{{"a", "b"}, {"b", "c"}};
    BOOST_REQUIRE(run(identity().external_ids.rename(workspace, std::move(renames))));
    const auto id = create_labelled("first", "a");
    clock.advance(7);
    relabel(id, "second");
    report(id, "task_run.completed", R"({"n": 1})");
    const auto items = page().items;
    BOOST_REQUIRE(items.size() == 6U);
    const auto external_id = [&items](std::size_t i) {
        return scopes::parse_record<scopes::EndUserRecord>(*items[i].record.record).external_id;
    };
    const auto label = [&items](std::size_t i) {
        return scopes::parse_record<scopes::ConnectionRecord>(*items[i].record.record).owner_external_id.value();
    };
    BOOST_TEST((items[0].record.end_user == end_user && !items[0].record.connection));
    BOOST_TEST(!items[0].record.subject_created_ms.has_value());
    BOOST_TEST(items[1].record.subject_created_ms.value() == items[0].created_ms);
    BOOST_TEST(items[1].created_ms == items[0].created_ms + 5);
    BOOST_TEST((external_id(0) == "a" && external_id(1) == "b" && external_id(2) == "c"));
    BOOST_TEST((label(3) == "first" && label(4) == "second"));
    BOOST_TEST((items[4].record.connection == id && !items[4].record.end_user));
    BOOST_TEST(items[4].created_ms == items[3].created_ms + 7);
    BOOST_TEST(!items[5].record.record.has_value());
    BOOST_TEST(items[5].record.data_json == R"({"n": 1})");
    for (const auto& item : items)
        BOOST_TEST(scopes::print(run(identity().events.get(workspace, item.place)).value().record) ==
                   scopes::print(item.record));
}

BOOST_AUTO_TEST_CASE(a_failed_change_tells_nothing) {
    const auto id = create_connection(workspace, "slack", "u", "taken");
    const auto other = create_connection(workspace, "slack", "u");
    told();
    scopes::ConnectionChanges changes;
    changes.external_id = scopes::ExternalId::parse("taken");
    BOOST_TEST(outcome(run(identity().connections.update(other, changes))) == "duplicate");
    auto twin = new_connection(workspace, "slack");
    twin.external_id = scopes::ExternalId::parse("taken");
    twin.end_user = scopes::ExternalId::parse("nobody yet");
    BOOST_TEST(outcome(run(identity().connections.create(std::move(twin)))) == "duplicate");
    BOOST_TEST(outcome(run(identity().end_users.create(new_end_user(workspace, "u")))) == "duplicate");
    BOOST_TEST(report(id, "connection.created") == "invalid");
    BOOST_TEST(report(id, "end_user.anything") == "invalid");
    BOOST_TEST(report(kv::Uuid{}, "task_run.completed") == "connection_not_found");
    BOOST_REQUIRE(run(identity().connections.terminate(id)));
    told();
    BOOST_TEST(report(id, "connection.connected") == "connection_terminated");
    Renames renames{{"u", "u"}, {"n", "m"}};
    BOOST_REQUIRE(run(identity().external_ids.rename(workspace, std::move(renames))));
    BOOST_REQUIRE(run(identity().external_ids.remove(workspace, {"u", "n"})));
    BOOST_TEST(told() == "");
}

BOOST_AUTO_TEST_CASE(a_change_sent_again_tells_nothing_more) {
    const kv::RequestId create{.id = "create", .digest = "d", .note = {}};
    const kv::RequestId reporting{.id = "report", .digest = "d", .note = {}};
    const kv::RequestId renaming{.id = "rename", .digest = "d", .note = {}};
    for (int i = 0; i < 2; ++i) {
        const auto made = run(identity().connections.create(new_connection(workspace, "slack"), create)).value();
        ConnectionReport what{.type = *EventType::parse("connection.disconnected")};
        const auto reported = run(identity().connections.report(made->id, std::move(what), reporting)).value();
        BOOST_TEST(reported.replayed == (i == 1));
        BOOST_TEST(reported->record.type == "connection.disconnected");
        if (i == 0) create_end_user(workspace, "a");
        Renames renames{{"a", "b"}};
        BOOST_REQUIRE(run(identity().external_ids.rename(workspace, std::move(renames), renaming)));
    }
    BOOST_TEST(told() ==
               "connection.created, connection.disconnected, end_user.created a, end_user.external_id_renamed b/a");
}

BOOST_AUTO_TEST_CASE(filters_hold_together) {
    const auto first = create_labelled("x");
    const auto second = create_labelled("y");
    relabel(first, "y");
    BOOST_TEST(text_of(page({.external_id = "y"})) == "connection.created y, connection.updated y");
    BOOST_TEST(text_of(page({.connection = first})) == "connection.created x, connection.updated y");
    BOOST_TEST(text_of(page({.types = {"connection.created"}})) == "connection.created x, connection.created y");
    BOOST_TEST(text_of(page({.types = {"connection.created", "connection.updated"}, .connection = second})) ==
               "connection.created y");
    BOOST_TEST(text_of(page({.types = {"none", "*"}, .connection = first, .external_id = "y"})) ==
               "connection.updated y");
    BOOST_TEST(text_of(page({.types = {"none"}})) == "");
}

BOOST_AUTO_TEST_CASE(pages_go_on_behind_each_other) {
    for (const auto* label : {"a", "b", "c", "d", "e"})
        create_labelled(label);
    auto first = page({}, {}, 2);
    BOOST_TEST(text_of(first) == "connection.created a, connection.created b");
    BOOST_TEST(first.more);
    BOOST_TEST(first.through == first.items.back().place);
    auto second = page({}, first.through, 3);
    BOOST_TEST(text_of(second) == "connection.created c, connection.created d, connection.created e");
    BOOST_TEST(!second.more);
    const auto third = page({}, second.through, 3);
    BOOST_TEST((third.items.empty() && !third.more && third.through == second.through));
    auto filtered = page({.external_id = "b"}, {}, 1);
    BOOST_TEST(text_of(filtered) == "connection.created b");
    BOOST_TEST(filtered.more);
    filtered = page({.external_id = "b"}, filtered.through, 1);
    BOOST_TEST((filtered.items.empty() && !filtered.more));
    create_labelled("b");
    BOOST_TEST(text_of(page({.external_id = "b"}, filtered.through, 1)) == "connection.created b");
}

BOOST_AUTO_TEST_CASE(a_page_looks_at_so_many_events_and_no_more) {
    const auto rare = create_labelled("rare");
    const auto noisy = create_labelled("noisy");
    // Each nearly as large as a reported one may be, so that the store's pages end early as well.
    const auto data = "{\"x\":\"" + std::string(5000, 'x') + "\"}";
    std::vector<kv::asio::awaitable<scopes::Result<scopes::Written<scopes::Event>>>> reports;
    for (std::size_t i = 0; i < scopes::events_examined_max + 300; ++i) {
        ConnectionReport what{.type = *EventType::parse("task_run.completed"), .data_json = data};
        reports.push_back(identity().connections.report(noisy, std::move(what)));
        if (reports.size() < 64) continue;
        run_all(std::move(reports));
        reports.clear();
    }
    run_all(std::move(reports));
    relabel(rare, "rarer");
    auto first = page({.connection = rare}, {}, 10);
    BOOST_TEST(text_of(first) == "connection.created rare");
    BOOST_TEST(first.more);
    BOOST_TEST(page({}, {}, scopes::events_examined_max).through == first.through);
    const auto second = page({.connection = rare}, first.through, 10);
    BOOST_TEST(text_of(second) == "connection.updated rarer");
    BOOST_TEST(!second.more);
}

BOOST_AUTO_TEST_CASE(events_end_after_thirty_days) {
    const auto id = create_labelled("old");
    const auto place = page().items.front().place;
    clock.advance(scopes::event_retention_ms - 1);
    relabel(id, "new");
    BOOST_TEST(text_of(page()) == "connection.created old, connection.updated new");
    BOOST_TEST(bool(run(identity().events.get(workspace, place))));
    clock.advance(1);
    BOOST_TEST(text_of(page()) == "connection.updated new");
    BOOST_TEST(outcome(run(identity().events.get(workspace, place))) == "event_not_found");
    clock.advance(scopes::event_retention_ms);
    BOOST_TEST(text_of(page()) == "");
    BOOST_TEST(bool(run(identity().connections.get(id))));
}

BOOST_AUTO_TEST_CASE(events_belong_to_their_workspace_and_go_with_it) {
    const auto other = create_workspace("other");
    create_end_user(other, "x");
    create_labelled("a", "u");
    const auto place = page().items.front().place;
    BOOST_TEST(text_of(page()) == "end_user.created u, connection.created a");
    BOOST_TEST(outcome(run(identity().events.get(other, place))) == "event_not_found");
    for (const auto* wrong : {"", "0", "../../x", "00000000000000000000000000000000"})
        BOOST_TEST(outcome(run(identity().events.get(workspace, wrong))) == "event_not_found");
    BOOST_REQUIRE(run(identity().deletion.delete_workspace(workspace)));
    BOOST_TEST(eventually([this] { return system_keys("job/").empty(); }));
    BOOST_TEST(system_keys(scopes::keys::events(workspace)) == "");
    BOOST_TEST(text_of(run(identity().events.page(other, {}, {}, 10)).value()) == "end_user.created x");
}

BOOST_AUTO_TEST_CASE(event_types_are_words_with_points_between) {
    const auto longest = "a." + std::string(98, 'b');
    for (const auto& good :
         {std::string("a.b"), std::string("task_run.completed"), std::string("a.b.c_1.2"), longest})
        BOOST_TEST(EventType::parse(good).has_value(), good);
    for (const auto& bad : {std::string(), std::string("a"), std::string("."), std::string("a."), std::string(".a"),
                            std::string("a..b"), std::string("A.b"), std::string("a.b-c"), std::string("a. b"),
                            std::string("a.*"), std::string("a.\xc3\xa4"), longest + "b"})
        BOOST_TEST(!EventType::parse(bad).has_value(), bad);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

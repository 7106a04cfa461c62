// Going on from a cursor: strictly behind it, without a gap, and never back in time.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <string>

#include "tests/server/watch_tuned_fixture.hpp"
#include "tests/support/process.hpp"

namespace alcove::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(watch_resume, WatchFixture)

BOOST_AUTO_TEST_CASE(a_cursor_is_followed_by_what_came_strictly_behind_it) {
    auto client = watch();
    std::vector<std::string> cursors{client.cursor()};
    std::vector<std::string> rest{""};
    for (int i = 1; i <= 5; ++i) {
        put("k", std::to_string(i));
        BOOST_TEST(client.events(1).size() == 1U);
        cursors.push_back(client.cursor());
        for (auto& text : rest)
            text += (text.empty() ? "put k=" : ", put k=") + std::to_string(i);
        rest.emplace_back();
    }
    const auto last = put("last", "1");
    for (std::size_t i = 0; i < cursors.size(); ++i) {
        auto again = watch("from=" + cursors[i]);
        BOOST_TEST(told(again.events_until(last)) == rest[i] + (rest[i].empty() ? "" : ", ") + "put last=1");
    }
}

BOOST_AUTO_TEST_CASE(every_frame_with_a_cursor_can_be_resumed_from) {
    put("before", "1");
    auto client = watch("from=snapshot");
    client.next();
    BOOST_TEST(client.next().type == "synced");
    const auto synced = client.cursor();
    auto now = watch();
    const auto ok = now.cursor();
    BOOST_TEST(now.events_until(0).empty());
    const auto progress = now.cursor();
    const auto last = put("after", "1");
    for (const auto& cursor : {synced, ok, progress})
        BOOST_TEST(told(watch("from=" + cursor).events_until(last)) == "put after=1");
}

BOOST_AUTO_TEST_CASE(progress_moves_the_cursor_behind_what_is_not_told) {
    auto client = watch("prefix=a/");
    const auto last = put("b/1", "1");
    BOOST_TEST(client.events_until(last).empty());
    BOOST_TEST(cursor_version(client.cursor()) >= last);
    auto all = watch("from=" + client.cursor());
    const auto next = put("b/2", "2");
    BOOST_TEST(told(all.events_until(next)) == "put b/2=2");
}

BOOST_AUTO_TEST_CASE(the_cursor_of_one_prefix_is_good_for_another) {
    auto client = watch("prefix=a/");
    put("a/1", "1");
    client.events(1);
    put("b/1", "2");
    put("a/2", "3");
    BOOST_TEST(told(watch("prefix=b/&from=" + client.cursor()).events(1)) == "put b/1=2");
}

BOOST_AUTO_TEST_CASE(a_heartbeat_tells_how_far_it_is_when_nothing_matches) {
    close();
    settings.watch_heartbeat = 300ms;
    open();
    auto client = watch("prefix=a/");
    const auto last = put("b/1", "1");
    WatchFrame frame;
    do
        frame = client.receive(5s);
    while (frame.type != "progress" || cursor_version(frame.cursor) < last);
    BOOST_TEST(frame.id.value() == 1U);
    BOOST_TEST(told(client.events_until(0)) == "");
}

BOOST_AUTO_TEST_CASE(a_watch_that_connects_anew_never_goes_back_in_time) {
    Writers writers(port(), 4, [this](auto& http, int writer, int call) {
        http.send("PUT", kv + "/" + std::to_string((writer + call) % 10), std::to_string(call), bearer(key));
        if (call % 7 == 0) http.send("DELETE", kv + "/" + std::to_string(writer), {}, bearer(key));
        return true;
    });
    Replica replica;
    auto client = begin("from=snapshot");
    while (!replica.synced())
        replica.apply(client.receive());
    for (int i = 0; i < 40; ++i) {
        client = begin("from=" + replica.cursor());
        replica.begin_again(Replica::From::cursor);
        for (int frames = 0; frames < 1 + i % 4; ++frames)
            replica.apply(client.receive());
    }
    writers.stop();
    follow(client, replica, put("last", "1"));
    BOOST_TEST(replica.problems() == "");
    BOOST_TEST((replica.entries() == entries()));
}

BOOST_AUTO_TEST_CASE(a_cursor_is_good_over_a_restart) {
    auto client = watch();
    put("a", "1");
    client.events(1);
    const auto cursor = client.cursor();
    put("b", "2");
    close();
    open();
    const auto last = put("c", "3");
    BOOST_TEST(told(watch("from=" + cursor).events_until(last)) == "put b=2, put c=3");
}

BOOST_AUTO_TEST_CASE(a_cursor_of_the_future_is_refused) {
    const auto cursor = watch().cursor();
    const auto future = make_cursor(cursor_epoch(cursor), cursor_version(cursor) + 1'000'000);
    BOOST_TEST(refused_watch("from=" + future).ends_with(" VALIDATION_ERROR from"));
    auto client = connect();
    client.send(R"({"t":"watch","id":1,"namespace":{"workspace":"acme"},"from":{"cursor":")" + future + "\"}}");
    BOOST_TEST(told(client.next()).starts_with("error VALIDATION_ERROR from"));
    put("a", "1");
    BOOST_TEST(client.is_silent_for(100ms));
}

BOOST_AUTO_TEST_CASE(what_is_no_cursor_is_refused) {
    for (const auto* wrong : {"x", "", "later", "MDE5", "Snapshot", "%00", "MDE5Ljg=", "LjU", "MDAwMC4tMQ"})
        BOOST_TEST(refused_watch("from=" + std::string(wrong)).ends_with(" VALIDATION_ERROR from"), wrong);
}

BOOST_AUTO_TEST_CASE(versions_go_on_after_a_crash_and_a_resumed_watch_has_no_gap) {
    const TemporaryFolder data;
    const Environment environment{{"ALCOVE_ROOT_KEY", key}};
    const auto headers = bearer(key);
    const auto write = [&](HttpClient& http, int value) {
        return version_of(http.send("PUT", kv + "/" + std::to_string(value % 5), std::to_string(value), headers));
    };
    Replica replica;
    std::uint64_t last = 0;
    std::size_t written = 0;
    for (int round = 0; round < 4; ++round) {
        ServerProcess server(data / "data", environment);
        HttpClient http(server.port());
        if (round == 0) http.send("POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})", headers);
        const bool first = replica.cursor().empty();
        WatchClient client(server.port(), ns + "/watch?from=" + (first ? "snapshot" : replica.cursor()), headers);
        replica.begin_again(first ? Replica::From::snapshot : Replica::From::cursor);
        for (int i = 0; i < 50; ++i, ++written) {
            const auto version = write(http, round * 50 + i);
            BOOST_TEST(version > last);
            last = version;
            if (i == 30) follow(client, replica, last);
        }
        if (round == 3) {
            follow(client, replica, last);
            BOOST_TEST((replica.entries() == read_entries(http, headers, kv)));
        }
        server.signal(SIGKILL);
        server.wait();
    }
    BOOST_TEST(replica.problems() == "");
    BOOST_TEST(replica.events().size() == written);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

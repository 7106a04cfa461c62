// `alcove watch` as its user meets it: what it prints, from where it goes on, and how it ends.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <memory>
#include <regex>
#include <sstream>
#include <thread>

#include "scopes/json.hpp"
#include "tests/server/cli_fixture.hpp"
#include "tests/support/receiver.hpp"

using namespace alcove::test;

namespace {

using Arguments = std::vector<std::string>;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

// Waits for at most ten seconds.
template <class Condition>
bool eventually(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

class Watched : public CliWorkspace {
public:
    // Answers the version.
    std::string put(const std::string& key, const std::string& value, const Arguments& more = {}) const {
        Arguments arguments{"kv", "put", key, value, "-q", "-w", "acme"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const std::string version = output(arguments);
        return version.substr(0, version.find('\n'));
    }
    // All of them at one version.
    void put_together(const std::vector<std::string>& keys) const {
        std::string lines;
        for (const auto& key : keys)
            lines += "{\"key\":\"" + key + "\",\"value\":1}\n";
        write_text(folder / "import", lines);
        run({"namespace", "import", (folder / "import").string(), "-w", "acme"});
    }

    static Arguments words(const Arguments& more) {
        Arguments arguments{"watch", "-w", "acme"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
    // To its end, which --count brings.
    Finished watch(const Arguments& more) const { return run(words(more)); }

    std::unique_ptr<BackgroundProgram> begin(const Arguments& more, Arguments before = {}) const {
        before.emplace_back(ALCOVE_BINARY);
        const Arguments all = words(more);
        before.insert(before.end(), all.begin(), all.end());
        return std::make_unique<BackgroundProgram>(before, environment);
    }
    static int end(BackgroundProgram& watching, int signal) {
        watching.signal(signal);
        return watching.wait();
    }

    // Of now, in the file.
    void make_cursor() const {
        put("first", "1");
        const auto watching = begin({"--from", "snapshot", "--cursor-file", cursor.string()});
        watching->word_after("snapshot  first");
        BOOST_TEST(eventually([&] { return std::filesystem::exists(cursor); }));
        end(*watching, SIGTERM);
    }
    // What happened since make_cursor(), in so many lines.
    std::string since(int count, const Arguments& more = {}) const {
        Arguments arguments{"--from", member_of(text_of(cursor), "cursor"), "--count", std::to_string(count)};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return watch(arguments).output;
    }

    // With the same port.
    void restart(int signal) {
        const std::string port = std::to_string(server->port());
        server->signal(signal);
        server->wait();
        server.reset();
        again = std::make_unique<BackgroundProgram>(
            Arguments{ALCOVE_BINARY, "serve", "--data", (folder / "data").string(), "--listen",
                      "127.0.0.1:" + port},
            Environment{{"ALCOVE_ROOT_KEY", root_key}});
        again->word_after("listening on ");
    }

    std::filesystem::path cursor = folder / "cursor";
    std::unique_ptr<BackgroundProgram> again;
};

// A server that says what it is told.
class Told : public CliHome {
public:
    Finished watch(const Receiver& server, const Arguments& more) const {
        Arguments arguments{"watch", "-w", "acme", "--url", server.url("")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
    static ReceiverReply stream(const std::string& body) {
        return {.raw = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + body};
    }
    static ReceiverReply refusal(unsigned status) {
        return {.status = status,
                .headers = {{"Content-Type", "application/json"}},
                .body = R"({"error":"no","code":"NO"})"};
    }
};

constexpr const char* one_event =
    "event: events\nid: C7\ndata: "
    "{\"more\":false,\"events\":[{\"op\":\"delete\",\"key\":\"a\",\"version\":\"7\"}]}\n\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_watch)

BOOST_FIXTURE_TEST_CASE(each_change_is_a_line, Watched) {
    const std::string first = put("a/1", R"({"n":1})", {"--content-type", "application/json"});
    const auto watching = begin({"--from", "snapshot", "--count", "5"});
    watching->word_after("snapshot  a/1");
    const std::string second = put("a/2", "two");
    run({"kv", "delete", "a/1", "-w", "acme"});
    const std::string third = put("brief", "x", {"--ttl", "0.05"});
    BOOST_TEST(watching->wait() == 0);
    const std::regex expected("snapshot  a/1  " + first + R"(  \{"n":1\}\nput       a/2  )" + second +
                              R"(  two\ndelete    a/1  \d+\nput       brief  )" + third +
                              R"(  x\nexpire    brief  \d+\n)");
    BOOST_TEST(std::regex_match(watching->printed(), expected), watching->printed());
}

BOOST_FIXTURE_TEST_CASE(json_is_one_object_a_line_and_quiet_one_key, Watched) {
    put("a", "[1,\n2]", {"--content-type", "application/json"});
    put("b", "text");
    const Finished json = watch({"--from", "snapshot", "--count", "2", "--json"});
    BOOST_TEST(json.status == 0);
    const auto lines = lines_of(json.output);
    BOOST_REQUIRE(lines.size() == 2U);
    for (const auto& line : lines) {
        BOOST_TEST(alcove::scopes::json::is_valid(line), line);
        BOOST_TEST(member_of(line, "op") == "snapshot");
    }
    BOOST_TEST(member_of(lines[1], "key") == "b");
    BOOST_TEST(member_of(lines[1], "value") == "text");
    BOOST_TEST(watch({"--from", "snapshot", "--count", "2", "--quiet"}).output == "a\nb\n");
}

BOOST_FIXTURE_TEST_CASE(what_is_told_may_be_chosen, Watched) {
    make_cursor();
    put("p/1", "one");
    put("q", "one");
    const std::string version = put("p/1", "two");
    run({"kv", "delete", "q", "-w", "acme"});
    BOOST_TEST(since(4, {"-q"}) == "p/1\nq\np/1\nq\n");
    BOOST_TEST(since(2, {"-q", "--prefix", "p/"}) == "p/1\np/1\n");
    BOOST_TEST(since(1, {"--operations", "delete,expire"}).starts_with("delete    q  "));
    BOOST_TEST(since(1, {"--latest", "--prefix", "p/"}) == "put       p/1  " + version + "  two\n");
    BOOST_TEST(since(3, {"--previous"}).ends_with("put       p/1  " + version + "  two  was one\n"));
    BOOST_TEST(since(3, {"--no-values"}).ends_with("put       p/1  " + version + "\n"));
    BOOST_TEST(since(1, {"--json", "--latest", "--prefix", "p/"}).find("\"value\":\"two\"") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(any_namespace_may_be_watched, Watched) {
    run({"end-user", "create", "user/1 ü", "-w", "acme"});
    run({"integration", "create", "kv-store", "-w", "acme"});
    for (const auto& space : {Arguments{"--external", "a/b ü"}, Arguments{"--end-user", "user/1 ü"},
                              Arguments{"--integration", "kv-store", "--end-user", "user/1 ü"}}) {
        put("k", "of this one", space);
        Arguments arguments{"--from", "snapshot", "--count", "1"};
        arguments.insert(arguments.end(), space.begin(), space.end());
        BOOST_TEST(watch(arguments).output.ends_with("  of this one\n"));
    }
}

BOOST_FIXTURE_TEST_CASE(a_server_that_went_away_is_awaited_and_nothing_is_missed, Watched) {
    put("before", "1");
    const auto watching = begin({"--from", "snapshot"});
    watching->word_after("snapshot  before");
    put("live", "1");
    watching->word_after("put       live");
    restart(SIGTERM);
    put("after", "1");
    watching->word_after("put       after");
    BOOST_TEST(end(*watching, SIGTERM) == 128 + SIGTERM);
    const std::regex expected(R"(snapshot  before  \d+  1\nput       live  \d+  1\n)"
                              R"(alcove: .*; trying again\nalcove: connected again\nput       after  \d+  1\n)");
    BOOST_TEST(std::regex_match(watching->printed(), expected), watching->printed());
}

BOOST_FIXTURE_TEST_CASE(a_server_that_was_killed_is_awaited_in_silence_when_quiet, Watched) {
    put("before", "1");
    const auto watching = begin({"--from", "snapshot", "--quiet"});
    watching->word_after("before");
    restart(SIGKILL);
    put("after", "1");
    watching->word_after("after");
    end(*watching, SIGTERM);
    BOOST_TEST(watching->printed() == "before\nafter\n");
}

BOOST_FIXTURE_TEST_CASE(the_cursor_file_is_where_it_goes_on_whatever_from_says, Watched) {
    make_cursor();
    BOOST_TEST(mode_of(cursor) == 0600U);
    put("a", "1");
    put("b", "1");
    const Arguments again{"--from", "snapshot", "--cursor-file", cursor.string(), "--count", "1", "-q"};
    BOOST_TEST(watch(again).output == "a\n");
    BOOST_TEST(watch(again).output == "b\n");
    put("c", "1");
    BOOST_TEST(watch(again).output == "c\n");
}

BOOST_FIXTURE_TEST_CASE(a_transaction_is_told_whole_where_a_cursor_is_kept, Watched) {
    make_cursor();
    put_together({"a", "b", "c"});
    put("d", "1");
    const Arguments again{"--cursor-file", cursor.string(), "--count", "1", "-q"};
    BOOST_TEST(since(2, {"-q"}) == "a\nb\n");
    BOOST_TEST(watch(again).output == "a\nb\nc\n");
    BOOST_TEST(watch(again).output == "d\n");
}

BOOST_FIXTURE_TEST_CASE(a_kill_leaves_a_whole_file_and_repeats_only_what_it_does_not_cover, Watched) {
    make_cursor();
    std::string told;
    for (int round = 0; round < 3; ++round) {
        const std::string name = std::to_string(round);
        const auto watching = begin({"--cursor-file", cursor.string(), "-q"});
        put("covered" + name, "1");
        watching->word_after("covered" + name);
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // it is saved once a second
        put("late" + name, "1");
        watching->word_after("late" + name);
        BOOST_TEST(end(*watching, SIGKILL) == 128 + SIGKILL);
        BOOST_TEST(alcove::scopes::json::is_valid(text_of(cursor)), text_of(cursor));
        told += watching->printed();
    }
    std::map<std::string, int> counts;
    for (const auto& line : lines_of(told))
        ++counts[line];
    BOOST_TEST(counts.size() == 6U, told);
    for (const auto& [key, count] : counts)
        BOOST_TEST(count <= (key.starts_with("late") ? 2 : 1), key);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_told_is_followed_by_a_snapshot, Watched) {
    make_cursor();
    run({"namespace", "empty", "-w", "acme", "-y"});
    const std::string version = put("b", "1");
    const Arguments again{"--cursor-file", cursor.string(), "--count", "1"};
    BOOST_TEST(watch(again).output ==
               "alcove: the namespace was emptied, which is not told key by key; a snapshot of what there is now "
               "follows\nsnapshot  b  " +
                   version + "  1\n");
}

BOOST_FIXTURE_TEST_CASE(a_watch_goes_on_when_the_namespace_is_emptied, Watched) {
    put("a", "1");
    const auto watching = begin({"--from", "snapshot", "--cursor-file", cursor.string(), "-q"});
    watching->word_after("a");
    run({"namespace", "empty", "-w", "acme", "-y"});
    watching->word_after("a snapshot of what there is now follows");
    put("b", "1");
    watching->word_after("\nb");
    end(*watching, SIGTERM);
    put("c", "1");
    BOOST_TEST(watch({"--cursor-file", cursor.string(), "--count", "1", "-q"}).output == "c\n");
}

BOOST_FIXTURE_TEST_CASE(what_ends_for_good_has_its_exit_status, Watched) {
    BOOST_TEST(watch({"--token", "alc_fedcba9876543210"}).status == 4);
    BOOST_TEST(watch({"--end-user", "nobody"}).status == 3);
    BOOST_TEST(watch({"--from", "nowhere"}).status == 1);
    BOOST_TEST(watch({"--operations", "look"}).status == 1);
    BOOST_TEST(watch({"--count", "0"}).status == 2);
    BOOST_TEST(run({"watch"}).status == 2);
    BOOST_TEST(watch({"--token", "alc_fedcba9876543210"}).output.starts_with("alcove: "));
    write_text(cursor, "something else");
    BOOST_TEST(watch({"--cursor-file", cursor.string()}).output ==
               "alcove: " + cursor.string() + " is not what was saved there\n");
}

BOOST_FIXTURE_TEST_CASE(it_ends_with_its_token, Watched) {
    put("a", "1");
    const std::string made = output({"key", "create", "reader", "--permissions", "kv:read", "--json"});
    const auto watching = begin({"--from", "snapshot", "--token", member_of(made, "plainKey")});
    watching->word_after("snapshot  a");
    BOOST_TEST(status({"key", "delete", member_of(made, "id")}) == 0);
    BOOST_TEST(watching->wait() == 4);
    BOOST_TEST(watching->printed().ends_with("alcove: the watch has ended: the token is no longer good for it\n"),
               watching->printed());
}

BOOST_FIXTURE_TEST_CASE(a_signal_ends_it_quietly_with_its_place_kept, Watched) {
    make_cursor();
    // Tests that run in the background have SIGINT ignored, and hand that on.
    const Arguments heeding{"/usr/bin/env", "--default-signal=INT,HUP"};
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const std::string key = "k" + std::to_string(signal);
        const auto watching = begin({"--cursor-file", cursor.string(), "-q"}, heeding);
        put(key, "1");
        watching->word_after(key);
        BOOST_TEST(end(*watching, signal) == 128 + signal);
        BOOST_TEST(watching->printed() == key + "\n");
    }
}

BOOST_FIXTURE_TEST_CASE(a_reader_that_goes_ends_it_quietly, Watched) {
    for (const char* key : {"a", "b", "c"})
        put(key, "1");
    const std::string script =
        std::string(ALCOVE_BINARY) + " watch -w acme --from snapshot -q | head -n 1; echo ${PIPESTATUS[0]}";
    BOOST_TEST(run_program({"/bin/bash", "-c", script}, environment).output == "a\n141\n");
}

BOOST_FIXTURE_TEST_CASE(data_drives_no_terminal, Watched) {
    put("a", "v\x1b]0;title\x07");
    for (const Arguments& how : {Arguments{}, Arguments{"--json"}, Arguments{"--quiet"}}) {
        Arguments arguments = words({"--from", "snapshot", "--count", "1"});
        arguments.insert(arguments.begin(), ALCOVE_BINARY);
        arguments.insert(arguments.end(), how.begin(), how.end());
        const Finished shown = run_program_on_terminal({}, arguments, environment);
        BOOST_TEST(shown.status == 0);
        BOOST_TEST(shown.output.find_first_of("\x1b\x07") == std::string::npos, shown.output);
    }
}

BOOST_FIXTURE_TEST_CASE(it_asks_again_behind_the_last_id_when_the_server_is_busy, Told) {
    int asked = 0;
    Receiver server([&asked](const ReceivedRequest&) {
        ++asked;
        if (asked == 1)
            return stream("event: ok\nid: C1\ndata: {\"t\":\"ok\"}\n\nevent: events\nid: C9\ndata: {\"ev");
        return asked == 2 ? refusal(503) : stream(one_event);
    });
    const Finished done = watch(server, {"--from", "snapshot", "--count", "1"});
    BOOST_TEST(done.output ==
               "alcove: the server ended the stream; trying again\nalcove: connected again\ndelete    a  7\n");
    const auto requests = server.requests();
    BOOST_REQUIRE(requests.size() == 3U);
    BOOST_TEST(requests[0].target == "/api/v1/workspaces/acme/watch?from=snapshot");
    BOOST_TEST(requests[0].header("accept") == "text/event-stream");
    BOOST_TEST(requests[0].header("last-event-id") == "");
}

BOOST_FIXTURE_TEST_CASE(the_last_id_says_from_where, Told) {
    int asked = 0;
    Receiver server([&asked](const ReceivedRequest&) {
        ++asked;
        if (asked == 1) return stream("event: ok\nid: C1\ndata: {\"t\":\"ok\"}\n\n");
        return asked == 2 ? refusal(429) : stream(one_event);
    });
    BOOST_TEST(watch(server, {"--from", "C0", "--latest", "--count", "1", "-q"}).output == "a\n");
    const auto requests = server.requests();
    BOOST_REQUIRE(requests.size() == 3U);
    BOOST_TEST(requests[0].target == "/api/v1/workspaces/acme/watch?from=C0&mode=latest");
    for (const std::size_t i : {1, 2}) {
        BOOST_TEST(requests[i].target == "/api/v1/workspaces/acme/watch?mode=latest");
        BOOST_TEST(requests[i].header("last-event-id") == "C1");
    }
}

BOOST_FIXTURE_TEST_CASE(what_is_no_stream_of_events_is_refused, Told) {
    const Receiver server([](const ReceivedRequest&) { return ReceiverReply{.body = "hello"}; });
    const Finished done = watch(server, {});
    BOOST_TEST(done.status == 1);
    BOOST_TEST(done.output == "alcove: the server's answer is no stream of events\n");
}

BOOST_AUTO_TEST_SUITE_END()

// `alcove backup`, `alcove restore` and `alcove compact`, on a folder that a server works on and on one that rests.
#include <signal.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "tests/server/cli_fixture.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/receiver.hpp"

using namespace alcove::test;
namespace fs = std::filesystem;

namespace {

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

class BackupCli : public CliWorkspace {
public:
    BackupCli() { run({"kv", "put", "-w", "acme", "key", "before"}); }

    Finished back_up(std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments = {"backup", backup.string(), "--data", data()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
    Finished restore(const fs::path& from) const {
        return run({"restore", from.string(), "--data", restored.string()});
    }
    Finished in_shell(const std::string& script) const {
        return run_program({"/bin/bash", "-c", "alcove() { " ALCOVE_BINARY " \"$@\"; }\n" + script}, environment);
    }
    std::string data() const { return (folder / "data").string(); }
    std::string value() const { return output({"kv", "get", "-w", "acme", "key"}); }

    void stop() {
        server->signal(SIGTERM);
        server->wait();
    }
    // From now on the commands speak to a server on the restored folder.
    void go_on_restored(const Environment& more = {}) {
        stop();
        fs::copy_file(folder / "data/master.key", restored / "master.key");
        Environment all = more;
        all["ALCOVE_ROOT_KEY"] = root_key;
        server = std::make_unique<ServerProcess>(restored, all);
        environment["ALCOVE_URL"] = url();
    }

    fs::path backup = folder / "backup";
    fs::path restored = folder / "restored";
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_backup)

BOOST_FIXTURE_TEST_CASE(a_running_server_is_backed_up_and_restored_with_all_that_it_held, BackupCli) {
    write_text(folder / "credentials", R"({"token":"xoxb"})");
    run({"integration", "create", "slack", "-w", "acme"});
    run({"connection", "create", "slack", "-w", "acme", "--external-id", "own", "--credentials",
         (folder / "credentials").string()});

    const Finished done = back_up();

    BOOST_TEST(done.status == 0);
    BOOST_TEST(done.output.starts_with("backed up version "), done.output);
    BOOST_TEST(holds(done.output, "The master key " + data() + "/master.key is not in it"), done.output);
    run({"kv", "put", "-w", "acme", "key", "after"});
    const Finished again = restore(backup);
    BOOST_TEST(again.status == 0, again.output);
    BOOST_TEST(holds(again.output, "versions go on behind 1099511627776\nPut the master key back into "),
               again.output);
    BOOST_TEST(run({"check", "--data", restored.string()}).status == 0);
    go_on_restored();
    BOOST_TEST(value() == "before");
    BOOST_TEST(output({"kv", "put", "-w", "acme", "key", "new"}) == "version 1099511627777\n");
    BOOST_TEST(holds(output({"connection", "resolve", "-w", "acme", "--integration-name", "slack", "--connection",
                             "own", "--credentials", "--json"}),
                     R"("credentials":{"token":"xoxb"})"));
}

BOOST_FIXTURE_TEST_CASE(a_backup_goes_through_pipes_as_a_tar_archive, BackupCli) {
    const auto tar = folder / "backup.tar";
    const Finished piped = in_shell("alcove backup - --quiet --data " + data() + " | cat > " + tar.string());
    BOOST_TEST(piped.output == "");
    BOOST_TEST(restore(tar).status == 0);
    fs::remove_all(restored);
    const Finished through = in_shell("alcove backup - -q --data " + data() + " | alcove restore - -q --data " +
                                      restored.string() + "; echo ${PIPESTATUS[@]}");
    BOOST_TEST(through.output == "0 0\n");
    go_on_restored();
    BOOST_TEST(value() == "before");
}

BOOST_FIXTURE_TEST_CASE(the_report_of_an_archive_goes_to_stderr, BackupCli) {
    const auto tar = (folder / "backup.tar").string();
    const Finished told = in_shell("alcove backup - --json --data " + data() + " 2>&1 >" + tar);
    BOOST_TEST(told.output.starts_with(R"({"version":")"), told.output);
    BOOST_TEST(told.output.ends_with("\"target\":\"-\"}\n"), told.output);
    BOOST_TEST(restore(tar).status == 0);
}

BOOST_FIXTURE_TEST_CASE(reports_are_json_or_nothing_when_asked_for, BackupCli) {
    const Finished json = back_up({"--json"});
    for (const char* member : {"\"version\":\"", "\"files\":", "\"bytes\":", "\"seconds\":", "\"target\":\""})
        BOOST_TEST(holds(json.output, member), json.output);
    const Finished restored_json = run({"restore", backup.string(), "--data", restored.string(), "--json"});
    BOOST_TEST(member_of(restored_json.output, "backedUpVersion") == member_of(json.output, "version"));
    BOOST_TEST(member_of(restored_json.output, "version") == "1099511627776");
    BOOST_TEST(member_of(restored_json.output, "epoch").size() == 16U);
    fs::remove_all(backup);
    BOOST_TEST(back_up({"--quiet"}).output == "");
    fs::remove_all(restored);
    BOOST_TEST(run({"restore", backup.string(), "--data", restored.string(), "-q"}).output == "");
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_done_is_said_in_a_sentence, BackupCli) {
    BOOST_TEST(status({"backup"}) == 2);
    BOOST_TEST(status({"restore"}) == 2);
    BOOST_TEST(status({"backup", "x", "--json", "--quiet"}) == 2);
    BOOST_TEST(output({"backup", backup.string(), "--data", (folder / "typo").string()}) ==
               "alcove: there is no store in " + (folder / "typo").string() + "\n");
    back_up();
    const Finished twice = back_up();
    BOOST_TEST(twice.status == 1);
    BOOST_TEST(twice.output == "alcove: the folder " + backup.string() + " is not empty\n");
    BOOST_TEST(output({"restore", backup.string(), "--data", data()}) ==
               "alcove: the folder " + data() + " is not empty\n");
    BOOST_TEST(output({"restore", folder.path().string(), "--data", restored.string()}) ==
               "alcove: there is no whole backup in " + folder.path().string() + "\n");
    BOOST_TEST(output({"restore", (folder / "typo").string(), "--data", restored.string()}) ==
               "alcove: cannot open " + (folder / "typo").string() + ": No such file or directory\n");
    BOOST_TEST(!fs::exists(restored));
    BOOST_TEST(!fs::exists(folder / "typo"));
}

// A limit of the shell in place of a full disk.
BOOST_FIXTURE_TEST_CASE(a_disk_that_takes_no_more_leaves_nothing_behind, BackupCli) {
    const Finished failed =
        in_shell("trap '' XFSZ; ulimit -f 10; alcove backup " + backup.string() + " --data " + data());
    BOOST_TEST(failed.status == 1);
    BOOST_TEST(holds(failed.output, "alcove: cannot write "), failed.output);
    BOOST_TEST(!fs::exists(backup));
    BOOST_TEST(!fs::exists(backup.native() + ".draft"));
    back_up();
    const Finished not_restored =
        in_shell("trap '' XFSZ; ulimit -f 10; alcove restore " + backup.string() + " --data " + restored.string());
    BOOST_TEST(not_restored.status == 1, not_restored.output);
    BOOST_TEST(!fs::exists(restored));
}

BOOST_FIXTURE_TEST_CASE(a_signal_ends_a_restore_that_waits_and_leaves_nothing_behind, BackupCli) {
    const auto tar = (folder / "backup.tar").string();
    in_shell("alcove backup - -q --data " + data() + " >" + tar);
    BackgroundProgram waiting({"/bin/bash", "-c",
                               "exec " ALCOVE_BINARY " restore - --data " + restored.string() +
                                   " < <(head -c 4096 " + tar + "; exec sleep 30)"});
    for (int i = 0; i < 500 && !fs::exists(restored / "restore.draft/blobs"); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    BOOST_TEST(fs::exists(restored / "restore.draft/blobs"));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    waiting.signal(SIGTERM);
    BOOST_TEST(waiting.wait() == 128 + SIGTERM);
    BOOST_TEST(!fs::exists(restored));
}

BOOST_FIXTURE_TEST_CASE(progress_is_drawn_on_a_terminal_and_an_archive_is_not, BackupCli) {
    const std::vector<std::string> to_folder = {ALCOVE_BINARY, "backup", backup.string(), "--data", data()};
    const Finished drawn = run_program_on_terminal({}, to_folder, environment);
    BOOST_TEST(drawn.status == 0, drawn.output);
    BOOST_TEST(holds(drawn.output, "copied 0 files"), drawn.output);
    const Finished refused =
        run_program_on_terminal({}, {ALCOVE_BINARY, "backup", "-", "--data", data()}, environment);
    BOOST_TEST(refused.status == 2);
    BOOST_TEST(holds(refused.output, "not to a terminal"), refused.output);
}

BOOST_FIXTURE_TEST_CASE(a_compaction_needs_a_folder_that_rests_and_tells_what_it_freed, BackupCli) {
    const Finished refused = run({"compact", "--data", data()});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(holds(refused.output, "is in use by another server"), refused.output);
    stop();
    const Finished done = run({"compact", "--data", data()});
    BOOST_TEST(done.status == 0);
    BOOST_TEST(done.output.starts_with("the index had "), done.output);
    BOOST_TEST(run({"compact", "--data", data(), "--json"}).output.starts_with(R"({"bytesBefore":)"));
    BOOST_TEST(run({"compact", "--data", data(), "--quiet"}).output == "");
    BOOST_TEST(run({"check", "--data", data()}).status == 0);
    start();
    BOOST_TEST(value() == "before");
}

BOOST_FIXTURE_TEST_CASE(the_script_keeps_the_newest_backups_and_rehearses_a_restore, BackupCli) {
    const auto backups = folder / "backups";
    const auto take = [&](const std::string& flags) {
        return in_shell("ALCOVE=" ALCOVE_BINARY " " ALCOVE_SOURCE "/scripts/backup " + flags + " " + data() + " " +
                        backups.string());
    };
    const auto names = [&] {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator(backups))
            all.push_back(entry.path().filename());
        std::ranges::sort(all);
        return all;
    };
    fs::create_directories(backups / "mine");
    fs::create_directories(backups / "alcove-2026-01-01T000000Z.draft");
    fs::create_directories(backups / "alcove-2026-01-01T000001Z");
    fs::create_directories(backups / "alcove-2026-01-01T000002Z");

    const Finished first = take("--keep 2 --rehearse");

    BOOST_TEST(first.status == 0, first.output);
    BOOST_TEST(holds(first.output, "no problems"), first.output);
    const auto kept = names();
    BOOST_TEST(kept.size() == 3U);
    BOOST_TEST(kept[0] == "alcove-2026-01-01T000002Z");
    BOOST_TEST(kept[2] == "mine");
    BOOST_TEST(restore(backups / kept[1]).status == 0);
    stop();
    fs::remove_all(folder / "data" / "index");
    BOOST_TEST(take("--keep 1").status == 1);
    BOOST_TEST((names() == kept));
    BOOST_TEST(take("--keep 0").status == 2);
}

namespace {

// A workspace with triggers, whose receivers see what each life of the store tells.
class TellingCli : public BackupCli {
public:
    TellingCli() {
        stop();
        server = std::make_unique<ServerProcess>(folder / "data", with_root_key());
        environment["ALCOVE_URL"] = url();
        HttpClient client(server->port());
        const auto made = client.send(
            "POST", "/api/v1/workspaces/acme/integrations",
            R"({"integrationName":"kv-store","alias":"kv","settings":{"persistence":{"scope":"workspace"}}})",
            {{"Authorization", std::string("Bearer ") + root_key}});
        BOOST_TEST(made.status == 201U, made.body);
    }

    Environment with_root_key() const {
        Environment all = settings;
        all["ALCOVE_ROOT_KEY"] = root_key;
        return all;
    }
    void enable_trigger(const Receiver& receiver) const {
        HttpClient client(server->port());
        const auto enabled = client.send(
            "POST", "/api/v1/triggers/enable",
            R"({"workspaceId":"acme","integrationName":"kv-store","triggerName":"key_changed","callbackUrl":")" +
                receiver.url() + "\"}",
            {{"Authorization", std::string("Bearer ") + root_key}});
        BOOST_TEST(enabled.status == 201U, enabled.body);
    }
    void put(const std::string& value) const { run({"kv", "put", "-w", "acme", "key", value}); }

    static bool is_told(const Receiver& receiver, std::string_view what) {
        for (int i = 0; i < 1000; ++i) {
            for (const auto& request : receiver.requests())
                if (holds(request.body, what)) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }

    const Environment settings{{"ALCOVE_WEBHOOKS_ALLOW_PRIVATE_TARGETS", "true"},
                               {"ALCOVE_WEBHOOKS_RETRY_FIRST_SECONDS", "0.05"},
                               {"ALCOVE_WEBHOOKS_RETRY_MAX_SECONDS", "0.1"},
                               {"ALCOVE_WEBHOOKS_ATTEMPTS_MAX", "1000"}};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_trigger_tells_what_happens_after_a_restore, TellingCli) {
    Receiver prompt;
    Receiver behind([](const ReceivedRequest&) { return ReceiverReply{.status = 500}; });
    enable_trigger(prompt);
    enable_trigger(behind);
    put("told in time");
    BOOST_TEST(is_told(prompt, "told in time"));
    BOOST_TEST(is_told(behind, "told in time"));
    std::this_thread::sleep_for(std::chrono::milliseconds(1'500));  // by then it is kept how far they were told
    back_up();
    put("lost with the old life");
    BOOST_TEST(is_told(prompt, "lost with the old life"));
    restore(backup);
    behind.answer_with([](const ReceivedRequest&) { return ReceiverReply{}; });
    behind.clear();

    go_on_restored(settings);

    // What it was not told yet has left with the history, and that it is told.
    BOOST_TEST(is_told(behind, R"("trigger.reset","data":{"triggerName":"key_changed","why":"compacted")"));
    // Until it is kept that nothing is left of the old life; a change before that may be part of another reset.
    std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
    prompt.clear();
    put("of the new life");
    BOOST_TEST(is_told(prompt, "of the new life"));
    BOOST_TEST(is_told(behind, "of the new life"));
    BOOST_TEST(prompt.requests().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_watch_begins_anew_after_a_restore, BackupCli) {
    run({"end-user", "create", "u", "-w", "acme"});
    run({"integration", "create", "kv-store", "-w", "acme"});
    const auto resolved = output({"resolve", "-w", "acme", "--alias", "kv-store", "--end-user", "u", "--json"});
    const std::string cursor = member_of(resolved, "cursor");
    BOOST_TEST(cursor != "");
    run({"kv", "put", "-w", "acme", "--end-user", "u", "own", "before"});
    back_up();
    run({"kv", "put", "-w", "acme", "--end-user", "u", "own", "lost"});
    restore(backup);
    go_on_restored();
    const Finished watched = run({"watch", "-w", "acme", "--end-user", "u", "--from", cursor, "--count", "1"});
    BOOST_TEST(holds(watched.output, "the server's data was restored from a backup"), watched.output);
    BOOST_TEST(holds(watched.output, "snapshot  own  "), watched.output);
    BOOST_TEST(holds(watched.output, "before"), watched.output);
}

BOOST_AUTO_TEST_SUITE_END()

// The program as its user meets it: flags, environment, exit codes, the admin key, and how it ends.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <regex>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace alcove::test;

namespace {

Finished run_alcove(std::vector<std::string> arguments, const Environment& environment = {}) {
    arguments.insert(arguments.begin(), ALCOVE_BINARY);
    return run_program(arguments, environment);
}

// The status code of a GET with that key.
std::string get_status(const ServerProcess& server, const std::string& key, const std::string& path) {
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + path;
    return run_program({"/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                        "Authorization: Bearer " + key, url})
        .output;
}

constexpr const char* some_key = "alc_0123456789abcdef";
constexpr const char* other_key = "alc_fedcba9876543210";

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line)

BOOST_AUTO_TEST_CASE(version_and_help_are_printed) {
    BOOST_TEST(run_alcove({"--version"}).output == "alcove 0.1.0\n");
    BOOST_TEST(run_alcove({"--help"}).status == 0);
    BOOST_TEST(run_alcove({"serve", "--help"}).output.find("--server-listen") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_one_clear_line_and_status_2) {
    BOOST_TEST(run_alcove({}).status == 2);
    BOOST_TEST(run_alcove({"fly"}).status == 2);
    const Finished unknown = run_alcove({"serve", "--nope"});
    BOOST_TEST(unknown.status == 2);
    BOOST_TEST(unknown.output == "alcove: The following argument was not expected: --nope\n");
    const Finished range = run_alcove({"serve", "--server-threads", "999"});
    BOOST_TEST(range.status == 2);
    BOOST_TEST(range.output == "alcove: --server-threads: 999 is above the most allowed, 256\n");
    const Finished variable = run_alcove({"serve"}, {{"ALCOVE_STORE_HISTORY", "maybe"}});
    BOOST_TEST(variable.status == 2);
    BOOST_TEST(variable.output ==
               "alcove: environment: ALCOVE_STORE_HISTORY: \"maybe\" is neither true nor false\n");
    BOOST_TEST(run_alcove({"serve", "--config", "/nowhere.toml"}).status == 2);
    BOOST_TEST(run_alcove({"serve", "--config", "/"}).status == 2);
    BOOST_TEST(run_alcove({"serve", "--config", ""}).output == "alcove: --config: must not be empty\n");
}

BOOST_AUTO_TEST_CASE(a_root_key_of_another_shape_is_refused) {
    for (const std::string& wrong : {std::string("secret"), std::string(), "alc_" + std::string(15, 'a'),
                                     "alc_" + std::string(201, 'a'), "alc_" + std::string(16, '+')}) {
        const Finished refused = run_alcove({"serve", "--data", "/proc/never"}, {{"ALCOVE_ROOT_KEY", wrong}});
        BOOST_TEST(refused.status == 2);
        BOOST_TEST(refused.output ==
                   "alcove: environment: ALCOVE_ROOT_KEY must be alc_ and 16 to 200 letters, digits, - and _\n");
    }
}

BOOST_AUTO_TEST_CASE(a_switch_alone_is_on) {
    const auto logs_access = [](const std::vector<std::string>& flags) {
        const TemporaryFolder folder;
        ServerProcess server(folder / "data", {}, flags);
        get_status(server, some_key, "/healthz");
        server.signal(SIGTERM);
        server.wait();
        return server.printed().find(R"("event":"request",)") != std::string::npos;
    };
    BOOST_TEST(!logs_access({}));
    BOOST_TEST(logs_access({"--server-access-log"}));
    BOOST_TEST(logs_access({"--server-access-log=true"}));
    BOOST_TEST(logs_access({"--server-access-log", "true"}));
    BOOST_TEST(!logs_access({"--server-access-log=false"}));
    BOOST_TEST(run_alcove({"serve", "--server-access-log=maybe"}).output ==
               "alcove: --server-access-log: \"maybe\" is neither true nor false\n");
}

BOOST_AUTO_TEST_CASE(flag_wins_over_environment_over_file) {
    const TemporaryFolder folder;
    const std::string file = (folder / "alcove.toml").string();
    // Each source is wrong in its own way: who is asked last is who complains.
    std::ofstream(file) << "[server]\nlisten = \"256.0.0.1:1\"\n";
    BOOST_TEST(run_alcove({"serve", "--config", file}).output.starts_with("alcove: " + file + ":2: server.listen"));

    std::ofstream(file) << "[store]\ndata = \"/proc/from-file\"\n";
    const auto tried = [&](std::vector<std::string> flags, const Environment& environment) {
        flags.insert(flags.begin(), {"serve", "--config", file, "--listen", "127.0.0.1:0"});
        return run_alcove(flags, environment).output;
    };
    const Environment environment{{"ALCOVE_STORE_DATA", "/proc/from-environment"}};
    BOOST_TEST(tried({}, {}).find("from-file") != std::string::npos);
    BOOST_TEST(tried({}, environment).find("from-environment") != std::string::npos);
    BOOST_TEST(tried({"--data", "/proc/from-flag"}, environment).find("from-flag") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_first_start_prints_an_admin_key_once) {
    const TemporaryFolder folder;
    std::string key;
    {
        ServerProcess server(folder / "data");
        key = server.admin_key();
        BOOST_TEST(std::regex_match(key, std::regex("alc_[A-Za-z0-9_-]{27,}")));
        BOOST_TEST(get_status(server, key, "/api/v1/workspaces") == "200");
        BOOST_TEST(get_status(server, other_key, "/api/v1/workspaces") == "401");
        server.signal(SIGTERM);
        BOOST_TEST(server.wait() == 0);
    }
    ServerProcess again(folder / "data");
    BOOST_TEST(again.admin_key() == "");
    BOOST_TEST(get_status(again, key, "/api/v1/workspaces") == "200");
}

BOOST_AUTO_TEST_CASE(the_root_key_of_the_environment_replaces_the_former_one) {
    const TemporaryFolder folder;
    {
        ServerProcess server(folder / "data", {{"ALCOVE_ROOT_KEY", some_key}});
        BOOST_TEST(server.admin_key() == "");
        BOOST_TEST(get_status(server, some_key, "/api/v1/workspaces") == "200");
    }
    ServerProcess server(folder / "data", {{"ALCOVE_ROOT_KEY", other_key}});
    BOOST_TEST(get_status(server, other_key, "/api/v1/workspaces") == "200");
    BOOST_TEST(get_status(server, some_key, "/api/v1/workspaces") == "401");
}

BOOST_AUTO_TEST_CASE(a_second_server_on_the_data_folder_is_refused) {
    const TemporaryFolder folder;
    ServerProcess server(folder / "data");

    const Finished second = run_alcove({"serve", "--data", (folder / "data").string(), "--listen", "127.0.0.1:0"});

    BOOST_TEST(second.status == 1);
    BOOST_TEST(second.output.find("is in use by another server") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_refused_by_name_and_the_new_key_is_not_lost) {
    const TemporaryFolder folder;
    ServerProcess server(folder / "one");
    const std::string port = std::to_string(server.port());

    const Finished second =
        run_alcove({"serve", "--data", (folder / "two").string(), "--listen", "127.0.0.1:" + port});

    BOOST_TEST(second.status == 1);
    BOOST_TEST(second.output.find("admin key: alc_") != std::string::npos);
    BOOST_TEST(second.output.find("cannot listen on 127.0.0.1 port " + port) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(both_stop_signals_end_it_quickly_and_cleanly) {
    for (const int signal : {SIGTERM, SIGINT}) {
        const TemporaryFolder folder;
        ServerProcess server(folder / "data");
        const auto begin = std::chrono::steady_clock::now();
        server.signal(signal);
        BOOST_TEST(server.wait() == 0);
        BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds(5)));
    }
}

BOOST_AUTO_TEST_SUITE_END()

// The configuration: where a value comes from, and what is said about a wrong one.
#include "server/config.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "tests/support/temporary_folder.hpp"

using namespace alcove;

namespace {

std::string shipped_file() {
    return std::string(ALCOVE_SOURCE) + "/config/alcove.toml";
}

// What load_file says about a file with that text; "ok" when nothing. The folder's name is left out.
std::string complaint(const std::string& text) {
    const test::TemporaryFolder folder;
    const std::string path = (folder / "alcove.toml").string();
    std::ofstream(path) << text;
    Config config;
    try {
        load_file(config, path);
    } catch (const ConfigError& error) {
        return std::string(error.what()).substr(path.size() - std::string("alcove.toml").size());
    }
    return "ok";
}

std::string environment_complaint(const std::string& name, const std::string& value) {
    Config config;
    try {
        load_environment(config, {{name, value}});
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "ok";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config)

BOOST_AUTO_TEST_CASE(the_shipped_file_is_the_defaults_and_names_every_key) {
    Config loaded;
    for (const ConfigKey& key : config_keys()) {
        // Away from the default first, so that a key which the file leaves out is noticed.
        if (const auto* size = std::get_if<ConfigKey::Size>(&key.kind)) loaded.*size->member = 1;
        if (const auto* count = std::get_if<ConfigKey::Count>(&key.kind)) loaded.*count->member = 77;
        if (const auto* flag = std::get_if<ConfigKey::Flag>(&key.kind))
            loaded.*flag->member = !(loaded.*flag->member);
        if (const auto* text = std::get_if<ConfigKey::Text>(&key.kind)) loaded.*text->member = "other";
        if (const auto* text = std::get_if<ConfigKey::Choice>(&key.kind)) loaded.*text->member = "other";
        if (const auto* time = std::get_if<ConfigKey::Seconds>(&key.kind))
            loaded.*time->member = Config::Milliseconds(7);
    }
    load_file(loaded, shipped_file());

    const Config defaults;
    for (const ConfigKey& key : config_keys()) {
        BOOST_TEST(key.value_of(loaded) == key.value_of(defaults), key.dotted());
    }
    BOOST_TEST((loaded == defaults));
}

BOOST_AUTO_TEST_CASE(the_shipped_file_says_of_every_key_what_the_table_says) {
    std::ostringstream shipped;
    shipped << std::ifstream(shipped_file()).rdbuf();
    for (const ConfigKey& key : config_keys()) {
        std::string comment(key.description);
        comment.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(comment.front())));
        if (!key.bounds().empty()) comment += " (" + key.bounds() + ")";
        const std::string lines =
            "# " + comment + ".\n" + std::string(key.name) + " = " + key.value_of(Config{}) + "\n";
        BOOST_TEST(shipped.str().find(lines) != std::string::npos, key.dotted() << " should read:\n" << lines);
    }
}

BOOST_AUTO_TEST_CASE(every_key_takes_its_own_printed_value) {
    for (const ConfigKey& key : config_keys()) {
        Config set;
        std::string text = key.value_of(Config{});
        if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
        key.set(set, text);
        BOOST_TEST((set == Config{}), key.dotted());
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_file_is_refused_with_file_line_and_key) {
    BOOST_TEST(complaint("[server]\n\nthreads = 999\n") ==
               "alcove.toml:3: server.threads: 999 is above the most allowed, 256");
    BOOST_TEST(complaint("[store]\nmap_bytes = 1\n") ==
               "alcove.toml:2: store.map_bytes: 1 is below the least allowed, 4MiB");
    BOOST_TEST(complaint("[server]\ntreads = 1\n") == "alcove.toml:2: unknown key server.treads");
    BOOST_TEST(complaint("[sever]\nthreads = 1\n") == "alcove.toml:1: unknown section sever");
    BOOST_TEST(complaint("threads = 1\n") == "alcove.toml:1: unknown key threads");
    BOOST_TEST(complaint("[server]\nthreads = \"1\"\n") ==
               "alcove.toml:2: server.threads: expected a whole number");
    BOOST_TEST(complaint("[server]\nlisten = 7411\n") == "alcove.toml:2: server.listen: expected a string");
    BOOST_TEST(complaint("[store]\nhistory = 1\n") == "alcove.toml:2: store.history: expected true or false");
    BOOST_TEST(complaint("[server]\nthreads = -1\n") ==
               "alcove.toml:2: server.threads: -1 is below the least allowed, 0");
    BOOST_TEST(complaint("[server]\nheader_timeout_seconds = -0.5\n") ==
               "alcove.toml:2: server.header_timeout_seconds: -0.5 is below the least allowed, 0.1");
    BOOST_TEST(complaint("[server]\nheader_timeout_seconds = 1e300\n") ==
               "alcove.toml:2: server.header_timeout_seconds: 1e+300 is above the most allowed, 3600");
    BOOST_TEST(complaint("[server]\nheader_timeout_seconds = nan\n") ==
               "alcove.toml:2: server.header_timeout_seconds: \"nan\" is not a number of seconds");
    BOOST_TEST(complaint("[server]\nlisten = \"nowhere\"\n") ==
               "alcove.toml:2: server.listen: \"nowhere\" is not HOST:PORT such as 127.0.0.1:7411 or [::1]:7411");
    BOOST_TEST(complaint("[log]\nlevel = \"loud\"\n") ==
               "alcove.toml:2: log.level: \"loud\" is none of debug, info, warn, error");
    BOOST_TEST(
        complaint("[server]\nlisten = \"1.1.1.1:1\"\nlisten = \"1.1.1.1:2\"\n").starts_with("alcove.toml:3: "));
    BOOST_TEST(complaint("[server\n").starts_with("alcove.toml:1: "));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_refused_by_name) {
    const test::TemporaryFolder folder;
    const std::string missing = (folder / "missing.toml").string();
    const std::string itself = (folder / ".").string();
    for (const auto& [path, reason] :
         {std::pair(missing, "No such file or directory"), std::pair(itself, "Is a directory")}) {
        Config config;
        BOOST_CHECK_EXCEPTION(load_file(config, path), ConfigError, [&](const ConfigError& error) {
            return error.what() == path + ": cannot be read: " + reason;
        });
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_variable_is_refused_by_name) {
    BOOST_TEST(environment_complaint("ALCOVE_SERVER_THREADS", "many") ==
               "environment: ALCOVE_SERVER_THREADS: \"many\" is not a whole number");
    BOOST_TEST(environment_complaint("ALCOVE_SERVER_THREADS", "99999999999999999999") ==
               "environment: ALCOVE_SERVER_THREADS: 99999999999999999999 is above the most allowed, 256");
    BOOST_TEST(environment_complaint("ALCOVE_STORE_MAP_BYTES", "99999999TiB") ==
               "environment: ALCOVE_STORE_MAP_BYTES: 99999999TiB is above the most allowed, 64TiB");
    BOOST_TEST(environment_complaint("ALCOVE_STORE_MAP_BYTES", "-1MiB") ==
               "environment: ALCOVE_STORE_MAP_BYTES: -1MiB is below the least allowed, 4MiB");
    BOOST_TEST(environment_complaint("ALCOVE_SERVER_ACCESS_LOG", "") ==
               "environment: ALCOVE_SERVER_ACCESS_LOG: \"\" is neither true nor false");
    BOOST_TEST(environment_complaint("ALCOVE_SERVER_TREADS", "1") ==
               "environment: unknown variable ALCOVE_SERVER_TREADS");
    BOOST_TEST(environment_complaint("ALCOVE_ROOT_KEY", "anything") == "ok");
    BOOST_TEST(environment_complaint("ALCOVE_TEST_ROUNDS", "anything") == "ok");
    BOOST_TEST(environment_complaint("OTHER", "anything") == "ok");
}

BOOST_AUTO_TEST_CASE(sizes_and_durations_have_units_and_fractions) {
    Config config;
    load_environment(config, {{"ALCOVE_STORE_MAP_BYTES", "5GiB"},
                              {"ALCOVE_STORE_SEGMENT_BYTES", "1048576"},
                              {"ALCOVE_SERVER_IDLE_TIMEOUT_SECONDS", "1.25"}});
    BOOST_TEST(config.map_bytes == std::uint64_t{5} << 30);
    BOOST_TEST(config.segment_bytes == std::uint64_t{1} << 20);
    BOOST_TEST(config.idle_timeout.count() == 1250);
    BOOST_TEST(complaint("[server]\nidle_timeout_seconds = 1.5\n") == "ok");
    BOOST_TEST(complaint("[store]\nmap_bytes = \"64MB\"\n") ==
               "alcove.toml:2: store.map_bytes: \"64MB\" is not a size in bytes such as 1048576 or \"1MiB\"");
}

BOOST_AUTO_TEST_CASE(listen_addresses_are_hosts_and_ports) {
    BOOST_TEST(parse_listen("127.0.0.1:80").port == 80);
    BOOST_TEST(parse_listen("0.0.0.0:65535").address == "0.0.0.0");
    BOOST_TEST(parse_listen("[::1]:0").address == "::1");
    BOOST_TEST(parse_listen("localhost:1").address == "127.0.0.1");
    for (const char* wrong :
         {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:-1", "127.0.0.1:1x", "example.com:80",
          "1.2.3:4", "::1:80", "[::1]", "[::1]80", "[]:80", "[127.0.0.1]:80", "[::1:80", "::1]:80"}) {
        BOOST_CHECK_THROW(parse_listen(wrong), ConfigError);
    }
    BOOST_TEST(environment_complaint("ALCOVE_SERVER_LISTEN", "::1:80") ==
               "environment: ALCOVE_SERVER_LISTEN: \"::1:80\": an IPv6 address stands in brackets, such as "
               "[::1]:7411");
    BOOST_TEST(environment_complaint("ALCOVE_SERVER_LISTEN", "127.0.0.1:70000") ==
               "environment: ALCOVE_SERVER_LISTEN: port 70000 is above the most allowed, 65535");
}

BOOST_AUTO_TEST_CASE(keys_that_do_not_go_together_are_named) {
    const auto complaint_about = [](const Config& config) {
        try {
            check_together(config);
        } catch (const ConfigError& error) {
            return std::string(error.what());
        }
        return std::string("ok");
    };
    Config config;
    BOOST_TEST(complaint_about(config) == "ok");
    config.certificate_file = "certificate.pem";
    const std::string half = "tls.certificate_file and tls.key_file need each other: one of them is not set";
    BOOST_TEST(complaint_about(config) == half);
    config.key_file = "key.pem";
    config.listen = "0.0.0.0:7411";
    BOOST_TEST(complaint_about(config) == "ok");
    config.certificate_file = "";
    BOOST_TEST(complaint_about(config) == half);

    config = Config{};
    for (const char* own : {"127.0.0.1:0", "127.1.2.3:7411", "localhost:7411", "[::1]:7411"}) {
        config.listen = own;
        BOOST_TEST(complaint_about(config) == "ok", own);
    }
    for (const char* open : {"0.0.0.0:0", "192.168.0.1:7411", "[::]:7411", "[::ffff:10.0.0.1]:7411"}) {
        config.listen = open;
        BOOST_TEST(complaint_about(config).starts_with("server.listen: \"" + config.listen + "\" would carry"));
    }
    config.allow_plain_http = true;
    BOOST_TEST(complaint_about(config) == "ok");
}

BOOST_AUTO_TEST_SUITE_END()

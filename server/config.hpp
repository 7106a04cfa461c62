// Everything `alcove serve` can be told, and the one table from which file, flags, environment and help are
// derived.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alcove {

struct Config {
    using Milliseconds = std::chrono::milliseconds;

    std::string listen = "127.0.0.1:7411";
    std::uint64_t threads = 0;  // 0: one per CPU that the process may use
    std::string public_url;
    std::string allowed_origins;
    bool allow_plain_http = false;
    bool access_log = false;
    std::uint64_t connections_max = 10'000;
    Milliseconds header_timeout{10'000};
    Milliseconds body_timeout{30'000};
    Milliseconds write_timeout{30'000};
    Milliseconds idle_timeout{75'000};
    Milliseconds watch_heartbeat{15'000};
    Milliseconds drain{0};
    Milliseconds shutdown{10'000};

    std::string certificate_file;  // empty: plain HTTP
    std::string key_file;

    std::string data = "./data";
    std::uint64_t map_bytes = std::uint64_t{64} << 30;
    std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;
    std::uint64_t overlay_bytes = std::uint64_t{64} << 20;
    Milliseconds apply_interval{5'000};
    bool history = true;
    Milliseconds history_age = std::chrono::hours{24 * 7};
    std::uint64_t history_bytes = std::uint64_t{4} << 30;
    std::uint64_t queued_commits_max = 8192;

    std::uint64_t value_bytes = std::uint64_t{1} << 20;
    std::uint64_t file_bytes = std::uint64_t{1} << 30;

    std::uint64_t token_requests_per_second = 0;  // 0: no limit
    std::uint64_t token_burst = 0;                // 0: as many as in a second
    std::uint64_t namespace_requests_per_second = 0;
    std::uint64_t namespace_burst = 0;

    std::string master_key_file;  // empty: master.key in the data folder

    bool external_id_rename = false;

    bool allow_private_targets = false;
    Milliseconds webhook_timeout{5'000};
    Milliseconds webhook_retry_first{2'000};
    Milliseconds webhook_retry_max = std::chrono::hours{1};
    std::uint64_t webhook_attempts_max = 30;
    std::uint64_t webhook_concurrency_max = 256;

    bool metrics = true;
    std::string metrics_token;  // empty: for this machine alone

    std::string log_level = "info";

    bool operator==(const Config&) const = default;
};

// What is wrong with the configuration, in one line that names where it stands.
class ConfigError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// One key of the configuration: `section.name` in the file, `--section-name` as a flag, ALCOVE_SECTION_NAME in the
// environment.
struct ConfigKey {
    struct Text {
        std::string Config::* member;
        void (*check)(const std::string& value);  // throws ConfigError; or null
    };
    struct Choice {
        std::string Config::* member;
        std::vector<std::string> choices;
    };
    struct Flag {
        bool Config::* member;
    };
    struct Count {
        std::uint64_t Config::* member;
        std::uint64_t min, max;
    };
    struct Size {  // bytes; also written "64MiB"
        std::uint64_t Config::* member;
        std::uint64_t min, max;
    };
    struct Seconds {  // may be fractional
        Config::Milliseconds Config::* member;
        Config::Milliseconds min, max;
    };

    std::string_view section;
    std::string_view name;
    std::string_view description;
    std::variant<Text, Choice, Flag, Count, Size, Seconds> kind;

    std::string dotted() const;                        // server.listen
    std::string flag() const;                          // --server-listen
    std::string environment() const;                   // ALCOVE_SERVER_LISTEN
    std::string value_of(const Config& config) const;  // as it is written in the file
    std::string bounds() const;                        // "0 to 256", "debug, info, warn, error"; may be empty

    // Throws ConfigError that says what is wrong, without saying where.
    void set(Config& config, std::string_view text) const;
};

std::span<const ConfigKey> config_keys();

// Each throws ConfigError that names file and line, or the variable, and the key.
void load_file(Config& config, const std::string& path);
void load_environment(Config& config, const std::map<std::string, std::string>& environment);

// Throws ConfigError that names the keys when some do not go together.
void check_together(const Config& config);

// The origins of server.allowed_origins.
std::vector<std::string> parse_origins(const std::string& text);

// "127.0.0.1:7411", "localhost:7411", "[::1]:0". Throws ConfigError.
struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};
ListenAddress parse_listen(const std::string& text);

}  // namespace alcove

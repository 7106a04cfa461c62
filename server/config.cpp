// The table of configuration keys, and how their values are read from text and from TOML.
#include "server/config.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <system_error>

// Header-only and slow to compile: beside this file only server/cli/settings.cpp sees it.
#include <toml++/toml.h>

#include "kv/limits.hpp"

namespace alcove {

namespace {

using Milliseconds = Config::Milliseconds;

constexpr std::uint64_t KiB = std::uint64_t{1} << 10;
constexpr std::uint64_t MiB = std::uint64_t{1} << 20;
constexpr std::uint64_t GiB = std::uint64_t{1} << 30;
constexpr Milliseconds year = std::chrono::hours{24 * 365};

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr Unit units[] = {{"KiB", KiB}, {"MiB", MiB}, {"GiB", GiB}, {"TiB", 1024 * GiB}};

void check_listen(const std::string& text) {
    parse_listen(text);
}

void check_url(const std::string& text) {
    if (text.empty()) return;
    if (!text.starts_with("http://") && !text.starts_with("https://")) {
        throw ConfigError("\"" + text + "\" is not an http:// or https:// URL");
    }
    if (text.ends_with("/")) throw ConfigError("\"" + text + "\" must not end with a slash");
}

void check_origins(const std::string& text) {
    for (const std::string& origin : parse_origins(text)) {
        const bool site = origin.starts_with("http://") || origin.starts_with("https://");
        if (origin == "*" || (site && origin.find('/', origin.find("//") + 2) == std::string::npos)) continue;
        throw ConfigError("'" + origin + "' is no origin: it must be like https://app.example.com, or *");
    }
}

void check_token(const std::string& text) {
    constexpr std::size_t size_min = 16;
    if (text.empty()) return;
    const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
    if (!visible || text.size() < size_min) throw ConfigError("must have 16 visible characters of ASCII or more");
}

void check_not_empty(const std::string& text) {
    if (text.empty()) throw ConfigError("must not be empty");
}

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

std::string size_text(std::uint64_t bytes) {
    for (const Unit& unit : {units[3], units[2], units[1], units[0]}) {
        if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
            return std::to_string(bytes / unit.bytes) + std::string(unit.name);
        }
    }
    return std::to_string(bytes);
}

std::string seconds_text(Milliseconds value) {
    std::string text = std::to_string(value.count() / 1000);
    if (value.count() % 1000 == 0) return text;
    std::string fraction = std::to_string(1000 + value.count() % 1000).substr(1);
    while (fraction.back() == '0')
        fraction.pop_back();
    return text + "." + fraction;
}

std::string count_text(std::uint64_t value) {
    return std::to_string(value);
}

// `text` is the value as it was written: what is out of range is shown unchanged.
template <class Value, class Bound>
void check_range(std::string_view text, Value value, Bound min, Bound max, std::string (*print)(Bound)) {
    if (value < Value(min)) throw ConfigError(std::string(text) + " is below the least allowed, " + print(min));
    if (value > Value(max)) throw ConfigError(std::string(text) + " is above the most allowed, " + print(max));
}

// Saturates, so that the range check has the last word on numbers below zero and beyond 64 bits.
std::optional<std::int64_t> to_number(std::string_view text) {
    using Limits = std::numeric_limits<std::int64_t>;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
    if (error == std::errc::result_out_of_range) return text.front() == '-' ? Limits::min() : Limits::max();
    return value;
}

std::int64_t parse_count(std::string_view text) {
    const auto value = to_number(text);
    if (!value) throw ConfigError(quoted(text) + " is not a whole number");
    return *value;
}

std::int64_t parse_size(std::string_view text) {
    std::string_view digits = text;
    std::int64_t unit_bytes = 1;
    for (const Unit& unit : units) {
        if (!text.ends_with(unit.name)) continue;
        digits.remove_suffix(unit.name.size());
        unit_bytes = static_cast<std::int64_t>(unit.bytes);
    }
    const auto count = to_number(digits);
    if (!count) throw ConfigError(quoted(text) + " is not a size in bytes such as 1048576 or \"1MiB\"");
    const std::int64_t count_max = std::numeric_limits<std::int64_t>::max() / unit_bytes;
    return std::clamp(*count, -count_max, count_max) * unit_bytes;
}

Milliseconds parse_seconds(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool whole = error == std::errc() && end == text.data() + text.size() && std::isfinite(seconds);
    if (!whole) throw ConfigError(quoted(text) + " is not a number of seconds");
    constexpr double saturated = 1e12;  // above every bound, and its milliseconds fit
    return Milliseconds(std::llround(std::clamp(seconds, -saturated, saturated) * 1000));
}

bool parse_flag(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    throw ConfigError(quoted(text) + " is neither true nor false");
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    return text;
}

// Throws ConfigError. A folder opens like a file and fails at the first read.
std::string read_text(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw ConfigError(path + ": cannot be read: " + std::generic_category().message(errno));
    try {
        return {std::istreambuf_iterator<char>(file), {}};
    } catch (const std::ios_base::failure& failure) {
        throw ConfigError(path + ": cannot be read: " + failure.code().message());
    }
}

const ConfigKey* find_key(std::string_view section, std::string_view name) {
    for (const ConfigKey& key : config_keys()) {
        if (key.section == section && key.name == name) return &key;
    }
    return nullptr;
}

bool is_section(std::string_view section) {
    return std::any_of(config_keys().begin(), config_keys().end(),
                       [&](const ConfigKey& key) { return key.section == section; });
}

// The type in the file must be the key's: a number is no text and a text no number, except that sizes are both.
void set_from_toml(const ConfigKey& key, Config& config, const toml::node& node) {
    const bool text =
        std::holds_alternative<ConfigKey::Text>(key.kind) || std::holds_alternative<ConfigKey::Choice>(key.kind);
    const bool size = std::holds_alternative<ConfigKey::Size>(key.kind);
    const bool seconds = std::holds_alternative<ConfigKey::Seconds>(key.kind);
    if (const auto* value = node.as_string(); value && (text || size)) return key.set(config, value->get());
    if (const auto* value = node.as_boolean(); value && std::holds_alternative<ConfigKey::Flag>(key.kind)) {
        return key.set(config, value->get() ? "true" : "false");
    }
    if (const auto* value = node.as_integer();
        value && !text && !std::holds_alternative<ConfigKey::Flag>(key.kind)) {
        return key.set(config, std::to_string(value->get()));
    }
    if (const auto* value = node.as_floating_point(); value && seconds) {
        char shortest[32];
        const auto written = std::to_chars(shortest, shortest + sizeof shortest, value->get());
        return key.set(config, std::string_view(shortest, written.ptr));
    }
    throw ConfigError(std::string("expected ") + (text      ? "a string"
                                                  : size    ? "a size in bytes such as 1048576 or \"1MiB\""
                                                  : seconds ? "a number of seconds"
                                                  : std::holds_alternative<ConfigKey::Flag>(key.kind)
                                                      ? "true or false"
                                                      : "a whole number"));
}

}  // namespace

std::span<const ConfigKey> config_keys() {
    using Key = ConfigKey;
    constexpr auto second = Milliseconds(1000);
    constexpr auto tenth = Milliseconds(100);
    constexpr auto hour = Milliseconds(3'600'000);
    static const std::vector<ConfigKey> keys = {
        {"server", "listen", "HOST:PORT to listen on; port 0 takes a free one",
         Key::Text{&Config::listen, check_listen}},
        {"server", "threads", "I/O threads; 0: one per CPU that the process may use",
         Key::Count{&Config::threads, 0, 256}},
        {"server", "public_url", "how clients reach the server, for URLs in answers; empty: none",
         Key::Text{&Config::public_url, check_url}},
        {"server", "allowed_origins",
         "origins whose pages may use the API from a browser, with commas between; *: all; empty: none",
         Key::Text{&Config::allowed_origins, check_origins}},
        {"server", "allow_plain_http", "listen beyond loopback without TLS, where a proxy in front speaks it",
         Key::Flag{&Config::allow_plain_http}},
        {"server", "access_log", "one line on stderr for every request", Key::Flag{&Config::access_log}},
        {"server", "connections_max", "connections open at once; one more is answered 503",
         Key::Count{&Config::connections_max, 1, 1'000'000}},
        {"server", "header_timeout_seconds", "for a whole request header, from its first byte on",
         Key::Seconds{&Config::header_timeout, tenth, hour}},
        {"server", "body_timeout_seconds", "without any progress of a request body",
         Key::Seconds{&Config::body_timeout, tenth, hour}},
        {"server", "write_timeout_seconds", "without any progress of a response",
         Key::Seconds{&Config::write_timeout, tenth, hour}},
        {"server", "idle_timeout_seconds", "between two requests of a connection",
         Key::Seconds{&Config::idle_timeout, tenth, hour}},
        {"server", "watch_heartbeat_seconds", "between two signs of life of a watch",
         Key::Seconds{&Config::watch_heartbeat, tenth, Milliseconds(30'000)}},
        {"server", "drain_seconds", "between being told to stop and stopping; /readyz answers 503 meanwhile",
         Key::Seconds{&Config::drain, Milliseconds(0), hour}},
        {"server", "shutdown_seconds", "for requests under way when the server is told to stop",
         Key::Seconds{&Config::shutdown, Milliseconds(0), hour}},
        {"tls", "certificate_file",
         "PEM file of the certificate and its chain, read again on SIGHUP; empty: plain HTTP",
         Key::Text{&Config::certificate_file, nullptr}},
        {"tls", "key_file", "PEM file of the certificate's key, without a passphrase",
         Key::Text{&Config::key_file, nullptr}},
        {"store", "data", "the data folder", Key::Text{&Config::data, check_not_empty}},
        {"store", "map_bytes", "the index refuses to grow beyond it",
         Key::Size{&Config::map_bytes, 4 * MiB, 64 * 1024 * GiB}},
        {"store", "disk_reserve_bytes", "free disk that writes leave alone",
         Key::Size{&Config::disk_reserve_bytes, 0, 1024 * GiB}},
        {"store", "segment_bytes", "size of one file of the log",
         Key::Size{&Config::segment_bytes, 64 * KiB, 4095 * MiB}},
        {"store", "overlay_bytes", "commits that wait in memory before they are applied to the index",
         Key::Size{&Config::overlay_bytes, 64 * KiB, 4 * GiB}},
        {"store", "apply_interval_seconds", "how long they wait at most, however few they are",
         Key::Seconds{&Config::apply_interval, Milliseconds(1), 60 * second}},
        {"store", "history", "keep what changed, for those who follow it", Key::Flag{&Config::history}},
        {"store", "history_age_seconds", "how long history is kept",
         Key::Seconds{&Config::history_age, second, 100 * year}},
        {"store", "history_bytes", "how much history is kept, even if it is younger",
         Key::Size{&Config::history_bytes, 0, 1024 * 1024 * GiB}},
        {"store", "queued_commits_max", "writes that wait for the disk; beyond it 503",
         Key::Count{&Config::queued_commits_max, 1, 1'000'000}},
        {"limits", "value_bytes", "the largest value of a key",
         Key::Size{&Config::value_bytes, 1, kv::limits::value_bytes_max}},
        {"limits", "file_bytes", "the largest file", Key::Size{&Config::file_bytes, 1, 64 * 1024 * GiB}},
        {"rate_limits", "token_requests_per_second", "requests of one token; 0: no limit",
         Key::Count{&Config::token_requests_per_second, 0, 1'000'000}},
        {"rate_limits", "token_burst", "how many of them may come at once; 0: those of a second",
         Key::Count{&Config::token_burst, 0, 10'000'000}},
        {"rate_limits", "namespace_requests_per_second", "requests to one namespace; 0: no limit",
         Key::Count{&Config::namespace_requests_per_second, 0, 1'000'000}},
        {"rate_limits", "namespace_burst", "how many of them may come at once; 0: those of a second",
         Key::Count{&Config::namespace_burst, 0, 10'000'000}},
        {"security", "master_key_file",
         "the key under which credentials are kept; made when it is missing; empty: master.key in the data folder",
         Key::Text{&Config::master_key_file, nullptr}},
        {"external_id_rename", "enabled", "serve /users/external_ids/rename and /remove",
         Key::Flag{&Config::external_id_rename}},
        {"webhooks", "allow_private_targets", "call loopback and private addresses too",
         Key::Flag{&Config::allow_private_targets}},
        {"webhooks", "timeout_seconds", "for the whole of one call, answer included",
         Key::Seconds{&Config::webhook_timeout, Milliseconds(100), Milliseconds(60'000)}},
        {"webhooks", "retry_first_seconds", "about how long after a first failure; doubles with each further one",
         Key::Seconds{&Config::webhook_retry_first, Milliseconds(10), Milliseconds(3'600'000)}},
        {"webhooks", "retry_max_seconds", "the longest pause between two attempts",
         Key::Seconds{&Config::webhook_retry_max, Milliseconds(10), Milliseconds(86'400'000)}},
        {"webhooks", "attempts_max", "failures in a row after which a destination or trigger becomes inactive",
         Key::Count{&Config::webhook_attempts_max, 1, 1000}},
        {"webhooks", "concurrency_max", "calls at once; each destination and trigger has one at a time",
         Key::Count{&Config::webhook_concurrency_max, 1, 10'000}},
        {"metrics", "enabled", "serve /metrics", Key::Flag{&Config::metrics}},
        {"metrics", "token",
         "what /metrics asks for as a bearer token; empty: nothing, and only this machine may ask",
         Key::Text{&Config::metrics_token, check_token}},
        {"log", "level", "what is logged to stderr",
         Key::Choice{&Config::log_level, {"debug", "info", "warn", "error"}}},
    };
    return keys;
}

std::string ConfigKey::dotted() const {
    return std::string(section) + "." + std::string(name);
}

std::string ConfigKey::flag() const {
    std::string text = "--" + std::string(section) + "-" + std::string(name);
    std::replace(text.begin(), text.end(), '_', '-');
    return text;
}

std::string ConfigKey::environment() const {
    return "ALCOVE_" + upper(std::string(section)) + "_" + upper(std::string(name));
}

std::string ConfigKey::value_of(const Config& config) const {
    struct Print {
        const Config& config;
        std::string operator()(const Text& text) const { return quoted(config.*text.member); }
        std::string operator()(const Choice& choice) const { return quoted(config.*choice.member); }
        std::string operator()(const Flag& each) const { return config.*each.member ? "true" : "false"; }
        std::string operator()(const Count& count) const { return count_text(config.*count.member); }
        std::string operator()(const Size& size) const {
            const std::string text = size_text(config.*size.member);
            return text.back() == 'B' ? quoted(text) : text;
        }
        std::string operator()(const Seconds& seconds) const { return seconds_text(config.*seconds.member); }
    };
    return std::visit(Print{config}, kind);
}

std::string ConfigKey::bounds() const {
    struct Print {
        std::string operator()(const Text&) const { return {}; }
        std::string operator()(const Choice& choice) const {
            std::string all;
            for (const std::string& each : choice.choices)
                all += (all.empty() ? "" : ", ") + each;
            return all;
        }
        std::string operator()(const Flag&) const { return "true or false"; }
        std::string operator()(const Count& each) const {
            return count_text(each.min) + " to " + count_text(each.max);
        }
        std::string operator()(const Size& each) const {
            return size_text(each.min) + " to " + size_text(each.max);
        }
        std::string operator()(const Seconds& each) const {
            return seconds_text(each.min) + " to " + seconds_text(each.max);
        }
    };
    return std::visit(Print{}, kind);
}

void ConfigKey::set(Config& config, std::string_view text) const {
    struct Set {
        Config& config;
        std::string_view text;
        std::string bounds;
        void operator()(const Text& each) const {
            if (each.check) each.check(std::string(text));
            config.*each.member = text;
        }
        void operator()(const Choice& each) const {
            if (std::find(each.choices.begin(), each.choices.end(), text) == each.choices.end()) {
                throw ConfigError(quoted(text) + " is none of " + bounds);
            }
            config.*each.member = text;
        }
        void operator()(const Flag& each) const { config.*each.member = parse_flag(text); }
        void operator()(const Count& each) const {
            const std::int64_t value = parse_count(text);
            check_range(text, value, each.min, each.max, count_text);
            config.*each.member = static_cast<std::uint64_t>(value);
        }
        void operator()(const Size& each) const {
            const std::int64_t value = parse_size(text);
            check_range(text, value, each.min, each.max, size_text);
            config.*each.member = static_cast<std::uint64_t>(value);
        }
        void operator()(const Seconds& each) const {
            const Milliseconds value = parse_seconds(text);
            check_range(text, value, each.min, each.max, seconds_text);
            config.*each.member = value;
        }
    };
    std::visit(Set{config, text, bounds()}, kind);
}

void load_file(Config& config, const std::string& path) {
    toml::table table;
    try {
        table = toml::parse(read_text(path), path);
    } catch (const toml::parse_error& error) {
        const auto line = error.source().begin.line;
        throw ConfigError(path + (line ? ":" + std::to_string(line) : "") + ": " +
                          std::string(error.description()));
    }
    const auto at = [&](const toml::node& node) {
        return path + ":" + std::to_string(node.source().begin.line) + ": ";
    };
    for (const auto& [section, content] : table) {
        const toml::table* keys = content.as_table();
        if (!keys || !is_section(section.str())) {
            throw ConfigError(path + ":" + std::to_string(section.source().begin.line) + ": unknown " +
                              (keys ? "section " : "key ") + std::string(section.str()));
        }
        for (const auto& [name, node] : *keys) {
            const std::string dotted = std::string(section.str()) + "." + std::string(name.str());
            const ConfigKey* key = find_key(section.str(), name.str());
            if (!key) {
                throw ConfigError(path + ":" + std::to_string(name.source().begin.line) + ": unknown key " +
                                  dotted);
            }
            try {
                set_from_toml(*key, config, node);
            } catch (const ConfigError& error) {
                throw ConfigError(at(node) + dotted + ": " + error.what());
            }
        }
    }
}

void load_environment(Config& config, const std::map<std::string, std::string>& environment) {
    for (const auto& [name, value] : environment) {
        // ALCOVE_ROOT_KEY is a secret and no key of the configuration; the others serve clients.
        if (!name.starts_with("ALCOVE_") || name == "ALCOVE_ROOT_KEY" || name == "ALCOVE_URL" ||
            name == "ALCOVE_KEY" || name == "ALCOVE_CA_FILE" || name.starts_with("ALCOVE_TEST_")) {
            continue;
        }
        const auto keys = config_keys();
        const auto key = std::find_if(keys.begin(), keys.end(),
                                      [&](const ConfigKey& each) { return each.environment() == name; });
        if (key == keys.end()) throw ConfigError("environment: unknown variable " + name);
        try {
            key->set(config, value);
        } catch (const ConfigError& error) {
            throw ConfigError("environment: " + name + ": " + error.what());
        }
    }
}

void check_together(const Config& config) {
    if (config.certificate_file.empty() != config.key_file.empty()) {
        throw ConfigError("tls.certificate_file and tls.key_file need each other: one of them is not set");
    }
    const auto address = boost::asio::ip::make_address(parse_listen(config.listen).address);
    if (!config.certificate_file.empty() || config.allow_plain_http || address.is_loopback()) return;
    throw ConfigError("server.listen: " + quoted(config.listen) +
                      " would carry tokens and data unencrypted beyond this machine: set tls.certificate_file and "
                      "tls.key_file, or server.allow_plain_http where a proxy in front speaks TLS");
}

std::vector<std::string> parse_origins(const std::string& text) {
    std::vector<std::string> origins;
    std::string origin;
    for (const char c : text + ',') {
        if (c != ',' && c != ' ') origin.push_back(c);
        if (c == ',' && !origin.empty()) origins.push_back(std::exchange(origin, {}));
    }
    return origins;
}

ListenAddress parse_listen(const std::string& text) {
    const bool bracketed = text.starts_with('[');
    const std::size_t colon = bracketed ? text.rfind("]:") + 1 : text.rfind(':');
    if (colon == std::string::npos || colon == 0) {
        throw ConfigError(quoted(text) + " is not HOST:PORT such as 127.0.0.1:7411 or [::1]:7411");
    }
    std::string host = bracketed ? text.substr(1, colon - 2) : text.substr(0, colon);
    if (!bracketed && host.find(':') != std::string::npos) {
        throw ConfigError(quoted(text) + ": an IPv6 address stands in brackets, such as [::1]:7411");
    }
    if (host == "localhost") host = "127.0.0.1";
    boost::system::error_code error;
    if (bracketed) {
        boost::asio::ip::make_address_v6(host, error);
    } else {
        boost::asio::ip::make_address_v4(host, error);
    }
    if (error) throw ConfigError(quoted(host) + (bracketed ? " is not an IPv6 address" : " is not an IP address"));

    const std::string port_text = text.substr(colon + 1);
    const auto port = to_number(port_text);
    if (!port) throw ConfigError(quoted(port_text) + " is not a port");
    check_range("port " + port_text, *port, std::uint64_t{0}, std::uint64_t{65535}, count_text);
    return {.address = std::move(host), .port = static_cast<std::uint16_t>(*port)};
}

}  // namespace alcove

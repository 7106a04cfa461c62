// docs/limits.md says what the constants and the configuration say, and says it of all of them.
//
// A new limit for users or operators: a row in the document and a line in `limits()`. A new key of the
// configuration with bounds: a row. A new constant that nobody meets from outside: a line in `internal`, with the
// reason.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <concepts>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kv/files/file.hpp"
#include "kv/limits.hpp"
#include "kv/watch/station.hpp"
#include "scopes/connections.hpp"
#include "scopes/events.hpp"
#include "scopes/external_ids.hpp"
#include "scopes/integrations.hpp"
#include "scopes/limits.hpp"
#include "scopes/names.hpp"
#include "scopes/system_store.hpp"
#include "scopes/tokens.hpp"
#include "scopes/webhooks.hpp"
#include "server/actions/kv_store_shapes.hpp"
#include "server/actions/registry.hpp"
#include "server/actions/storage_shapes.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/limits.hpp"
#include "server/api/operations.hpp"
#include "server/api/parameters.hpp"
#include "server/braze/external_ids.hpp"
#include "server/config.hpp"
#include "server/deck/limits.hpp"
#include "server/files/download_links.hpp"
#include "server/http/limits.hpp"
#include "server/metrics/limits.hpp"
#include "server/watch/limits.hpp"
#include "server/webhooks/limits.hpp"
#include "server/webhooks/messages.hpp"

using namespace alcove;

namespace {

using Table = std::map<std::string, std::string>;  // what stands in the last column → the limit
using std::chrono::milliseconds;

std::string with_commas(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3; at -= 3)
        text.insert(at - 3, ",");
    return text;
}

// In the largest unit that it is a multiple of. The last unit must divide everything.
struct Unit {
    std::uint64_t size;
    std::string_view one, many;
};
std::string in_units(std::uint64_t value, const std::vector<Unit>& units) {
    std::size_t i = 0;
    while (i + 1 < units.size() && (value < units[i].size || value % units[i].size != 0))
        ++i;
    const std::uint64_t count = value / units[i].size;
    return with_commas(count) + " " + std::string(count == 1 ? units[i].one : units[i].many);
}

std::string size_text(std::uint64_t bytes) {
    return in_units(bytes, {{std::uint64_t{1} << 50, "PiB", "PiB"},
                            {std::uint64_t{1} << 40, "TiB", "TiB"},
                            {std::uint64_t{1} << 30, "GiB", "GiB"},
                            {std::uint64_t{1} << 20, "MiB", "MiB"},
                            {std::uint64_t{1} << 10, "KiB", "KiB"},
                            {1, "byte", "bytes"}});
}

std::string duration_text(milliseconds duration) {
    constexpr std::uint64_t day = 86'400'000;
    return in_units(static_cast<std::uint64_t>(duration.count()), {{365 * day, "year", "years"},
                                                                   {day, "day", "days"},
                                                                   {3'600'000, "hour", "hours"},
                                                                   {60'000, "minute", "minutes"},
                                                                   {1000, "second", "seconds"},
                                                                   {1, "ms", "ms"}});
}

// The unit of a number is in its name.
std::string limit_text(std::string_view name, std::integral auto value) {
    if (name.ends_with("_ms") || name.find("_ms_") != name.npos) return duration_text(milliseconds(value));
    const auto number = static_cast<std::uint64_t>(value);
    return name.find("bytes") != name.npos ? size_text(number) : with_commas(number);
}
std::string limit_text(std::string_view, milliseconds value) {
    return duration_text(value);
}

// Every limit that users or operators can meet. The names are those of the code, inside of `alcove`.
Table limits() {
#define LIMIT(constant) {#constant, limit_text(#constant, constant)}
    return {
        LIMIT(http::limits::target_bytes_max),
        LIMIT(http::limits::header_bytes_max),
        LIMIT(http::limits::headers_max),
        LIMIT(http::limits::empty_lines_max),
        LIMIT(http::limits::query_parameters_max),
        LIMIT(http::limits::body_bytes_per_second_min),
        LIMIT(http::limits::framing_bytes_max),
        LIMIT(http::limits::framing_per_content_max),
        LIMIT(http::limits::drain_after_close),
        LIMIT(http::limits::refused_connections_max),
        LIMIT(api::json_body_bytes_max),
        LIMIT(kv::limits::json_depth_max),
        LIMIT(api::idempotency_key_length_max),
        LIMIT(kv::limits::request_memory_ms),
        LIMIT(kv::limits::queued_bytes_max),

        LIMIT(kv::limits::key_bytes_max),
        LIMIT(kv::limits::content_type_bytes_max),
        LIMIT(api::ttl_ms_max),
        LIMIT(api::transaction_operations_max),
        LIMIT(api::transaction_checks_max),
        LIMIT(kv::limits::prefix_deletes_per_commit_max),
        LIMIT(api::limits::keys_per_page_default),
        LIMIT(api::limits::keys_per_page_max),
        LIMIT(kv::PageRequest{}.bytes_max),
        LIMIT(api::limits::import_batch_lines_max),
        LIMIT(api::limits::import_batch_bytes_max),
        LIMIT(api::limits::export_cursor_lines_max),
        LIMIT(api::limits::export_cursor_bytes_max),
        LIMIT(api::limits::json_integer_max),
        LIMIT(kv::limits::writes_per_second_max),
        LIMIT(actions::kv_store_shapes::listed_keys_max),
        LIMIT(actions::kv_store_shapes::keys_at_once_max),

        LIMIT(api::limits::files_per_page_default),
        LIMIT(api::limits::files_per_page_max),
        LIMIT(kv::inline_content_bytes_max),
        LIMIT(files::link_ms_max),
        LIMIT(actions::storage_shapes::listed_files_max),
        LIMIT(actions::storage_shapes::read_bytes_max),
        LIMIT(actions::options_max),

        LIMIT(scopes::name_code_points_max),
        LIMIT(scopes::limits::slug_bytes_max),
        LIMIT(scopes::limits::alias_bytes_max),
        LIMIT(scopes::limits::integration_name_bytes_max),
        LIMIT(scopes::email_bytes_max),
        LIMIT(scopes::metadata_bytes_max),
        LIMIT(scopes::integrations_per_workspace_max),
        LIMIT(scopes::enabled_actions_max),
        LIMIT(api::limits::action_name_bytes_max),
        LIMIT(scopes::connections_per_end_user_max),
        LIMIT(scopes::credentials_bytes_max),
        LIMIT(scopes::credentials_members_max),
        LIMIT(scopes::credential_name_bytes_max),
        LIMIT(scopes::deprecated_external_ids_max),
        LIMIT(scopes::external_id_changes_max),
        LIMIT(braze::requests_per_minute_max),
        LIMIT(scopes::list_limit_default),
        LIMIT(scopes::list_limit_max),
        LIMIT(scopes::list_offset_max),
        LIMIT(deck::limits::page_limit_default),
        LIMIT(deck::limits::page_limit_max),

        LIMIT(scopes::token_bytes_max),
        LIMIT(scopes::tokens_per_end_user_max),
        LIMIT(scopes::end_user_token_ms_min),
        LIMIT(scopes::end_user_token_ms_max),
        LIMIT(scopes::end_user_token_ms_default),
        LIMIT(scopes::mcp_token_ms_default),
        LIMIT(api::limits::key_workspaces_max),

        LIMIT(scopes::event_retention_ms),
        LIMIT(scopes::limits::event_type_bytes_max),
        LIMIT(scopes::event_data_bytes_max),
        LIMIT(scopes::events_examined_max),
        LIMIT(scopes::destinations_per_workspace_max),
        LIMIT(scopes::triggers_per_workspace_max),
        LIMIT(deck::limits::event_types_max),
        LIMIT(scopes::former_secret_ms),
        LIMIT(scopes::former_secrets_max),
        LIMIT(webhooks::limits::url_bytes_max),
        LIMIT(webhooks::limits::headers_max),
        LIMIT(webhooks::limits::headers_bytes_max),
        LIMIT(webhooks::message_value_bytes_max),
        LIMIT(webhooks::limits::answer_body_bytes_max),
        LIMIT(webhooks::limits::answer_headers_bytes_max),
        LIMIT(webhooks::limits::retry_after_max),
        LIMIT(webhooks::pending_counted_max),
        LIMIT(webhooks::limits::waiting_max),
        LIMIT(webhooks::limits::waiting_bytes_max),

        LIMIT(watch::limits::watches_per_socket_max),
        LIMIT(watch::limits::client_frame_bytes_max),
        LIMIT(watch::limits::first_frame_bytes_max),
        LIMIT(watch::limits::frame_bytes_max),
        LIMIT(watch::limits::watch_id_max),
        LIMIT(watch::limits::auth_timeout),
        LIMIT(watch::limits::silence_min),
        LIMIT(watch::limits::credentials_interval),
        LIMIT(watch::limits::out_bytes_max),
        LIMIT(kv::recent_bytes_max),
        LIMIT(watch::limits::ticket_lifetime),
        LIMIT(watch::limits::tickets_max),
        LIMIT(watch::limits::wait_max),
        LIMIT(metrics::limits::busy_shown_max),
    };
#undef LIMIT
}

// Constants of headers named limits.hpp that have no row, by what nobody meets them for.
const std::map<std::string_view, std::vector<std::string_view>> internal = {
    {"they are keys of the configuration, with rows of their own",
     {"kv::limits::value_bytes_default", "kv::limits::value_bytes_max", "kv::limits::queued_commits_max"}},
    {"narrower limits of the API come before",
     {"kv::limits::operations_per_commit_max", "kv::limits::checks_per_commit_max", "kv::limits::commit_bytes_max",
      "kv::limits::subject_bytes_max", "kv::limits::request_id_bytes_max", "kv::limits::request_note_bytes_max",
      "http::limits::route_params_max"}},
    {"secrets are made by the server",
     {"webhooks::limits::secret_bytes_min", "webhooks::limits::secret_bytes_max"}},
    {"how work is cut into pieces",
     {"kv::limits::group_commits_max", "kv::limits::group_bytes_max", "kv::limits::sweep_keys_max",
      "watch::limits::batch_bytes_max", "watch::limits::history_changes_max", "watch::limits::history_bytes_max",
      "watch::limits::snapshot_items_max", "watch::limits::snapshot_bytes_max", "http::limits::file_part_bytes",
      "http::limits::piece_read_bytes", "http::limits::gathered_bytes_max", "http::limits::sweep_interval",
      "http::limits::accept_pause", "http::limits::exchanges_in_a_row_max"}},
    {"how a full disk is told from one that fails", {"kv::limits::disk_full_bytes"}},
    {"how requests are counted",
     {"metrics::limits::routes_max", "metrics::limits::busy_namespaces_max", "metrics::limits::busy_one_in",
      "metrics::limits::busy_window"}},
    {"how buffers are kept and caches hold",
     {"kv::limits::rates_remembered_max", "watch::limits::shared_bytes_min", "http::limits::idle_buffer_bytes",
      "http::limits::working_buffer_bytes", "http::limits::copied_body_bytes_max", "http::limits::piece_bytes_kept",
      "http::limits::body_reserve_bytes", "http::limits::chunked_input_bytes"}},
    {"they are about backups, which only operators meet",
     {"kv::backup::limits::held_blobs_max", "kv::backup::limits::manifest_bytes_max",
      "kv::backup::limits::sums_line_bytes_max", "kv::backup::limits::restores_max"}},
    {"what is still read of a request that is answered already",
     {"http::limits::skipped_body_bytes_max", "http::limits::linger_bytes_max", "http::limits::linger_timeout"}},
};

// What the row of a key of the configuration says: the default, and from where to where it can be set.
struct SettingText {
    const Config& defaults;
    std::string operator()(const ConfigKey::Count& key) const {
        return with_commas(defaults.*key.member) + "; " + with_commas(key.min) + " to " + with_commas(key.max);
    }
    std::string operator()(const ConfigKey::Size& key) const {
        return size_text(defaults.*key.member) + "; " + size_text(key.min) + " to " + size_text(key.max);
    }
    std::string operator()(const ConfigKey::Seconds& key) const {
        return duration_text(defaults.*key.member) + "; " + duration_text(key.min) + " to " +
               duration_text(key.max);
    }
    std::string operator()(const auto&) const { return {}; }  // no number, no row
};

Table settings() {
    Table table;
    for (const ConfigKey& key : config_keys()) {
        const std::string text = std::visit(SettingText{Config{}}, key.kind);
        if (!text.empty()) table.emplace(key.dotted(), text);
    }
    return table;
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    BOOST_REQUIRE_MESSAGE(file, path << " cannot be read");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        lines.push_back(std::move(line));
    return lines;
}

// Rows like "| a key | 480 bytes | `kv::limits::key_bytes_max` |".
Table documented() {
    const std::regex row("\\| .+ \\| (.+) \\| `(.+)` \\|");
    Table table;
    for (const std::string& line : lines_of(std::filesystem::path(ALCOVE_SOURCE) / "docs/limits.md")) {
        std::smatch match;
        if (!std::regex_match(line, match, row)) continue;
        const bool added = table.emplace(match[2], match[1]).second;
        BOOST_TEST(added, match[2] << " has two rows");
    }
    return table;
}

// "kv::limits::key_bytes_max" and all the others.
std::set<std::string> constants_of_limits_headers() {
    const std::regex opening("namespace alcove::([\\w:]+) \\{");
    const std::regex constant("inline constexpr [\\w:<> ]+ (\\w+)( =|\\{).*");
    std::set<std::string> names;
    for (const char* layer : {"kv", "scopes", "server"}) {
        const auto folder = std::filesystem::path(ALCOVE_SOURCE) / layer;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (entry.path().filename() != "limits.hpp") continue;
            std::string space;
            std::smatch match;
            for (const std::string& line : lines_of(entry.path())) {
                if (std::regex_match(line, match, opening)) space = match[1];
                if (std::regex_match(line, match, constant)) names.insert(space + "::" + match[1].str());
            }
        }
    }
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits_table)

BOOST_AUTO_TEST_CASE(every_limit_and_setting_has_the_row_that_it_should_have) {
    Table expected = limits();
    expected.merge(settings());
    const Table table = documented();
    for (const auto& [name, text] : expected) {
        const auto row = table.find(name);
        BOOST_TEST((row != table.end() && row->second == text),
                   "docs/limits.md needs the row | … | " << text << " | `" << name << "` |"
                                                         << (row == table.end() ? "" : " but says " + row->second));
    }
    for (const auto& [name, text] : table)
        BOOST_TEST(expected.contains(name),
                   "docs/limits.md has a row for " << name << ", which this test does not know");
}

BOOST_AUTO_TEST_CASE(every_constant_of_a_limits_header_is_in_the_table_or_has_a_reason_not_to_be) {
    std::set<std::string> rest = constants_of_limits_headers();
    BOOST_TEST(rest.size() > 60);  // else they were not found
    for (const auto& [reason, names] : internal) {
        for (const std::string_view name : names)
            BOOST_TEST(rest.erase(std::string(name)) == 1, name << " is no longer there, or named twice");
    }
    for (const auto& [name, text] : limits())
        rest.erase(name);
    for (const std::string& name : rest)
        BOOST_TEST(false, name << " is neither in limits() nor in internal");
}

BOOST_AUTO_TEST_CASE(figures_are_in_the_largest_unit_that_fits_them) {
    BOOST_TEST(limit_text("key_bytes_max", 480) == "480 bytes");
    BOOST_TEST(limit_text("value_bytes_max", 16 << 20) == "16 MiB");
    BOOST_TEST(limit_text("size_bytes_max", 1536) == "1,536 bytes");
    BOOST_TEST(limit_text("memory_ms", 86'400'000) == "1 day");
    BOOST_TEST(limit_text("token_ms_max", 90'000) == "90 seconds");
    BOOST_TEST(limit_text("pause", milliseconds(250)) == "250 ms");
    BOOST_TEST(limit_text("checks_max", 1'000'000) == "1,000,000");
    BOOST_TEST(limit_text("checks_max", 100) == "100");
}

BOOST_AUTO_TEST_SUITE_END()

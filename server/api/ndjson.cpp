#include "server/api/ndjson.hpp"

#include <algorithm>
#include <utility>

#include "scopes/text.hpp"
#include "server/api/json.hpp"
#include "server/api/operations.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/api/values.hpp"
#include "server/http/date.hpp"

namespace alcove::api {
namespace {

// Only the members of a line are looked at; what a value holds is checked and passed on.
constexpr json::ParseLimits line_limits{.depth_max = 64, .built_depth_max = 1, .values_max = 64};

// Whether it can stand in a line as it is: JSON that is read without a complaint, and nothing around it.
bool is_plain_json(std::string_view value) {
    constexpr json::ParseLimits limits{
        .depth_max = line_limits.depth_max - 1, .built_depth_max = 0, .values_max = 1};
    if (value.find_first_of("\r\n") != std::string_view::npos) return false;
    const auto document = json::Document::parse(value, limits);
    return document && document->root().raw == value;
}

bool is_plain_text(std::string_view value) {
    constexpr std::size_t spare_bytes = 64;
    std::size_t escapes = 0;
    for (const char c : value) {
        if (c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t') {
            ++escapes;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            escapes += 5;
        }
    }
    return escapes <= value.size() + spare_bytes && scopes::is_utf8(value);
}

std::string path_of(std::size_t number) {
    return "line " + std::to_string(number);
}

// What ends a line on some systems belongs to no value.
std::string_view trimmed(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

Problem to_problem(const json::ParseError& error, std::size_t number) {
    using Kind = json::ParseError::Kind;
    auto path = path_of(number);
    if (!error.path.empty()) path += "." + error.path;
    auto problem = invalid_field(path, path + ": " + error.message);
    if (error.kind != Kind::duplicate) problem.code = "INVALID_JSON";
    return problem;
}

// Whether the key is still to live.
bool read_expiry(ObjectReader& in, kv::Put& put, kv::TimeMs now_ms) {
    const auto text = in.nullable_string("expiresAt");
    if (!text || !*text) return true;
    const auto instant = http::parse_iso_time(**text);
    if (instant && *instant <= now_ms) return false;
    const auto expiry = parse_expires_at(in.field("expiresAt"), **text, now_ms);
    if (expiry) {
        put.expiry = *expiry;
    } else {
        in.refuse(expiry.error());
    }
    return true;
}

}  // namespace

void append_key_line(std::string& out, const kv::Item& item) {
    const auto& entry = item.entry;
    std::string line;
    line.reserve(item.key.size() + entry.value.size() + entry.value.size() / 2 + 128);
    json::Writer writer(line);
    writer.open_object().member("key", item.key).member("contentType", entry.content_type);
    const bool claims_json = is_json(entry.content_type);
    if (claims_json && is_plain_json(entry.value)) {
        writer.name("value").raw(entry.value);
    } else if ((claims_json || is_text(entry.content_type)) && is_plain_text(entry.value)) {
        writer.member("text", entry.value);
    } else {
        writer.name("base64").plain_string(encode_base64(entry.value));
    }
    if (entry.expires_ms) print_time(writer, "expiresAt", *entry.expires_ms);
    writer.close_object();
    out.append(line).push_back('\n');
}

void append_cursor_line(std::string& out, const std::optional<std::string>& cursor) {
    std::string line;
    json::Writer writer(line);
    writer.open_object().optional_member("cursor", cursor);
    if (!cursor) writer.name("complete").boolean(true);
    writer.close_object();
    out.append(line).push_back('\n');
}

Result<Line> parse_line(std::string_view text, std::size_t number, std::size_t value_bytes_max, kv::TimeMs now_ms) {
    text = trimmed(text);
    Line line;
    if (text.find_first_not_of(" \t") == std::string_view::npos) return line;
    const auto document = json::Document::parse(text, line_limits);
    if (!document) return to_problem(document.error(), number);
    if (document->root().type != json::Type::object) {
        return invalid_field(path_of(number), path_of(number) + " must be a JSON object");
    }
    ObjectReader in(*document, document->root(), path_of(number));
    if (in.has("cursor") && !in.has("key")) {
        in.any("cursor");
        in.any("complete");
        if (auto problem = in.finish()) return *std::move(problem);
        line.kind = Line::Kind::cursor;
        return line;
    }
    line.put.key = in.required_string("key");
    if (in.has("key")) {
        if (auto problem = refuse_key(in.field("key"), line.put.key)) in.refuse(*std::move(problem));
    }
    read_value(in, line.put);
    const bool lives = read_expiry(in, line.put, now_ms);
    if (auto problem = in.finish()) return *std::move(problem);
    if (line.put.value.size() > value_bytes_max) return too_large(path_of(number), value_bytes_max);
    line.kind = lives ? Line::Kind::key : Line::Kind::expired;
    return line;
}

}  // namespace alcove::api

#include "server/api/cursor.hpp"

#include <charconv>
#include <cstddef>

#include "scopes/secret.hpp"
#include "server/api/values.hpp"

namespace alcove::api {
namespace {

constexpr std::size_t mark_length = 12;

// Tells lists apart; it protects nobody.
std::string mark_of(CursorScope scope) {
    std::string text;
    for (const auto part : scope)
        text.append(std::to_string(part.size())).append(":").append(part);
    return scopes::sha256_hex(text).substr(0, mark_length);
}

}  // namespace

std::string print_cursor(CursorScope scope, std::string_view position) {
    return encode_base64url(mark_of(scope).append(position));
}

std::optional<std::string> parse_cursor(CursorScope scope, std::string_view cursor) {
    auto bytes = decode_base64url(cursor);
    if (!bytes || bytes->size() <= mark_length || !bytes->starts_with(mark_of(scope))) return std::nullopt;
    return bytes->substr(mark_length);
}

void print_page_end(scopes::json::Writer& writer, CursorScope scope, const kv::Page& page) {
    writer.name("prefixes").open_array();
    for (const auto& prefix : page.prefixes)
        writer.string(prefix);
    writer.close_array().name("cursor");
    page.next.empty() ? writer.null() : writer.string(print_cursor(scope, page.next));
    writer.name("complete").boolean(page.next.empty()).close_object();
}

std::string print_history_cursor(std::string_view epoch, std::uint64_t version) {
    return encode_base64url(std::string(epoch).append(".").append(std::to_string(version)));
}

std::optional<HistoryCursor> parse_history_cursor(std::string_view cursor) {
    const auto text = decode_base64url(cursor);
    if (!text) return std::nullopt;
    const auto dot = text->find('.');
    if (dot == std::string::npos || dot == 0) return std::nullopt;
    HistoryCursor parsed{.epoch = text->substr(0, dot)};
    const char* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data() + dot + 1, end, parsed.version);
    if (error != std::errc() || rest != end) return std::nullopt;
    return parsed;
}

}  // namespace alcove::api

#include "server/api/cursor.hpp"

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

std::string print_history_cursor(std::string_view epoch, std::uint64_t version) {
    return encode_base64url(std::string(epoch).append(".").append(std::to_string(version)));
}

}  // namespace alcove::api

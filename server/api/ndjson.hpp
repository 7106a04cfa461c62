// The lines of exports and imports: one key as a line of JSON, from which it comes back byte by byte.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"
#include "server/api/error.hpp"

namespace alcove::api {

inline constexpr std::string_view ndjson_content_type = "application/x-ndjson";

// How long a line can be whose value has that size, spelled with escapes or in base64.
constexpr std::size_t line_bytes_max(std::size_t value_bytes) {
    return 3 * value_bytes + (std::size_t{16} << 10);
}

// `{"key","contentType",value|text|base64,"expiresAt"?}` and a line feed. `value` only when an import reads the
// very bytes out of it; `text` only when escapes do not blow it up.
void append_key_line(std::string& out, const kv::Item& item);

// `{"cursor":"…"}`: everything before it is behind that cursor. Without one: `{"cursor":null,"complete":true}`.
void append_cursor_line(std::string& out, const std::optional<std::string>& cursor);

struct Line {
    enum class Kind : std::uint8_t { blank, cursor, expired, key };
    Kind kind = Kind::blank;
    kv::Put put;  // for key
};

// One line without its line feed. Errors name `line <number>` as the field, or a member of it.
Result<Line> parse_line(std::string_view text, std::size_t number, std::size_t value_bytes_max, kv::TimeMs now_ms);

}  // namespace alcove::api

// What counts as proper text: UTF-8, its length in code points, control characters.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace alcove::scopes {

// How many code points; nullopt when the bytes are not valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
std::optional<std::size_t> count_code_points(std::string_view text);

inline bool is_utf8(std::string_view text) {
    return count_code_points(text).has_value();
}

// Whether it holds one of C0, DEL or C1. For valid UTF-8.
bool has_control_characters(std::string_view text);

}  // namespace alcove::scopes

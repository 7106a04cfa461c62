#include "scopes/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace alcove::scopes {
namespace {

// The length of the code point that begins at `i`, or 0 when none does.
std::size_t code_point_length(std::string_view text, std::size_t i) {
    const auto byte = [&](std::size_t k) { return static_cast<std::uint8_t>(text[i + k]); };
    const auto continues = [&](std::size_t k, std::uint8_t low = 0x80, std::uint8_t high = 0xbf) {
        return i + k < text.size() && byte(k) >= low && byte(k) <= high;
    };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
    if (lead >= 0xe0 && lead <= 0xef) {
        const std::uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;   // overlong below
        const std::uint8_t high = lead == 0xed ? 0x9f : 0xbf;  // surrogates above
        return continues(1, low, high) && continues(2) ? 3 : 0;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        const std::uint8_t low = lead == 0xf0 ? 0x90 : 0x80;
        const std::uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;  // U+10FFFF is the last
        return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

// Of eight characters.
bool all_ascii(const char* eight) {
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    return (word & 0x8080808080808080) == 0;
}

}  // namespace

std::optional<std::size_t> count_code_points(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count) {
        for (; i + 8 <= text.size() && all_ascii(text.data() + i); count += 8)
            i += 8;
        if (i == text.size()) break;
        const std::size_t length = code_point_length(text, i);
        if (length == 0) return std::nullopt;
        i += length;
    }
    return count;
}

bool has_control_characters(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        // C1 is U+0080 to U+009F, in UTF-8 C2 80 to C2 9F.
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<std::uint8_t>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

}  // namespace alcove::scopes

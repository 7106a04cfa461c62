#include "scopes/json_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace alcove::scopes::json {

namespace {

constexpr std::uint64_t every(std::uint8_t byte) {
    return std::uint64_t{0x0101010101010101} * byte;
}

// Whether any of eight characters is a quote, a backslash or below a space: the usual test for a zero byte and for
// a smaller byte, eight at a time.
bool any_to_escape(const char* eight) {
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    const auto has_zero = [](std::uint64_t bytes) { return (bytes - every(1)) & ~bytes & every(0x80); };
    const std::uint64_t control = (word - every(0x20)) & ~word & every(0x80);
    return (control | has_zero(word ^ every('"')) | has_zero(word ^ every('\\'))) != 0;
}

}  // namespace

Writer& Writer::string(std::string_view text) {
    separate();
    out_ += '"';
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        while (i + 8 <= text.size() && !any_to_escape(text.data() + i))
            i += 8;
        if (i == text.size()) break;
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') [[likely]]
            continue;
        out_.append(text, begin, i - begin);
        begin = i + 1;
        out_ += '\\';
        switch (c) {
            case '"':
            case '\\':
                out_ += static_cast<char>(c);
                break;
            case '\n':
                out_ += 'n';
                break;
            case '\r':
                out_ += 'r';
                break;
            case '\t':
                out_ += 't';
                break;
            default: {
                constexpr std::string_view digits = "0123456789abcdef";
                out_ += "u00";
                out_ += digits[c >> 4];
                out_ += digits[c & 15];
            }
        }
    }
    out_.append(text, begin);
    out_ += '"';
    return *this;
}

}  // namespace alcove::scopes::json

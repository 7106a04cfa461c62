#include "server/files/disposition.hpp"

namespace alcove::files {
namespace {

// Inside quotes: what is neither visible ASCII nor safe there becomes an underscore.
std::string plain(std::string_view name) {
    std::string out;
    for (const char c : name) {
        const bool safe = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%';
        out += safe ? c : '_';
    }
    return out;
}

// The characters of an `ext-value` (RFC 8187), the others percent-encoded.
std::string encoded(std::string_view name) {
    constexpr std::string_view kept = "!#$&+-.^_`|~";
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || kept.find(c) != std::string_view::npos) {
            out += c;
        } else {
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

}  // namespace

std::string attachment(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    return "attachment; filename=\"" + plain(name) + "\"; filename*=UTF-8''" + encoded(name);
}

}  // namespace alcove::files

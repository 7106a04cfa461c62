// Templates of requests and messages, filled in as template.py does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

inline constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

inline std::string base64_of(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = at; i < at + 3; ++i)
            group = group << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
        for (std::size_t i = 0; i < 4; ++i)
            out.push_back(at + i > text.size() ? '=' : base64_alphabet[group >> (18 - 6 * i) & 63]);
    }
    return out;
}

// With {key}, {key64}, {value} and {value64} filled in.
inline std::string fill(std::string_view text, std::uint64_t key_number, std::string_view value = {}) {
    std::string key(8, 'k');
    for (std::size_t i = 7; i > 0; --i, key_number /= 10)
        key[i] = static_cast<char>('0' + key_number % 10);
    std::string out;
    for (std::size_t at; (at = text.find('{')) != text.npos;) {
        out.append(text.substr(0, at));
        text.remove_prefix(at);
        const std::string_view name = text.substr(0, text.find('}') + 1);
        if (name == "{key}") {
            out.append(key);
        } else if (name == "{key64}") {
            out.append(base64_of(key));
        } else if (name == "{value}") {
            out.append(value);
        } else if (name == "{value64}") {
            out.append(base64_of(value));
        } else {
            out.push_back('{');
            text.remove_prefix(1);
            continue;
        }
        text.remove_prefix(name.size());
    }
    return out.append(text);
}

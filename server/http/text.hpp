// Small comparisons that headers ask for: ASCII case and white space.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace alcove::http {

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Without regard to the case of `text`; the other has no capitals.
constexpr bool equals(std::string_view text, std::string_view lower_case) {
    if (text.size() != lower_case.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (lower(text[i]) != lower_case[i]) return false;
    }
    return true;
}

// Without blanks and tabs on either side.
constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

// A path, which begins with '/', under a base that may end with some; an empty base leaves it as it is.
inline std::string join_url(std::string_view base, std::string_view path) {
    while (base.ends_with('/'))
        base.remove_suffix(1);
    return std::string(base).append(path);
}

}  // namespace alcove::http

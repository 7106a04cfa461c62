// What the clients have to know of an answer over HTTP.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string_view>

// The value of Content-Length in a header block, 0 when there is none (204).
inline std::size_t content_length(std::string_view header) {
    constexpr std::string_view name = "\r\ncontent-length:";
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
    const auto at = std::search(header.begin(), header.end(), name.begin(), name.end(), same);
    return at == header.end() ? 0 : std::strtoul(&*at + name.size(), nullptr, 10);
}

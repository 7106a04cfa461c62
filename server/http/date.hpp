// Times as HTTP and JSON write them: IMF-fixdate and ISO-8601 UTC with milliseconds, to and from Unix time.
// All functions are pure, thread-safe and free of allocation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace alcove::http {

inline constexpr std::size_t http_date_bytes = 29;  // "Sun, 06 Nov 1994 08:49:37 GMT"
inline constexpr std::size_t iso_time_bytes = 24;   // "2026-01-02T03:04:05.678Z"

// Years outside 0 to 9999 are clamped to that range.
std::array<char, http_date_bytes> format_http_date(std::int64_t unix_seconds);
std::array<char, iso_time_bytes> format_iso_time(std::int64_t unix_ms);

// Unix seconds; nullopt unless the text is exactly an IMF-fixdate of an existing day. The weekday must fit.
std::optional<std::int64_t> parse_http_date(std::string_view text);

// Unix milliseconds; nullopt unless the text is "YYYY-MM-DDTHH:MM:SS[.f[f[f]]]Z" of an existing time.
std::optional<std::int64_t> parse_iso_time(std::string_view text);

template <std::size_t Size>
std::string_view view(const std::array<char, Size>& text) {
    return {text.data(), text.size()};
}

}  // namespace alcove::http

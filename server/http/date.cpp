// Times as HTTP and JSON write them.
#include "server/http/date.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace alcove::http {

namespace {

namespace chrono = std::chrono;

constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::int64_t seconds_min = -62'167'219'200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t seconds_max = 253'402'300'799;  // 9999-12-31T23:59:59Z

struct Civil {
    unsigned year, month, day, hour, minute, second, weekday;
};

Civil civil(std::int64_t unix_seconds) {
    auto time = chrono::sys_seconds(chrono::seconds(unix_seconds));
    auto midnight = chrono::floor<chrono::days>(time);
    auto date = chrono::year_month_day(midnight);
    auto rest = static_cast<unsigned>((time - midnight).count());
    return {.year = static_cast<unsigned>(static_cast<int>(date.year())),
            .month = static_cast<unsigned>(date.month()),
            .day = static_cast<unsigned>(date.day()),
            .hour = rest / 3600,
            .minute = rest / 60 % 60,
            .second = rest % 60,
            .weekday = chrono::weekday(midnight).c_encoding()};
}

// Unix seconds, or nullopt when there is no such day or time of day.
std::optional<std::int64_t> unix_seconds(const Civil& time) {
    auto date = chrono::year(static_cast<int>(time.year)) / chrono::month(time.month) / chrono::day(time.day);
    if (!date.ok() || time.hour > 23 || time.minute > 59 || time.second > 59) return std::nullopt;
    auto days = chrono::sys_days(date).time_since_epoch();
    return days.count() * std::int64_t{86'400} + time.hour * 3600 + time.minute * 60 + time.second;
}

void put_digits(char* out, unsigned value, int digits) {
    for (auto i = digits; i-- > 0; value /= 10)
        out[i] = static_cast<char>('0' + value % 10);
}

// Reads the digits at `offset` into `value`; false when one is none.
bool take_digits(std::string_view text, std::size_t offset, std::size_t digits, unsigned& value) {
    value = 0;
    for (auto c : text.substr(offset, digits)) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return true;
}

// The position of a three-letter name in `names`, or nullopt.
std::optional<unsigned> index_of(std::string_view names, std::string_view name) {
    for (std::size_t i = 0; i < names.size(); i += 3) {
        if (names.substr(i, 3) == name) return static_cast<unsigned>(i / 3);
    }
    return std::nullopt;
}

}  // namespace

std::array<char, http_date_bytes> format_http_date(std::int64_t unix_time) {
    auto time = civil(std::clamp(unix_time, seconds_min, seconds_max));
    std::array<char, http_date_bytes> text;
    std::memcpy(text.data(), "Sun, 00 Jan 0000 00:00:00 GMT", text.size());
    std::memcpy(&text[0], &weekdays[time.weekday * 3], 3);
    put_digits(&text[5], time.day, 2);
    std::memcpy(&text[8], &months[(time.month - 1) * 3], 3);
    put_digits(&text[12], time.year, 4);
    put_digits(&text[17], time.hour, 2);
    put_digits(&text[20], time.minute, 2);
    put_digits(&text[23], time.second, 2);
    return text;
}

std::array<char, iso_time_bytes> format_iso_time(std::int64_t unix_ms) {
    auto clamped = std::clamp(unix_ms, seconds_min * 1000, seconds_max * 1000 + 999);
    auto whole = chrono::floor<chrono::seconds>(chrono::milliseconds(clamped)).count();
    auto time = civil(whole);
    std::array<char, iso_time_bytes> text;
    std::memcpy(text.data(), "0000-00-00T00:00:00.000Z", text.size());
    put_digits(&text[0], time.year, 4);
    put_digits(&text[5], time.month, 2);
    put_digits(&text[8], time.day, 2);
    put_digits(&text[11], time.hour, 2);
    put_digits(&text[14], time.minute, 2);
    put_digits(&text[17], time.second, 2);
    put_digits(&text[20], static_cast<unsigned>(clamped - whole * 1000), 3);
    return text;
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    if (text.size() != http_date_bytes) return std::nullopt;
    if (text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' ||
        text[22] != ':' || text.substr(25) != " GMT") {
        return std::nullopt;
    }
    auto weekday = index_of(weekdays, text.substr(0, 3));
    auto month = index_of(months, text.substr(8, 3));
    Civil time{};
    if (!weekday || !month || !take_digits(text, 5, 2, time.day) || !take_digits(text, 12, 4, time.year) ||
        !take_digits(text, 17, 2, time.hour) || !take_digits(text, 20, 2, time.minute) ||
        !take_digits(text, 23, 2, time.second)) {
        return std::nullopt;
    }
    time.month = *month + 1;
    auto seconds = unix_seconds(time);
    if (!seconds || civil(*seconds).weekday != *weekday) return std::nullopt;
    return seconds;
}

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
    constexpr std::size_t whole_bytes = 19;  // up to the seconds
    if (text.size() <= whole_bytes || text.size() > iso_time_bytes || text.back() != 'Z') return std::nullopt;
    if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    Civil time{};
    if (!take_digits(text, 0, 4, time.year) || !take_digits(text, 5, 2, time.month) ||
        !take_digits(text, 8, 2, time.day) || !take_digits(text, 11, 2, time.hour) ||
        !take_digits(text, 14, 2, time.minute) || !take_digits(text, 17, 2, time.second)) {
        return std::nullopt;
    }
    unsigned ms = 0;
    auto fraction = text.substr(whole_bytes, text.size() - whole_bytes - 1);
    if (!fraction.empty()) {
        if (fraction[0] != '.' || fraction.size() < 2) return std::nullopt;
        if (!take_digits(fraction, 1, fraction.size() - 1, ms)) return std::nullopt;
        for (auto digits = fraction.size() - 1; digits < 3; ++digits)
            ms *= 10;
    }
    auto seconds = unix_seconds(time);
    if (!seconds) return std::nullopt;
    return *seconds * 1000 + ms;
}

}  // namespace alcove::http

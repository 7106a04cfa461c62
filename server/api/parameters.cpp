#include "server/api/parameters.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "scopes/text.hpp"
#include "server/api/values.hpp"
#include "server/http/date.hpp"

namespace alcove::api {
namespace {

Problem bad_ttl(std::string_view field) {
    return invalid_field(field, "'" + std::string(field) + "' must be seconds, above 0 and at most 100 years");
}

// Exactly, digit by digit; what is finer than a millisecond counts as one more.
std::optional<kv::TimeMs> decimal_ms(std::string_view seconds) {
    const auto* end = seconds.data() + seconds.size();
    kv::TimeMs whole = 0;
    const auto parsed = std::from_chars(seconds.data(), end, whole);
    if (parsed.ec != std::errc() || whole > ttl_ms_max / 1000) return std::nullopt;
    kv::TimeMs ms = whole * 1000;
    if (parsed.ptr == end) return ms;
    if (*parsed.ptr != '.' || parsed.ptr + 1 == end) return std::nullopt;
    bool finer = false;
    kv::TimeMs unit = 100;
    for (const auto* digit = parsed.ptr + 1; digit != end; ++digit, unit /= 10) {
        if (*digit < '0' || *digit > '9') return std::nullopt;
        ms += unit * (*digit - '0');
        finer = finer || (unit == 0 && *digit != '0');
    }
    return finer ? ms + 1 : ms;
}

std::optional<kv::TimeMs> scientific_ms(std::string_view seconds) {
    const auto* end = seconds.data() + seconds.size();
    double number = 0;
    const auto parsed = std::from_chars(seconds.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    const double ms = std::ceil(number * 1000);
    if (!(ms <= static_cast<double>(ttl_ms_max))) return std::nullopt;
    return static_cast<kv::TimeMs>(ms);
}

}  // namespace

std::optional<Problem> refuse_key(std::string_view field, std::string_view key) {
    if (key.empty()) return invalid_field(field, "'" + std::string(field) + "' must not be empty");
    return refuse_prefix(field, key);
}

std::optional<Problem> refuse_prefix(std::string_view field, std::string_view prefix) {
    constexpr auto max = kv::limits::key_bytes_max;
    if (prefix.size() > max) {
        return invalid_field(field,
                             "'" + std::string(field) + "' must have at most " + std::to_string(max) + " bytes");
    }
    if (prefix.find('\0') != std::string_view::npos) {
        return invalid_field(field, "'" + std::string(field) + "' must not hold a NUL");
    }
    if (!scopes::is_utf8(prefix)) return invalid_field(field, "'" + std::string(field) + "' must be UTF-8");
    return std::nullopt;
}

Result<std::string_view> take_content_type(const http::Request& request) {
    const auto content_type = request.header("content-type").value_or("");
    if (content_type.empty()) return default_content_type;
    if (is_content_type(content_type)) return content_type;
    return invalid_field("Content-Type", "Content-Type must be 1 to 255 visible ASCII characters");
}

Result<std::size_t> take_number(http::Query& query, std::string_view name, std::size_t min, std::size_t max,
                                std::size_t otherwise) {
    const auto text = query.take(name);
    if (!text) return otherwise;
    std::size_t number = 0;
    const auto end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number < min || number > max) {
        return invalid_field(name, "'" + std::string(name) + "' must be a whole number from " +
                                       std::to_string(min) + " to " + std::to_string(max));
    }
    return number;
}

Result<bool> take_flag(http::Query& query, std::string_view name, bool otherwise) {
    const auto text = query.take(name);
    if (!text) return otherwise;
    if (*text == "false") return false;
    if (*text == "true") return true;
    return invalid_field(name, "'" + std::string(name) + "' must be true or false");
}

Result<kv::Expiry> parse_ttl(std::string_view field, std::string_view seconds) {
    const bool scientific = seconds.find_first_of("eE") != std::string_view::npos;  // JSON may write 1e3
    if (seconds.empty() || seconds.front() < '0' || seconds.front() > '9') return bad_ttl(field);
    const auto ms = scientific ? scientific_ms(seconds) : decimal_ms(seconds);
    if (!ms || *ms <= 0 || *ms > ttl_ms_max) return bad_ttl(field);
    return kv::Expiry::after(*ms);
}

Result<std::variant<std::int64_t, double>> parse_amount(std::string_view field, std::string_view number) {
    const auto* begin = number.data();
    const auto* end = begin + number.size();
    std::int64_t integer = 0;
    if (const auto parsed = std::from_chars(begin, end, integer); parsed.ec == std::errc() && parsed.ptr == end) {
        return integer;
    }
    if (number.find_first_of(".eE") == std::string_view::npos) {
        return invalid_field(field, "'" + std::string(field) + "' must fit 64 bits when it is a whole number");
    }
    double real = 0;
    if (std::from_chars(begin, end, real).ec == std::errc()) return real;
    return invalid_field(field, "'" + std::string(field) + "' is out of range");
}

Result<kv::Expiry> parse_expires_at(std::string_view field, std::string_view time, kv::TimeMs now_ms) {
    const auto instant = http::parse_iso_time(time);
    if (!instant || *instant <= now_ms || *instant - now_ms > ttl_ms_max) {
        return invalid_field(
            field, "'" + std::string(field) + "' must be a time such as 2030-01-02T03:04:05.678Z, in the future");
    }
    return kv::Expiry::at(*instant);
}

Result<scopes::ListRequest> take_page(http::Query& query, CursorScope scope) {
    scopes::ListRequest page;
    const auto limit = take_number(query, "limit", 1, scopes::list_limit_max, scopes::list_limit_default);
    if (!limit) return limit.error();
    page.limit = *limit;
    const auto offset = take_number(query, "offset", 0, scopes::list_offset_max, 0);
    if (!offset) return offset.error();
    page.offset = *offset;
    const auto cursor = query.take("cursor");
    if (!cursor) return page;
    if (*offset > 0) return invalid_field("cursor", "'cursor' and 'offset' exclude each other");
    auto position = parse_cursor(scope, *cursor);
    if (!position) return invalid_field("cursor", "'cursor' is not one of this list");
    page.cursor = std::move(*position);
    return page;
}

}  // namespace alcove::api

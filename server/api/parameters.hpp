// Parameters that several resources share: keys, numbers, times, pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "kv/types.hpp"
#include "scopes/system_store.hpp"
#include "server/api/cursor.hpp"
#include "server/api/error.hpp"
#include "server/http/message.hpp"
#include "server/http/query.hpp"

namespace alcove::api {

// A hundred years: longer is surely a mistake of units.
inline constexpr kv::TimeMs ttl_ms_max = kv::TimeMs{100} * 365 * 24 * 60 * 60 * 1000;

// What is wrong with a key, or with the prefix of one (which may be empty); nullopt when nothing is.
std::optional<Problem> refuse_key(std::string_view field, std::string_view key);
std::optional<Problem> refuse_prefix(std::string_view field, std::string_view prefix);

// The type under which a body is kept: that of the request, or default_content_type.
Result<std::string_view> take_content_type(const http::Request& request);

// A parameter as a whole number from min to max, or `otherwise` when it is absent.
Result<std::size_t> take_number(http::Query& query, std::string_view name, std::size_t min, std::size_t max,
                                std::size_t otherwise);
// `true` or `false`.
Result<bool> take_flag(http::Query& query, std::string_view name, bool otherwise = false);

// Seconds as a decimal number, above 0 and at most ttl_ms_max. What is finer than a millisecond is rounded up.
Result<kv::Expiry> parse_ttl(std::string_view field, std::string_view seconds);
// What an increment adds, as JSON spells a number: a whole one must fit 64 bits and stays exact.
Result<std::variant<std::int64_t, double>> parse_amount(std::string_view field, std::string_view number);
// ISO-8601 UTC, later than `now_ms`.
Result<kv::Expiry> parse_expires_at(std::string_view field, std::string_view time, kv::TimeMs now_ms);

// `limit`, `offset` and `cursor` of a list of resources.
Result<scopes::ListRequest> take_page(http::Query& query, CursorScope scope);

}  // namespace alcove::api

// Conditional requests: entity tags are versions in quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/types.hpp"
#include "server/api/error.hpp"
#include "server/http/message.hpp"

namespace alcove::api {

void set_etag(http::Response& response, kv::Version version);
void set_last_modified(http::Response& response, kv::TimeMs time_ms);

// What the conditions of a GET or HEAD say about an entry that is there.
enum class ReadVerdict : std::uint8_t { send, not_modified, failed };

// If-Match compares strongly: a weak tag matches nothing. If-None-Match compares weakly. If-Modified-Since counts
// only without If-None-Match; a date that is none is ignored, as RFC 9110 asks. A header that is no list of tags,
// or that comes twice, is 400.
Result<ReadVerdict> judge_read(const http::Request& request, const kv::Entry& entry);

// The one header of that name, as `name` spells it; 400 for a second one, which would otherwise be ignored.
Result<std::optional<std::string_view>> only_header(const http::Request& request, std::string_view lower_case_name,
                                                    std::string_view name);

// Whether If-Range names this very version: by its tag, never by a weak one, or by its exact date.
bool is_current(std::string_view if_range, const kv::Entry& entry);

// Whether a check holds of a key at that version; nullopt: it is absent.
bool holds(const kv::Check& check, const std::optional<kv::Version>& current);

// The conditions of a write on one key, as checks of its commit: `If-Match: "<version>"` or `*`, and
// `If-None-Match: *`. A tag that is weak or no version is a check that never holds. Others are 400.
Result<std::vector<kv::Check>> write_checks(const http::Request& request, std::string_view key);

// What a commit on one key or path failed of: a failed check is a condition of the request.
Problem single_problem(kv::Error error);

}  // namespace alcove::api

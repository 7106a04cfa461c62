// What the resources of identity have in common: fields, lists, deletions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"
#include "scopes/names.hpp"
#include "scopes/uuid.hpp"
#include "server/api/call.hpp"
#include "server/api/cursor.hpp"
#include "server/api/json.hpp"

namespace alcove::api {

// The members, as values that are always valid; refused with their field named. What comes back then is never to
// be used.
std::optional<scopes::Label> to_label(ObjectReader& in, std::string_view name, std::string_view text);

// `null` clears, absence leaves alone.
std::optional<std::optional<scopes::Label>> read_label(ObjectReader& in, std::string_view name);
std::optional<std::optional<scopes::Email>> read_email(ObjectReader& in, std::string_view name);
std::optional<scopes::Metadata> read_metadata(ObjectReader& in, std::string_view name);

Problem no_updates();

void print_time(json::Writer& writer, std::string_view name, kv::TimeMs time_ms);
void print_list_end(json::Writer& writer, std::uint64_t total, CursorScope scope, std::string_view next);
void answer_deleted(Call& call, const scopes::Uuid& id);

}  // namespace alcove::api

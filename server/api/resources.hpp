// What the resources of identity have in common: fields, lists, deletions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"
#include "scopes/connections.hpp"
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

// An external id or a selector. `null` clears, absence leaves alone.
std::optional<std::optional<scopes::ExternalId>> read_external_id(ObjectReader& in, std::string_view name);
std::optional<scopes::ExternalId> to_external_id(ObjectReader& in, std::string_view name, std::string_view text);

std::optional<scopes::IntegrationName> to_integration_name(ObjectReader& in, std::string_view name,
                                                           std::string_view text);

// An object. `null` clears, absence leaves alone.
std::optional<std::optional<scopes::Credentials>> read_credentials(ObjectReader& in, std::string_view name);

// A UUID. `null` clears, absence leaves alone.
std::optional<std::optional<scopes::Uuid>> read_uuid(ObjectReader& in, std::string_view name);

void print_id(json::Writer& writer, std::string_view name, const std::optional<scopes::Uuid>& id);

Problem no_updates();

void print_time(json::Writer& writer, std::string_view name, kv::TimeMs time_ms);
void print_list_end(json::Writer& writer, std::uint64_t total, CursorScope scope, std::string_view next);
// A deletion that is to be done.
struct BegunDeletion {
    std::optional<kv::RequestId> request_id;
};

// Before the thing itself is looked for: nullopt when there is nothing left to do, because the request is refused
// or an earlier one with the same Idempotency-Key did it; then it is answered.
asio::awaitable<std::optional<BegunDeletion>> begin_deletion(Call& call);

// `{"deleted":true,"id":…}`
void answer_deleted(Call& call, const scopes::Uuid& id);

}  // namespace alcove::api

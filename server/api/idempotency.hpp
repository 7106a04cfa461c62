// Idempotency-Key: what makes a commit safe to send again.
#pragma once

#include <optional>
#include <string_view>

#include "kv/types.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

inline constexpr std::size_t idempotency_key_length_max = 256;

// The header as the commit's request id: scoped to API key, method and path, its digest over query, conditions,
// workspace and body. `key_in_body` is as good as the header. nullopt without either; 400 for one that is empty,
// too long or given twice, and for two that differ.
Result<std::optional<kv::RequestId>> take_request_id(const Call& call, std::string_view body,
                                                     std::optional<std::string_view> key_in_body = {});

// Says so when the answer is that of an earlier request.
void set_replayed(http::Response& response, bool replayed);

}  // namespace alcove::api

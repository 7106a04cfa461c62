// JSON bodies: read within bounds.
#pragma once

#include <cstddef>
#include <optional>

#include "server/api/call.hpp"
#include "server/api/error.hpp"
#include "server/api/object_reader.hpp"

namespace alcove::api {

inline constexpr std::size_t json_body_bytes_max = std::size_t{16} << 20;

// The body of a JSON request: an object that fits the shape of the route, which is the one that is published. Views
// of it hold until the exchange ends.
asio::awaitable<Result<json::Document>> read_json(Call& call, json::ParseLimits limits = {});

// The same for handlers that hold it against a shape by themselves.
asio::awaitable<Result<json::Document>> read_any_object(Call& call, json::ParseLimits limits = {});

// 400 for a member in the body of a request that takes none; the body may be left out, or be `{}`.
asio::awaitable<std::optional<Problem>> refuse_members(Call& call);

}  // namespace alcove::api

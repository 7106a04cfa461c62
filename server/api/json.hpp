// JSON bodies: read within bounds.
#pragma once

#include <cstddef>

#include "server/api/call.hpp"
#include "server/api/error.hpp"
#include "server/api/object_reader.hpp"

namespace alcove::api {

inline constexpr std::size_t json_body_bytes_max = std::size_t{16} << 20;

// The body of a JSON request, whose root is an object. Views of it hold until the exchange ends.
asio::awaitable<Result<json::Document>> read_json(Call& call, json::ParseLimits limits = {});

}  // namespace alcove::api

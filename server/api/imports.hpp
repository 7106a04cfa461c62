// Import of keys into a namespace.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> import_keys(Call& call);

}  // namespace alcove::api

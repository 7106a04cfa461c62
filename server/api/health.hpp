// Whether the server lives, and whether it can serve.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

// 200 as long as requests are answered at all.
asio::awaitable<void> get_health(Call& call);

// 200 {"status":"ready"}, or 503 with what is wrong.
asio::awaitable<void> get_readiness(Call& call);

}  // namespace alcove::api

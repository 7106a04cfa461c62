// What selectors come to, without doing anything.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> resolve(Call& call);
asio::awaitable<void> resolve_connection(Call& call);

}  // namespace alcove::api

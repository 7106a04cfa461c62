// Endpoints of watches.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

// All see to who asks by themselves: browsers bring a ticket, and a WebSocket may bring its token in its first
// frame.
asio::awaitable<void> open_watch_socket(Call& call);
asio::awaitable<void> watch_namespace(Call& call);

asio::awaitable<void> create_watch_ticket(Call& call);

}  // namespace alcove::api

// Event destinations on the Deck surface: who is told a workspace's events by webhook.
#pragma once

#include "server/api/call.hpp"

namespace alcove::deck {

namespace asio = boost::asio;

asio::awaitable<void> create_destination(api::Call& call);
asio::awaitable<void> list_destinations(api::Call& call);
asio::awaitable<void> get_destination(api::Call& call);
asio::awaitable<void> update_destination(api::Call& call);
asio::awaitable<void> delete_destination(api::Call& call);
asio::awaitable<void> rotate_destination_secret(api::Call& call);

}  // namespace alcove::deck

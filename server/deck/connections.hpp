// Connections on the Deck surface: the same records as the native ones, under Deck's names.
#pragma once

#include <string>

#include "scopes/connections.hpp"
#include "server/api/call.hpp"

namespace alcove::deck {

namespace asio = boost::asio;

inline constexpr std::string_view connection_id_prefix = "conn_";

asio::awaitable<void> create_connection(api::Call& call);
asio::awaitable<void> list_connections(api::Call& call);
asio::awaitable<void> get_connection(api::Call& call);
asio::awaitable<void> update_connection(api::Call& call);

// Terminates it: it stays readable.
asio::awaitable<void> delete_connection(api::Call& call);
asio::awaitable<void> disconnect_connection(api::Call& call);

// What a worker says of it, as an event.
asio::awaitable<void> report_on_connection(api::Call& call);

// The connection of the path, in the request's workspace; 404 else.
asio::awaitable<api::Result<scopes::Connection>> find_connection(api::Call& call);

}  // namespace alcove::deck

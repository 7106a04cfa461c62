// Connections over HTTP.
#pragma once

#include "scopes/json_writer.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

void print(scopes::json::Writer& writer, const scopes::Connection& connection);

asio::awaitable<void> list_connections(Call& call);
asio::awaitable<void> create_connection(Call& call);
asio::awaitable<void> get_connection(Call& call);
asio::awaitable<void> update_connection(Call& call);
asio::awaitable<void> delete_connection(Call& call);

}  // namespace alcove::api

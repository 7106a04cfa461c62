// API keys, MCP tokens and connect tokens over HTTP.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> list_api_keys(Call& call);
asio::awaitable<void> create_api_key(Call& call);
asio::awaitable<void> delete_api_key(Call& call);

asio::awaitable<void> list_mcp_tokens(Call& call);
asio::awaitable<void> create_mcp_token(Call& call);
asio::awaitable<void> delete_mcp_token(Call& call);

// For the end user's own browser.
asio::awaitable<void> create_connect_token(Call& call);

}  // namespace alcove::api

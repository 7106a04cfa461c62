// Workspaces over HTTP.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> list_workspaces(Call& call);
asio::awaitable<void> create_workspace(Call& call);
asio::awaitable<void> get_workspace(Call& call);
asio::awaitable<void> update_workspace(Call& call);
asio::awaitable<void> delete_workspace(Call& call);

}  // namespace alcove::api

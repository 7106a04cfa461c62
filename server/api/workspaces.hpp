// Workspaces over HTTP.
#pragma once

#include "scopes/json_writer.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

void print(scopes::json::Writer& writer, const scopes::Workspace& workspace);

asio::awaitable<void> list_workspaces(Call& call);
asio::awaitable<void> create_workspace(Call& call);
asio::awaitable<void> get_workspace(Call& call);
asio::awaitable<void> update_workspace(Call& call);
asio::awaitable<void> delete_workspace(Call& call);

}  // namespace alcove::api

// The integrations of a workspace over HTTP.
#pragma once

#include "scopes/json_writer.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

void print(scopes::json::Writer& writer, const scopes::WorkspaceIntegration& integration);

asio::awaitable<void> list_workspace_integrations(Call& call);
asio::awaitable<void> create_workspace_integration(Call& call);
asio::awaitable<void> get_workspace_integration(Call& call);
asio::awaitable<void> update_workspace_integration(Call& call);
asio::awaitable<void> delete_workspace_integration(Call& call);

}  // namespace alcove::api

// End users over HTTP.
#pragma once

#include "scopes/json_writer.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

void print(scopes::json::Writer& writer, const scopes::EndUser& end_user);

// The end user of the path: 404 END_USER_NOT_FOUND, also for what is no UUID; 403 outside the key's workspaces.
asio::awaitable<Result<scopes::EndUser>> find_end_user(Call& call);

asio::awaitable<void> list_end_users(Call& call);
asio::awaitable<void> create_end_user(Call& call);
asio::awaitable<void> get_end_user(Call& call);
asio::awaitable<void> update_end_user(Call& call);
asio::awaitable<void> delete_end_user(Call& call);

}  // namespace alcove::api

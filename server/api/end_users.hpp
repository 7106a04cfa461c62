// End users over HTTP.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> list_end_users(Call& call);
asio::awaitable<void> create_end_user(Call& call);
asio::awaitable<void> get_end_user(Call& call);
asio::awaitable<void> update_end_user(Call& call);
asio::awaitable<void> delete_end_user(Call& call);

}  // namespace alcove::api

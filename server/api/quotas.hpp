// Endpoints that look at namespaces as a whole: their list, their quotas, and emptying them.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> list_namespaces(Call& call);
asio::awaitable<void> get_quota(Call& call);
asio::awaitable<void> put_quota(Call& call);
asio::awaitable<void> delete_data(Call& call);

}  // namespace alcove::api

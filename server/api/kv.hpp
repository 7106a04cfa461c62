// The keys of a namespace: `NS/kv` and `NS/kv/{key...}`.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> get_key(Call& call);  // HEAD too
asio::awaitable<void> put_key(Call& call);
asio::awaitable<void> delete_key(Call& call);
asio::awaitable<void> operate_on_key(Call& call);

asio::awaitable<void> list_keys(Call& call);
asio::awaitable<void> delete_keys(Call& call);

}  // namespace alcove::api

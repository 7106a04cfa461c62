// Several operations on one namespace, all or nothing: `POST NS/transactions`.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> commit_transaction(Call& call);

}  // namespace alcove::api

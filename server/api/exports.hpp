// Export of a namespace's keys.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> export_keys(Call& call);

}  // namespace alcove::api

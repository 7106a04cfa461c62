// How much there is to do, and for whom.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

// In the text format of Prometheus. 404 unless metrics.enabled; 401 without metrics.token, or 403 when there is
// none and somebody asks from another machine.
asio::awaitable<void> get_metrics(Call& call);

// The busiest namespaces that the key reaches.
asio::awaitable<void> list_busiest_namespaces(Call& call);

}  // namespace alcove::api

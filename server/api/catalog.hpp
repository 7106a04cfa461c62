// The built-in integrations: `/api/v1/integrations`.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

Problem integration_not_built_in();  // 404 INTEGRATION_NOT_FOUND

asio::awaitable<void> list_catalog(Call& call);
asio::awaitable<void> get_catalog_entry(Call& call);

}  // namespace alcove::api

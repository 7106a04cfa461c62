// The connect page's side of the API: who a connect token belongs to and what it is for.
#pragma once

#include <string>
#include <string_view>

#include "server/api/call.hpp"

namespace alcove::api {

// Where an end user enters what a connection needs. The token stands behind '#', which browsers keep to themselves.
// Absolute when server.public_url is set.
std::string connect_url(const Settings& settings, std::string_view token);

// For the holder of an end user's token: its workspace, its end user, its integration, the connections there are.
asio::awaitable<void> get_connect_session(Call& call);

}  // namespace alcove::api

// The page where an end user enters what a connection needs, with its script and its style.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

// The token stands behind '#' and never reaches these.
asio::awaitable<void> get_connect_page(Call& call);
asio::awaitable<void> get_connect_script(Call& call);
asio::awaitable<void> get_connect_style(Call& call);

}  // namespace alcove::api

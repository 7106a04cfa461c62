// Triggers: who is told, by webhook, what changes in a namespace.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

asio::awaitable<void> enable_trigger(Call& call);
asio::awaitable<void> list_triggers(Call& call);

// Removes it: what was disabled is enabled again as a new one.
asio::awaitable<void> disable_trigger(Call& call);

// Sends it a message that tells nothing, and answers how that went.
asio::awaitable<void> test_trigger(Call& call);

}  // namespace alcove::api

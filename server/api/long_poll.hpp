// Reading a key that is expected to change.
#pragma once

#include <chrono>
#include <string_view>

#include "server/api/call.hpp"

namespace alcove::api {

// The key as it is once that is news to who asks, or when the time is over: with If-None-Match another version than
// named there, without it one that exists. A server that stops waits no longer. `key` must stay valid.
asio::awaitable<kv::Result<kv::Entry>> get_when_new(Call& call, std::string_view key,
                                                    std::chrono::milliseconds time);

}  // namespace alcove::api

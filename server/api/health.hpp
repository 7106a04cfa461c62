// Whether the server lives, and whether it can serve.
#pragma once

#include <string_view>

#include "server/api/call.hpp"

namespace alcove::api {

// Each is "ok", or a word that says what is wrong.
struct Readiness {
    std::string_view store = ok;     // map_full, failed, closed
    std::string_view disk = ok;      // reserve_reached
    std::string_view shutdown = ok;  // stopping

    static constexpr std::string_view ok = "ok";
    bool ready() const { return store == ok && disk == ok && shutdown == ok; }
};
Readiness readiness_of(const kv::StoreStatus& store, bool leaving);

// 200 as long as requests are answered at all.
asio::awaitable<void> get_health(Call& call);

// 200, or 503 with what is wrong.
asio::awaitable<void> get_readiness(Call& call);

}  // namespace alcove::api

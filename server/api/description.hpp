// GET /openapi.json: the API's description of itself.
#pragma once

#include <string>
#include <string_view>

#include "kv/types.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

// Made once, with the App.
struct Description {
    std::string json;
    kv::Version version = 0;  // as its entity tag spells it: another text has another one

    static Description make(std::string_view public_url);
};

asio::awaitable<void> get_description(Call& call);

}  // namespace alcove::api

// Which pages of other origins may use the API from a browser.
#pragma once

#include <string_view>

#include "server/api/call.hpp"

namespace alcove::api {

// By server.allowed_origins.
bool allows_origin(const Settings& settings, std::string_view origin);

// Says so in the answer to a request of such a page. True when the request only asked for that, and is answered.
bool answer_origin(const Settings& settings, const http::Request& request, http::Response& response);

}  // namespace alcove::api

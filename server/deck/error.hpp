// How errors read on the Deck surface: `{"errors":[{"type","code","field"?,"message"}],"request_id"}`.
#pragma once

#include "server/api/error.hpp"

namespace alcove::deck {

void print_problem(const http::Request& request, http::Response& response, const api::Problem& problem);

}  // namespace alcove::deck

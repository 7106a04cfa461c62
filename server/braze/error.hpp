// How errors read on the Braze surface: `{"message":"…"}`, nothing else.
#pragma once

#include "server/api/error.hpp"

namespace alcove::braze {

void print_problem(const http::Request& request, http::Response& response, const api::Problem& problem);

}  // namespace alcove::braze

// Every metric there is.
#pragma once

#include <string>

#include "server/api/call.hpp"

namespace alcove::api {

// All of them, in the text format of Prometheus. Takes some milliseconds where there are ten thousands of watches
// or connections.
std::string print_metrics(const Services& services);

}  // namespace alcove::api

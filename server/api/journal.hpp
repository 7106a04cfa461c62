// What the API tells the operator: one seam to the log.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/http/message.hpp"

namespace alcove::api {

// A request failed for a reason that the client is not told. `request` may be empty.
void journal_failure(const http::Request& request, std::string_view code, std::string_view cause);

// A request was answered.
void journal_access(const http::Request& request, unsigned status, std::size_t bytes,
                    std::chrono::nanoseconds duration);

// Something that an operator should know.
void journal_notice(std::string_view text);

}  // namespace alcove::api

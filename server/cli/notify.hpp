// Tells the service manager how far the server is, as a unit with Type=notify asks for.
#pragma once

#include <string_view>

namespace alcove::cli {

inline constexpr std::string_view notify_ready = "READY=1";
inline constexpr std::string_view notify_stopping = "STOPPING=1";

// Sends `state` as one datagram to the socket that NOTIFY_SOCKET names, a path or, behind an @, an abstract name.
// Without the variable nobody asked, and nothing happens; when it cannot be sent, the log says so.
void notify(std::string_view state);

}  // namespace alcove::cli

// The protocol of sd_notify(3) is one datagram, and stable by promise: libsystemd would bring itself and what it is
// linked with into a process that faces the network, for that alone.
#include "server/cli/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>

#include "server/log.hpp"

namespace alcove::cli {

namespace {

// Returns errno, or 0.
int send_datagram(std::string_view name, std::string_view text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() > sizeof address.sun_path) return ENAMETOOLONG;
    std::copy(name.begin(), name.end(), address.sun_path);
    if (name.starts_with('@')) address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());

    const int handle = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (handle < 0) return errno;
    const ssize_t sent =
        ::sendto(handle, text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
    const int error = sent < 0 ? errno : 0;
    ::close(handle);
    return error;
}

}  // namespace

void notify(std::string_view state) {
    const char* const name = std::getenv("NOTIFY_SOCKET");
    if (!name || !*name) return;
    const int error = send_datagram(name, state);
    if (error == 0) return;
    const std::string cause = std::generic_category().message(error);
    log::warn("notify_failed", {{"socket", name}, {"state", state}, {"cause", cause}});
}

}  // namespace alcove::cli

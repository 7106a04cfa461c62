// What `alcove serve` tells the service manager that started it.
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace alcove::test;

namespace {

// The manager's end of NOTIFY_SOCKET.
class NotifySocket {
public:
    explicit NotifySocket(const std::string& name) : handle_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(name.begin(), name.end(), address.sun_path);
        if (name.starts_with('@')) address.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        const timeval patience{.tv_sec = 10, .tv_usec = 0};
        ::setsockopt(handle_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::bind(handle_, reinterpret_cast<const sockaddr*>(&address), size) != 0)
            throw std::runtime_error("no socket at " + name);
    }
    ~NotifySocket() { ::close(handle_); }
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    // Waits for the next datagram; "nothing" when none comes.
    std::string next() const {
        char buffer[64];
        const ssize_t got = ::recv(handle_, buffer, sizeof buffer, 0);
        return got < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(got));
    }

private:
    int handle_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(notify)

BOOST_AUTO_TEST_CASE(the_service_manager_hears_of_ready_and_of_stopping) {
    const TemporaryFolder folder;
    for (const std::string& name : {(folder / "notify").string(), "@" + (folder / "abstract").string()}) {
        const NotifySocket manager(name);
        ServerProcess server(folder / "data", {{"NOTIFY_SOCKET", name}});
        BOOST_TEST(manager.next() == "READY=1");
        server.signal(SIGTERM);
        BOOST_TEST(manager.next() == "STOPPING=1");
        BOOST_TEST(server.wait() == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_service_manager_that_does_not_hear_stops_nothing) {
    const TemporaryFolder folder;
    ServerProcess server(folder / "data", {{"NOTIFY_SOCKET", (folder / "nobody").string()}});
    server.signal(SIGTERM);
    BOOST_TEST(server.wait() == 0);
    BOOST_TEST(server.printed().find("\"event\":\"notify_failed\"") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

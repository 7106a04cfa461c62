// Tells the connections of one thread when their sockets are ready.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>

namespace alcove::http {

namespace asio = boost::asio;

// Operation. Every socket is registered once, edge-triggered, with an epoll of the poller's own, which the
// io_context watches as a single descriptor. One turn takes the readiness of all sockets in one call and goes on
// with their coroutines directly. Asio's own asynchronous reads would first try the socket, which between two
// requests is a system call for nothing, and queue each completion.
//
// Concurrency. Everything happens on the thread of the io_context.
//
// Limitations. Closing a descriptor is what ends its registration, so it must not have been duplicated.
class Poller {
public:
    class Client {
    public:
        // Events of epoll, EPOLLIN and so on. May destroy the client, but no other one.
        virtual void ready(std::uint32_t events) = 0;

    protected:
        ~Client() = default;
    };

    // Throws boost::system::system_error, as does add().
    explicit Poller(asio::io_context& context);

    // Tells the client of input, output, hang-up and errors from now on.
    void add(int descriptor, Client& client);

    // Until stop().
    asio::awaitable<void> run();
    void stop();

private:
    static constexpr std::size_t events_max = 256;

    asio::posix::stream_descriptor epoll_;
    std::array<epoll_event, events_max> events_;
};

}  // namespace alcove::http

// Tells the connections of one thread when their sockets are ready.
#include "server/http/poller.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

namespace alcove::http {

namespace {

[[noreturn]] void fail(const char* what) {
    throw boost::system::system_error(errno, boost::system::system_category(), what);
}

int make_epoll() {
    const int descriptor = ::epoll_create1(EPOLL_CLOEXEC);
    if (descriptor < 0) fail("epoll_create1");
    return descriptor;
}

}  // namespace

Poller::Poller(asio::io_context& context) : epoll_(context, make_epoll()) {}

void Poller::add(int descriptor, Client& client) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &client;
    if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

asio::awaitable<void> Poller::run() {
    for (;;) {
        auto waiting = epoll_.async_wait(asio::posix::stream_descriptor::wait_read, asio::as_tuple(asio::deferred));
        auto [error] = co_await std::move(waiting);
        if (error) co_return;
        const int count = ::epoll_wait(epoll_.native_handle(), events_.data(), events_max, 0);
        for (int i = 0; i < count; ++i)
            static_cast<Client*>(events_[i].data.ptr)->ready(events_[i].events);
    }
}

void Poller::stop() {
    boost::system::error_code ignored;
    epoll_.close(ignored);
}

}  // namespace alcove::http

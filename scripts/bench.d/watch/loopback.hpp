// Sockets to servers on this machine, and waiting for them.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using Clock = std::chrono::steady_clock;

[[noreturn]] inline void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

inline std::uint64_t nanoseconds(Clock::time_point time) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

inline Clock::duration from_seconds(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

inline double to_seconds(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

inline int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    return socket;
}

// For what is small, and the only thing under way.
inline void send_small(int socket, std::string_view text) {
    const ssize_t count = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count != static_cast<ssize_t>(text.size())) fail("send");
}

class Poll {
public:
    void add(int file, std::uint64_t mark, std::uint32_t events = EPOLLIN) {
        epoll_event event{.events = events, .data = {.u64 = mark}};
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, file, &event) != 0) fail("epoll_ctl");
    }

    void change(int file, std::uint64_t mark, std::uint32_t events) {
        epoll_event event{.events = events, .data = {.u64 = mark}};
        if (::epoll_ctl(poll_, EPOLL_CTL_MOD, file, &event) != 0) fail("epoll_ctl");
    }

    void remove(int file) { ::epoll_ctl(poll_, EPOLL_CTL_DEL, file, nullptr); }

    // Waits until something is ready, at most until then, and calls each(mark).
    template <class Each>
    void wait(Clock::time_point until, Each&& each) {
        const auto left = std::chrono::nanoseconds(std::max(until - Clock::now(), Clock::duration::zero())).count();
        const timespec timeout{.tv_sec = left / 1'000'000'000, .tv_nsec = left % 1'000'000'000};
        std::array<epoll_event, 256> events;
        const int count = ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
        for (int i = 0; i < count; ++i)
            each(events[static_cast<std::size_t>(i)].data.u64);
    }

private:
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
};

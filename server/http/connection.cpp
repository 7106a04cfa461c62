// One socket with its buffers and its deadline.
#include "server/http/connection.hpp"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <utility>

#include "server/http/limits.hpp"

namespace alcove::http {

namespace {

constexpr std::uint32_t ended_events = EPOLLHUP | EPOLLERR;
constexpr std::uint32_t input_events = EPOLLIN | EPOLLRDHUP | ended_events;
constexpr std::uint32_t output_events = EPOLLOUT | ended_events;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

int release(asio::ip::tcp::socket socket) {
    // Without it a small response could wait for the acknowledgement of the one before.
    boost::system::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket.native_non_blocking(true);
    return socket.release();
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, Poller& poller, std::chrono::milliseconds write_timeout,
                       const Certificate* certificate)
    : socket_(release(std::move(socket))), write_timeout_(write_timeout) {
    try {
        if (certificate != nullptr) tls_ = std::make_unique<TlsStream>(*certificate, socket_);
        poller.add(socket_, *this);
    } catch (...) {
        ::close(socket_);
        throw;
    }
}

Connection::~Connection() {
    if (tls_) tls_->say_end();
    ::close(socket_);
}

void Connection::ready(std::uint32_t events) {
    if (events & (EPOLLRDHUP | ended_events)) hung_up_ = true;
    if (events & input_events) readable_ = true;
    // With TLS reading may have to wait until the socket can be written to, and the other way round.
    const auto awaited = phase_ == Phase::taken_over || tls_ ? input_events | output_events
                         : phase_ == Phase::write            ? output_events
                                                             : input_events;
    if (events & awaited) waiter_.resume();
}

void Connection::sweep(Clock::time_point now) {
    if (now >= deadline_) {
        expired_ = true;
        deadline_ = Clock::time_point::max();
        waiter_.resume();
    } else if (phase_ == Phase::idle) {
        if (std::exchange(rested_, true)) rest();
    } else if (phase_ == Phase::busy && !out_.empty()) {
        flush_now();  // a failure shows again when the session writes
    }
}

void Connection::close_if_idle() {
    if (phase_ == Phase::idle || phase_ == Phase::taken_over) waiter_.resume();
}

void Connection::abort() {
    shut(SHUT_RDWR);
}

void Connection::give_up_after(std::chrono::milliseconds unacknowledged) {
    const auto ms = static_cast<unsigned>(unacknowledged.count());
    ::setsockopt(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
}

// The poller hears of it.
void Connection::shut(int how) {
    ::shutdown(socket_, how);
}

Connection::Greeted Connection::shake_hands() {
    char first = 0;
    const auto peeked = ::recv(socket_, &first, 1, MSG_PEEK);
    if (peeked == 1 && !begins_tls(first) && !tls_->begun()) {
        tls_.reset();
        return Greeted::plain;
    }
    if (peeked < 0 && would_block() && !tls_->begun()) return Greeted::blocked;
    if (tls_->shake_hands() == 1) return Greeted::yes;
    return would_block() ? Greeted::blocked : Greeted::failed;
}

Connection::Received Connection::receive(std::span<char> room, std::size_t& bytes) {
    if (!readable_) return Received::blocked;
    for (;;) {
        const auto received = tls_ ? tls_->receive(room) : ::recv(socket_, room.data(), room.size(), 0);
        if (received > 0) {
            bytes = static_cast<std::size_t>(received);
            // Less than asked for: the socket is empty, and the poller will tell when it is not. The end is told
            // once. TLS gives less than there is.
            readable_ = bytes == room.size() || hung_up_ || tls_;
            return Received::some;
        }
        if (received < 0 && errno == EINTR) continue;
        if (received == 0 || !would_block()) return Received::closed;
        readable_ = false;
        return Received::blocked;
    }
}

Connection::Received Connection::receive(Buffer& into, std::size_t bytes_max) {
    std::size_t bytes = 0;
    const auto outcome = receive(std::span(into.data() + into.size(), std::min(into.room(), bytes_max)), bytes);
    into.commit(bytes);
    return outcome;
}

// One part is sent without the detour over a list of parts, which the kernel would have to copy in first.
ssize_t Connection::send_some() {
    if (tls_) return tls_->send(written_ < out_.size() ? out_.view().substr(written_) : large_);
    if (large_.empty()) return ::send(socket_, out_.data() + written_, out_.size() - written_, MSG_NOSIGNAL);
    std::array<iovec, 2> parts = {
        {{out_.data() + written_, out_.size() - written_}, {const_cast<char*>(large_.data()), large_.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    return ::sendmsg(socket_, &message, MSG_NOSIGNAL);
}

Connection::Written Connection::flush_now() {
    while (written_ < out_.size() || !large_.empty()) {
        const auto sent = send_some();
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return would_block() ? Written::blocked : Written::failed;
        const auto bytes = static_cast<std::size_t>(sent);
        const auto from_out = std::min(bytes, out_.size() - written_);
        written_ += from_out;
        large_.remove_prefix(bytes - from_out);
    }
    out_.clear();
    large_owner_.reset();
    written_ = 0;
    return Written::all;
}

// With TLS it passes through here, one record at a time. What the socket did not take is read again.
ssize_t Connection::send_part(int file, std::uint64_t offset, std::size_t bytes) {
    auto from = static_cast<off_t>(offset);
    if (!tls_) return ::sendfile(socket_, file, &from, bytes);
    std::array<char, tls_record_bytes> record;
    const auto read = ::pread(file, record.data(), std::min(bytes, record.size()), from);
    return read <= 0 ? read : tls_->send({record.data(), static_cast<std::size_t>(read)});
}

Connection::Written Connection::send_file(int file, std::uint64_t& offset, std::size_t& bytes) {
    while (bytes != 0) {
        const auto sent = send_part(file, offset, bytes);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && would_block()) return Written::blocked;
        if (sent <= 0) return Written::failed;
        offset += static_cast<std::uint64_t>(sent);
        bytes -= static_cast<std::size_t>(sent);
    }
    return Written::all;
}

asio::awaitable<bool> Connection::writable() {
    begin_wait(Phase::write, Clock::now() + write_timeout_);
    auto waiting = ready();
    co_await std::move(waiting);
    end_wait();
    co_return !expired();
}

asio::awaitable<bool> Connection::flush() {
    for (;;) {
        auto written = flush_now();
        if (written != Written::blocked) co_return written == Written::all;
        auto waiting = writable();
        auto in_time = co_await std::move(waiting);
        if (!in_time) co_return false;
    }
}

asio::awaitable<void> Connection::linger() {
    if (tls_) tls_->say_end();
    tls_.reset();  // what still comes is only dropped
    shut(SHUT_WR);
    in_.clear();
    in_.reserve(limits::idle_buffer_bytes);
    auto deadline = Clock::now() + limits::linger_timeout;
    for (std::size_t dropped = 0; dropped < limits::linger_bytes_max;) {
        std::size_t bytes = 0;
        auto received = receive(std::span(in_.data(), in_.capacity()), bytes);
        if (received == Received::closed) co_return;
        dropped += bytes;
        if (received == Received::some) continue;
        begin_wait(Phase::linger, deadline);
        auto waiting = ready();
        co_await std::move(waiting);
        end_wait();
        if (expired()) co_return;
    }
}

}  // namespace alcove::http

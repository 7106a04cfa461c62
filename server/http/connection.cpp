// One socket with its buffers and its deadline.
#include "server/http/connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <utility>

#include "server/http/limits.hpp"

namespace alcove::http {

Connection::Connection(asio::ip::tcp::socket socket, std::chrono::milliseconds write_timeout)
    : socket_(std::move(socket)), write_timeout_(write_timeout) {
    // Without it a small response could wait for the acknowledgement of the one before.
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
}

void Connection::sweep(Clock::time_point now) {
    boost::system::error_code ignored;
    if (now >= deadline_) {
        expired_ = true;
        deadline_ = Clock::time_point::max();
        socket_.cancel(ignored);
    } else if (phase_ == Phase::idle) {
        if (std::exchange(rested_, true)) rest();
    } else if (phase_ == Phase::busy && !out_.empty()) {
        flush_now();  // a failure shows again when the session writes
    }
}

void Connection::close_if_idle() {
    boost::system::error_code ignored;
    if (phase_ == Phase::idle) socket_.cancel(ignored);
}

void Connection::abort() {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

Connection::Written Connection::flush_now() {
    while (written_ < out_.size() || !large_.empty()) {
        std::array<asio::const_buffer, 2> buffers = {
            asio::const_buffer(out_.data() + written_, out_.size() - written_),
            asio::const_buffer(large_.data(), large_.size())};
        boost::system::error_code error;
        auto bytes = large_.empty() ? socket_.write_some(buffers[0], error) : socket_.write_some(buffers, error);
        if (error == asio::error::would_block || error == asio::error::try_again) return Written::blocked;
        if (error) return Written::failed;
        auto from_out = std::min(bytes, out_.size() - written_);
        written_ += from_out;
        large_.remove_prefix(bytes - from_out);
    }
    out_.clear();
    written_ = 0;
    return Written::all;
}

asio::awaitable<bool> Connection::flush() {
    for (;;) {
        auto written = flush_now();
        if (written != Written::blocked) co_return written == Written::all;
        begin_wait(Phase::write, Clock::now() + write_timeout_);
        auto writable = socket_.async_wait(asio::socket_base::wait_write, asio::as_tuple(asio::deferred));
        auto [error] = co_await std::move(writable);
        end_wait();
        if (error) co_return false;
    }
}

asio::awaitable<void> Connection::linger() {
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    in_.clear();
    in_.reserve(limits::idle_buffer_bytes);
    auto deadline = Clock::now() + limits::linger_timeout;
    for (std::size_t dropped = 0; dropped < limits::linger_bytes_max;) {
        begin_wait(Phase::linger, deadline);
        auto room = asio::mutable_buffer(in_.data(), in_.capacity());
        auto reading = socket_.async_read_some(room, asio::as_tuple(asio::deferred));
        auto [error, bytes] = co_await std::move(reading);
        end_wait();
        if (error) co_return;
        dropped += bytes;
    }
}

}  // namespace alcove::http

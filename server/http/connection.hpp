// One socket with its buffers, its deadline and its place in the list that the deadlines are swept over.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/http/buffer.hpp"

namespace alcove::http {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;

// Operation. A session reads and writes through it. Before it waits for the socket it says for what and until when;
// the sweep of its thread cancels the wait once that has passed. There is no timer per operation. Writing is tried
// at once, without a suspension; only what the socket does not take is waited for.
//
// Concurrency. Everything happens on the thread of the socket's executor, so nothing is locked.
//
// Limitations. One wait at a time. A deadline is kept to within one sweep interval.
class Connection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    // What is waited for. While busy (a service is at work) there is no deadline.
    enum class Phase : std::uint8_t { busy, idle, header, body, write, linger };
    enum class Written : std::uint8_t { all, blocked, failed };

    Connection(asio::ip::tcp::socket socket, std::chrono::milliseconds write_timeout);
    virtual ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // For the sweep: cancels a wait that is over its deadline, lets a resting connection give back memory, and
    // writes what has been waiting behind a slow request.
    void sweep(Clock::time_point now);
    // Ends the wait for a next request. Requests under way go on.
    void close_if_idle();
    // Closes the socket, whatever is under way.
    void abort();

protected:
    // An idle wait has lasted for a whole sweep: buffers other than `in_` may go.
    virtual void rest() = 0;

    void begin_wait(Phase phase, Clock::time_point deadline) {
        phase_ = phase;
        deadline_ = deadline;
        expired_ = false;
        rested_ = false;
    }
    void end_wait() {
        phase_ = Phase::busy;
        deadline_ = Clock::time_point::max();
    }
    // Whether the last wait ended because of its deadline.
    bool expired() const { return expired_; }

    // Writes `out_`, then `large_`, as far as the socket takes them now.
    Written flush_now();
    // Waits until all is written; false when the peer is gone or too slow.
    asio::awaitable<bool> flush();

    // Says that nothing more comes, then reads and drops what the peer still sends, for a bounded time, so that
    // the last response is not lost to a reset.
    asio::awaitable<void> linger();

    asio::ip::tcp::socket socket_;
    Buffer in_;
    Buffer out_;
    std::string_view large_;  // follows out_; owned by the response

private:
    std::size_t written_ = 0;  // of out_
    Phase phase_ = Phase::busy;
    bool expired_ = false;
    bool rested_ = false;
    Clock::time_point deadline_ = Clock::time_point::max();
    std::chrono::milliseconds write_timeout_;
};

}  // namespace alcove::http

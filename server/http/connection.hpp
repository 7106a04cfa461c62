// One socket with its buffers, its deadline and its place in the list that the deadlines are swept over.
#pragma once

#include <sys/types.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "server/http/buffer.hpp"
#include "server/http/poller.hpp"
#include "server/http/tls.hpp"
#include "server/http/waiter.hpp"

namespace alcove::http {

namespace asio = boost::asio;

using Clock = std::chrono::steady_clock;

// Operation. A session reads and writes through it, at once and without a suspension as far as the socket allows;
// for the rest it waits until the poller says that the socket is ready. Before it waits it says for what and until
// when; the sweep of its thread ends the wait once that has passed. There is no timer per operation.
//
// Concurrency. Everything happens on the poller's thread, so nothing is locked.
//
// Limitations. One wait at a time. A deadline is kept to within one sweep interval.
class Connection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>,
      private Poller::Client {
public:
    // What is waited for. While busy (a service is at work) there is no deadline.
    enum class Phase : std::uint8_t { busy, idle, header, body, write, linger, taken_over };
    enum class Received : std::uint8_t { some, blocked, closed };
    enum class Written : std::uint8_t { all, blocked, failed };
    enum class Greeted : std::uint8_t { yes, blocked, plain, failed };

    // Takes the socket over from Asio. With a certificate all that follows shake_hands() goes through TLS. Throws
    // boost::system::system_error.
    Connection(asio::ip::tcp::socket socket, Poller& poller, std::chrono::milliseconds write_timeout,
               const Certificate* certificate);
    virtual ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // For the sweep: ends a wait that is over its deadline, lets a resting connection give back memory, and writes
    // what has been waiting behind a slow request. The connection may be gone afterwards, but no other one; so it
    // is with close_if_idle().
    void sweep(Clock::time_point now);
    // Ends the wait for a next request, and that of a takeover, which looks whether the server stops. Requests
    // under way go on.
    void close_if_idle();
    // Nothing more is read or written, whatever is under way.
    void abort();

protected:
    // An idle wait has lasted for a whole sweep: buffers may go.
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
    // To be awaited, between begin_wait() and end_wait(). Readiness is a hint: the caller tries, and waits again.
    auto ready() { return waiter_.wait(); }
    // Whether the last wait ended because of its deadline.
    bool expired() const { return expired_; }

    // Whether there is a handshake to be gone through first.
    bool speaks_tls() const { return tls_ != nullptr; }
    // Goes on with it. `plain`: the peer speaks no TLS, and none is spoken with it from now on.
    Greeted shake_hands();

    // Reads what the socket has now. `bytes` is set when there were some.
    Received receive(std::span<char> room, std::size_t& bytes);
    // The same into the buffer's room, as far as that goes and at most `bytes_max`.
    Received receive(Buffer& into, std::size_t bytes_max);

    // What flush_now() has still to write.
    std::size_t unwritten() const { return out_.size() - written_ + large_.size(); }
    // Whether there may be something to read, as far as is known.
    bool readable() const { return readable_; }
    // Ends the wait of a takeover.
    void resume() { waiter_.resume(); }
    // A peer that acknowledges nothing for so long is gone.
    void give_up_after(std::chrono::milliseconds unacknowledged);

    // Writes `out_`, then `large_`, as far as the socket takes them now.
    Written flush_now();
    // Waits until the socket takes more; false when that lasts too long.
    asio::awaitable<bool> writable();
    // Waits until all is written; false when the peer is gone or too slow.
    asio::awaitable<bool> flush();

    // Sends up to `bytes` of a file from `offset` on, and moves both by what went out; behind flush(). `failed`
    // also when the file ends before that.
    Written send_file(int file, std::uint64_t& offset, std::size_t& bytes);

    // Says that nothing more comes, then reads and drops what the peer still sends, for a bounded time, so that
    // the last response is not lost to a reset.
    asio::awaitable<void> linger();

    Buffer in_;
    Buffer out_;
    std::string_view large_;                   // follows out_; owned by the response, or
    std::shared_ptr<const void> large_owner_;  // by this, until it is sent

private:
    void ready(std::uint32_t events) override;
    void shut(int how);
    ssize_t send_some();
    ssize_t send_part(int file, std::uint64_t offset, std::size_t bytes);

    int socket_;
    std::unique_ptr<TlsStream> tls_;  // null: plain
    Waiter waiter_;
    std::size_t written_ = 0;  // of out_
    Phase phase_ = Phase::busy;
    bool readable_ = true;  // as far as is known
    bool hung_up_ = false;  // the peer sends no more: what is there can be read to its end
    bool expired_ = false;
    bool rested_ = false;
    Clock::time_point deadline_ = Clock::time_point::max();
    std::chrono::milliseconds write_timeout_;
};

}  // namespace alcove::http

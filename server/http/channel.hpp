// A connection that speaks something else than HTTP after its response's head: bytes both ways.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "server/http/buffer.hpp"

namespace alcove::http {

namespace asio = boost::asio;

// Operation. Nothing here blocks: receive() and flush() do what the socket allows now, and wait() suspends until
// there is a reason to try again.
//
// Concurrency. Everything belongs to the connection's thread; wake() too.
class Channel {
public:
    using Clock = std::chrono::steady_clock;
    enum class Received : std::uint8_t { some, nothing, closed };
    enum class Sent : std::uint8_t { all, blocked, failed };

    // What came and was not consumed. May be changed in place; holds until the next receive().
    virtual std::span<char> input() = 0;
    virtual void consume(std::size_t bytes) = 0;
    // Reads more, as far as input() stays within that size.
    virtual Received receive(std::size_t bytes_max) = 0;

    // What is appended here is sent by flush().
    virtual Buffer& out() = 0;
    // The same without a copy: `bytes`, which `owner` keeps, stand behind what was appended so far. Not while
    // sends_shared(): one at a time.
    virtual void put_shared(std::string_view bytes, std::shared_ptr<const void> owner) = 0;
    virtual std::size_t unsent() const = 0;
    virtual bool sends_shared() const = 0;
    virtual Sent flush() = 0;

    // Returns when the socket may be ready, when wake() was called since it returned last, or at the deadline,
    // which is kept to within limits::sweep_interval.
    virtual asio::awaitable<void> wait(Clock::time_point deadline) = 0;
    virtual void wake() = 0;

    // The server stops: it is time to take leave.
    virtual bool stopping() const = 0;
    // How long a peer may take nothing of what is sent.
    virtual Clock::duration write_timeout() const = 0;

protected:
    ~Channel() = default;
};

// Goes on with a connection in place of HTTP. Lives until run() returns; the connection is closed then.
class Takeover {
public:
    virtual ~Takeover() = default;
    virtual asio::awaitable<void> run(Channel& channel) = 0;
};

}  // namespace alcove::http

// One I/O thread: its context, its sessions, and the sweep over their deadlines.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>

#include "server/http/connection.hpp"
#include "server/http/date.hpp"
#include "server/http/message.hpp"
#include "server/http/poller.hpp"
#include "server/http/request_id.hpp"
#include "server/http/server.hpp"
#include "server/http/ticket.hpp"

namespace alcove::http {

class Session;

// Operation. The server hands accepted sockets over with adopt(); each becomes a session, a coroutine on this
// thread. The sweep looks at all of them every few hundred milliseconds.
//
// Concurrency. adopt(), stop(), abort() and finish() may be called from any thread; the rest belongs to the own
// one.
//
// Limitations. A session stays on its thread for life; connections are spread by count, not by load.
class Worker {
public:
    Worker(const ServerOptions& options, std::uint64_t seed, std::uint16_t index);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    asio::io_context& context() { return context_; }

    void start(Service& service);
    // Without a certificate the connection is plain.
    void adopt(asio::ip::tcp::socket socket, asio::ip::tcp::endpoint remote, Ticket ticket,
               std::shared_ptr<const Certificate> certificate);
    // Closes idle connections and has every other closed after its response.
    void stop();
    // Closes every socket.
    void abort();
    // Lets the thread end once nothing is left to do, or at once when `force`.
    enum class Finish : std::uint8_t { drained, forced };
    void finish(Finish how);

    // For sessions, on the own thread.
    Service& service() { return *service_; }
    const ServerOptions& options() const { return options_; }
    Poller& poller() { return poller_; }
    bool stopping() const { return stopping_; }
    RequestIds& ids() { return ids_; }
    // The current IMF-fixdate; holds until the next call.
    std::string_view date(Clock::time_point now);

private:
    void open(std::unique_ptr<Session> session);
    asio::awaitable<void> sweep();
    // A connection may end while it is visited, but no other one.
    template <class Visit>
    void for_each_connection(Visit visit) {
        for (auto at = connections_.begin(); at != connections_.end();)
            visit(*at++);
    }

    Service* service_ = nullptr;  // from start() on
    ServerOptions options_;
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard_;
    asio::steady_timer sweep_timer_;
    Poller poller_;
    boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections_;
    RequestIds ids_;
    bool stopping_ = false;
    std::array<char, http_date_bytes> date_{};
    Clock::time_point date_until_ = Clock::time_point::min();
    std::jthread thread_;
};

}  // namespace alcove::http

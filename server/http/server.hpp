// The HTTP server: a listener and the threads that serve what it accepts.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "server/http/message.hpp"
#include "server/http/tls.hpp"

namespace alcove::http {

struct ServerOptions {
    std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6
    std::uint16_t port = 0;             // 0: any free one
    unsigned threads = 1;
    std::shared_ptr<const Certificate> certificate{};  // null: plain HTTP
    std::size_t connections_max = 10'000;
    std::chrono::milliseconds header_timeout{10'000};  // for a whole head, from its first byte on
    std::chrono::milliseconds body_timeout{30'000};    // without any progress of a body
    std::chrono::milliseconds write_timeout{30'000};   // without any progress of a response
    std::chrono::milliseconds idle_timeout{75'000};    // between requests
    std::chrono::milliseconds shutdown_grace{10'000};  // for requests under way when stop() is called
};

// Operation. One acceptor hands connections to the threads in turn. Each thread has an io_context of its own, and
// all of a connection's work runs there. stop() ends accepting and idle connections, lets requests under way finish
// (their responses say `Connection: close`), closes what is left after the grace, and joins the threads.
//
// Concurrency. start(), stop() and the destructor belong to one thread that is none of the server's. The service is
// called on all of the server's threads.
//
// Limitations. Starts once. A service that does not return from serve() after its socket was closed holds up stop()
// for limits::drain_after_close; then the threads' contexts are left in place for good, since destroying them would
// destroy coroutines that others may still resume.
class Server {
public:
    // Makes the contexts and runs nothing yet, so that what resumes coroutines on them can be built after the
    // server and destroyed before it.
    explicit Server(ServerOptions options);
    ~Server();  // stops
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Binds, listens and starts the threads. `service` is called until stop() returns. Throws std::runtime_error
    // that names address and reason.
    void start(Service& service);
    // The port bound to; valid after start().
    std::uint16_t port() const;
    void stop();

    // Connections that are accepted from now on are served with this certificate; others go on with theirs.
    // Thread-safe. Only for a server that was given one at first.
    void renew(std::shared_ptr<const Certificate> certificate);

    // Connections that are open now. Thread-safe.
    std::size_t connections() const;
    // Connections that there ever were. Thread-safe.
    std::uint64_t accepted() const;

    // The contexts of the threads, for others that want to run there; i < threads(). They run from start() to
    // stop() and exist as long as the server.
    std::size_t threads() const;
    asio::io_context& context(std::size_t i);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace alcove::http

// The HTTP server: a listener and the threads that serve what it accepts.
#include "server/http/server.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "server/http/limits.hpp"
#include "server/http/ticket.hpp"
#include "server/http/worker.hpp"

namespace alcove::http {

namespace {

using asio::ip::tcp;

tcp::endpoint endpoint_of(const ServerOptions& options) {
    boost::system::error_code error;
    auto address = asio::ip::make_address(options.address, error);
    if (error) throw std::runtime_error("'" + options.address + "' is not an IP address to listen on");
    return {address, options.port};
}

std::uint64_t random_seed() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

}  // namespace

class Server::Impl {
public:
    explicit Impl(ServerOptions options);

    void start(Service& service);
    void stop();
    void renew(std::shared_ptr<const Certificate> certificate);

    std::uint16_t port = 0;
    Turnstile sessions;
    std::vector<std::unique_ptr<Worker>> workers;

private:
    void listen();
    asio::awaitable<void> accept();
    asio::awaitable<void> pause();
    std::shared_ptr<const Certificate> certificate();

    Service* service_ = nullptr;  // from start() on
    ServerOptions options_;
    std::mutex mutex_;
    std::shared_ptr<const Certificate> certificate_;  // guarded by mutex_
    Turnstile listener_;
    std::optional<tcp::acceptor> acceptor_;  // on the first worker's context, as all that touches it
    std::optional<asio::steady_timer> pause_;
    bool closing_ = false;
    bool started_ = false;  // start() was called
    bool running_ = false;  // it succeeded, and stop() was not called
};

Server::Impl::Impl(ServerOptions options) : options_(std::move(options)), certificate_(options_.certificate) {
    auto seed = random_seed();
    auto threads = std::max(1u, options_.threads);
    for (unsigned i = 0; i < threads; ++i) {
        workers.push_back(std::make_unique<Worker>(options_, seed, static_cast<std::uint16_t>(i)));
    }
}

void Server::Impl::listen() {
    auto endpoint = endpoint_of(options_);
    auto& acceptor = acceptor_.emplace(workers[0]->context());
    try {
        acceptor.open(endpoint.protocol());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind(endpoint);
        acceptor.listen();
        port = acceptor.local_endpoint().port();
    } catch (const boost::system::system_error& thrown) {
        throw std::runtime_error("cannot listen on " + options_.address + " port " + std::to_string(options_.port) +
                                 ": " + thrown.code().message());
    }
}

void Server::Impl::start(Service& service) {
    if (std::exchange(started_, true)) throw std::runtime_error("the server was started before");
    listen();
    pause_.emplace(workers[0]->context());
    service_ = &service;
    auto presence = std::make_shared<Ticket>(listener_, false);
    auto on_end = [&service, presence](std::exception_ptr failure) {
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& thrown) {
            service.failed(Request{}, std::string("the listener ended: ") + thrown.what());
        }
    };
    asio::co_spawn(workers[0]->context(), accept(), on_end);
    for (auto& worker : workers)
        worker->start(service);
    running_ = true;
}

asio::awaitable<void> Server::Impl::accept() {
    for (std::size_t next = 0; !closing_;) {
        if (sessions.inside() >= options_.connections_max + limits::refused_connections_max) {
            co_await pause();
            continue;
        }
        auto& worker = *workers[next];
        tcp::endpoint remote;
        auto accepting = acceptor_->async_accept(worker.context(), remote, asio::as_tuple(asio::deferred));
        auto [error, socket] = co_await std::move(accepting);
        if (closing_) co_return;
        if (error == asio::error::connection_aborted) continue;
        if (error) {
            service_->failed(Request{}, "accept: " + error.message());
            co_await pause();
            continue;
        }
        auto refused = sessions.inside() >= options_.connections_max;
        worker.adopt(std::move(socket), remote, Ticket(sessions, refused), certificate());
        next = (next + 1) % workers.size();
    }
}

std::shared_ptr<const Certificate> Server::Impl::certificate() {
    const std::lock_guard lock(mutex_);
    return certificate_;
}

void Server::Impl::renew(std::shared_ptr<const Certificate> certificate) {
    const std::lock_guard lock(mutex_);
    certificate_ = std::move(certificate);
}

asio::awaitable<void> Server::Impl::pause() {
    pause_->expires_after(limits::accept_pause);
    auto waiting = pause_->async_wait(asio::as_tuple(asio::deferred));
    co_await std::move(waiting);
}

void Server::Impl::stop() {
    if (!std::exchange(running_, false)) return;
    service_->stopping();
    auto close = [this] {
        closing_ = true;
        boost::system::error_code ignored;
        acceptor_->close(ignored);
        pause_->cancel();
    };
    asio::post(workers[0]->context(), close);
    for (auto& worker : workers)
        worker->stop();
    listener_.wait_until_empty(options_.shutdown_grace);
    auto drained = sessions.wait_until_empty(options_.shutdown_grace);
    if (!drained) {
        for (auto& worker : workers)
            worker->abort();
        drained = sessions.wait_until_empty(limits::drain_after_close);
    }
    for (auto& worker : workers)
        worker->finish(drained ? Worker::Finish::drained : Worker::Finish::forced);
    if (drained) return;
    service_->failed(Request{}, "a request was still being served when the server stopped");
    // Left in place: somebody may still resume the coroutines that these contexts hold.
    for (auto& worker : workers)
        static_cast<void>(worker.release());
}

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Server::~Server() {
    stop();
}

void Server::start(Service& service) {
    service.starting(*this);
    impl_->start(service);
}
std::uint16_t Server::port() const {
    return impl_->port;
}
void Server::stop() {
    impl_->stop();
}
void Server::renew(std::shared_ptr<const Certificate> certificate) {
    impl_->renew(std::move(certificate));
}
std::size_t Server::connections() const {
    return impl_->sessions.inside();
}
std::uint64_t Server::accepted() const {
    return impl_->sessions.entered();
}
std::size_t Server::threads() const {
    return impl_->workers.size();
}
asio::io_context& Server::context(std::size_t i) {
    return impl_->workers[i]->context();
}

}  // namespace alcove::http

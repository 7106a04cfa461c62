// One I/O thread: its context, its sessions, and the sweep over their deadlines.
#include "server/http/worker.hpp"

#include <signal.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "server/http/limits.hpp"
#include "server/http/session.hpp"

namespace alcove::http {

namespace {

// Other than send(), sendfile() cannot be told to raise no signal when the peer is gone.
void leave_broken_pipes_to_errors() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

Worker::Worker(const ServerOptions& options, std::uint64_t seed, std::uint16_t index)
    : options_(options),
      guard_(context_.get_executor()),
      sweep_timer_(context_),
      poller_(context_),
      ids_(seed, index) {}

void Worker::start(Service& service) {
    service_ = &service;
    auto on_end = [&service](std::exception_ptr failure) {
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& thrown) {
            service.failed(Request{}, thrown.what());
        }
    };
    asio::co_spawn(context_, sweep(), on_end);
    asio::co_spawn(context_, poller_.run(), on_end);
    auto run = [this] {
        leave_broken_pipes_to_errors();
        context_.run();
    };
    thread_ = std::jthread(run);
}

void Worker::adopt(asio::ip::tcp::socket socket, asio::ip::tcp::endpoint remote, Ticket ticket,
                   std::shared_ptr<const Certificate> certificate) {
    auto begin = [this, socket = std::move(socket), remote, ticket = std::move(ticket),
                  certificate = std::move(certificate)]() mutable {
        try {
            open(std::make_unique<Session>(*this, std::move(socket), remote, std::move(ticket), certificate.get()));
        } catch (const std::exception& thrown) {
            service_->failed(Request{}, std::string("a connection cannot be served: ") + thrown.what());
        }
    };
    asio::post(context_, std::move(begin));
}

void Worker::open(std::unique_ptr<Session> session) {
    connections_.push_back(*session);
    auto task = [](std::unique_ptr<Session> owned, Service& service) -> asio::awaitable<void> {
        try {
            co_await owned->run();
        } catch (const std::exception& thrown) {
            service.failed(owned->request, thrown.what());
        }
    };
    auto& service = *service_;
    auto on_end = [&service](std::exception_ptr failure) {
        if (failure) service.failed(Request{}, "a session ended with an unknown exception");
    };
    asio::co_spawn(context_, task(std::move(session), service), on_end);
}

void Worker::stop() {
    auto stop = [this] {
        stopping_ = true;
        for_each_connection([](Connection& connection) { connection.close_if_idle(); });
    };
    asio::post(context_, stop);
}

void Worker::abort() {
    auto abort = [this] { for_each_connection([](Connection& connection) { connection.abort(); }); };
    asio::post(context_, abort);
}

void Worker::finish(Finish how) {
    auto end = [this] {
        guard_.reset();
        sweep_timer_.cancel();
        poller_.stop();
    };
    asio::post(context_, end);
    if (how == Finish::forced) context_.stop();
    thread_.join();
}

asio::awaitable<void> Worker::sweep() {
    auto shortest = std::min({options_.header_timeout, options_.body_timeout, options_.write_timeout,
                              options_.idle_timeout, limits::sweep_interval * 4});
    auto interval = std::max<std::chrono::milliseconds>(shortest / 4, std::chrono::milliseconds(5));
    for (;;) {
        sweep_timer_.expires_after(interval);
        auto waiting = sweep_timer_.async_wait(asio::as_tuple(asio::deferred));
        auto [error] = co_await std::move(waiting);
        if (error || !guard_.owns_work()) co_return;
        for_each_connection([now = Clock::now()](Connection& connection) { connection.sweep(now); });
    }
}

std::string_view Worker::date(Clock::time_point now) {
    if (now >= date_until_) {
        using std::chrono::system_clock;
        auto wall = system_clock::now();
        auto second = std::chrono::floor<std::chrono::seconds>(wall);
        date_ = format_http_date(second.time_since_epoch().count());
        date_until_ = now + (second + std::chrono::seconds(1) - wall);
    }
    return view(date_);
}

}  // namespace alcove::http

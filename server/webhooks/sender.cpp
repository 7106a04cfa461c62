#include "server/webhooks/sender.hpp"

#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "server/webhooks/limits.hpp"
#include "server/webhooks/transfer.hpp"
#include "server/webhooks/turns.hpp"

namespace alcove::webhooks {

namespace {

// Who waits for an outcome.
class Caller {
public:
    virtual ~Caller() = default;

    // Goes on with it, on its own executor. Called once, on any thread.
    virtual void answer(SendOutcome outcome) = 0;
};

template <class Handler>
class WaitingCaller : public Caller {
public:
    explicit WaitingCaller(Handler handler)
        : work_(asio::get_associated_executor(handler)), handler_(std::move(handler)) {}

    void answer(SendOutcome outcome) override {
        auto resume = [handler = std::move(handler_), outcome = std::move(outcome)]() mutable {
            std::move(handler)(std::move(outcome));
        };
        asio::post(work_.get_executor(), std::move(resume));
    }

private:
    asio::executor_work_guard<asio::associated_executor_t<Handler>> work_;
    Handler handler_;
};

class LibraryUse {
public:
    LibraryUse() {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw std::runtime_error("libcurl does not start");
    }
    ~LibraryUse() { curl_global_cleanup(); }
    LibraryUse(const LibraryUse&) = delete;
    LibraryUse& operator=(const LibraryUse&) = delete;
};

// Signals are for the threads that wait for them; TLS may write to a connection that is gone.
void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

class Sender::Loop {
public:
    explicit Loop(const SenderOptions& options)
        : options_(options), multi_(curl_multi_init()), turns_(options.group_concurrency_max()) {
        if (!multi_) throw std::runtime_error("libcurl does not start");
        curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options_.concurrency_max));
        thread_ = std::thread([this] { run(); });
    }

    ~Loop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        curl_multi_wakeup(multi_.get());
        thread_.join();
    }

    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    const SenderOptions& options() const { return options_; }

    void push(std::unique_ptr<Transfer> transfer, std::unique_ptr<Caller> caller) {
        Exchange exchange{.transfer = std::move(transfer), .caller = std::move(caller)};
        if (enqueue(exchange)) {
            curl_multi_wakeup(multi_.get());
        } else {
            exchange.caller->answer({.error = "too many webhooks wait to be sent", .is_ours = true});
        }
    }

private:
    struct Exchange {
        std::unique_ptr<Transfer> transfer;
        std::unique_ptr<Caller> caller;
    };
    struct Free {
        void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
    };

    // False when there is no room: the exchange was not taken.
    bool enqueue(Exchange& exchange) {
        const std::size_t bytes = exchange.transfer->body_bytes();
        const std::string& group = exchange.transfer->group();
        const std::lock_guard lock(mutex_);
        const bool is_full =
            turns_.waiting() >= options_.waiting_max || waiting_bytes_ + bytes > limits::waiting_bytes_max;
        if (is_full && turns_.waits(group)) return false;
        waiting_bytes_ += bytes;
        turns_.push(group, std::move(exchange));
        return true;
    }

    void run() {
        constexpr int poll_ms = 60'000;  // libcurl wakes by itself for what it knows
        block_signals();
        while (take_waiting()) {
            int running = 0;
            curl_multi_perform(multi_.get(), &running);
            if (!finish_done()) curl_multi_poll(multi_.get(), nullptr, 0, poll_ms, nullptr);
        }
        stop_all();
    }

    // False when it is time to stop.
    bool take_waiting() {
        std::deque<Exchange> taken;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return false;
            const std::size_t room = options_.concurrency_max - under_way_.size();
            while (taken.size() < room) {
                auto exchange = turns_.take();
                if (!exchange) break;
                waiting_bytes_ -= exchange->transfer->body_bytes();
                taken.push_back(std::move(*exchange));
            }
        }
        for (Exchange& exchange : taken)
            start(std::move(exchange));
        return true;
    }

    void start(Exchange exchange) {
        CURL* const handle = exchange.transfer->handle();
        exchange.transfer->begin();
        if (curl_multi_add_handle(multi_.get(), handle) == CURLM_OK) {
            under_way_.emplace(handle, std::move(exchange));
        } else {
            give_back_turn(exchange);
            exchange.caller->answer({.error = "the exchange could not be started", .is_ours = true});
        }
    }

    void give_back_turn(const Exchange& exchange) {
        const std::lock_guard lock(mutex_);
        turns_.give_back(exchange.transfer->group());
    }

    // False when nothing was done.
    bool finish_done() {
        bool any = false;
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            any = true;
            const CURLcode code = message->data.result;
            auto done = under_way_.extract(message->easy_handle);
            curl_multi_remove_handle(multi_.get(), done.key());  // the message is gone with it
            const Exchange& exchange = done.mapped();
            give_back_turn(exchange);
            exchange.caller->answer(exchange.transfer->outcome(code));
        }
        return any;
    }

    void stop_all() {
        std::deque<Exchange> waiting;
        {
            const std::lock_guard lock(mutex_);
            waiting = turns_.take_all();
        }
        for (auto& [handle, exchange] : under_way_) {
            curl_multi_remove_handle(multi_.get(), handle);
            exchange.caller->answer(exchange.transfer->stopped());
        }
        under_way_.clear();
        for (const Exchange& exchange : waiting)
            exchange.caller->answer(exchange.transfer->stopped());
    }

    const LibraryUse library_;
    const SenderOptions options_;
    const std::unique_ptr<CURLM, Free> multi_;
    std::map<CURL*, Exchange> under_way_;  // the thread's own

    std::mutex mutex_;
    Turns<Exchange> turns_;
    std::size_t waiting_bytes_ = 0;
    bool stopping_ = false;

    std::thread thread_;
};

Sender::Sender(SenderOptions options) : loop_(std::make_unique<Loop>(options)) {}

Sender::~Sender() = default;

asio::awaitable<SendOutcome> Sender::send(Delivery delivery) {
    auto transfer = std::make_unique<Transfer>(std::move(delivery), loop_->options());
    auto initiate = [loop = loop_.get()](auto handler, std::unique_ptr<Transfer> own_transfer) {
        using Handler = decltype(handler);
        loop->push(std::move(own_transfer), std::make_unique<WaitingCaller<Handler>>(std::move(handler)));
    };
    auto outcome = asio::async_initiate<const asio::deferred_t, void(SendOutcome)>(
        std::move(initiate), asio::deferred, std::move(transfer));
    co_return co_await std::move(outcome)(asio::use_awaitable);
}

}  // namespace alcove::webhooks

// Counts connections, so that there are never too many and so that a stop can wait for the last.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>

namespace alcove::http {

// Thread-safe. Outlives its tickets.
class Turnstile {
public:
    void enter() {
        std::lock_guard lock(mutex_);
        ++inside_;
        ++entered_;
    }
    void leave() {
        std::lock_guard lock(mutex_);
        if (--inside_ == 0) empty_.notify_all();  // under the lock: the waiter may destroy us right after
    }
    std::size_t inside() const {
        std::lock_guard lock(mutex_);
        return inside_;
    }
    // How often somebody entered.
    std::uint64_t entered() const {
        std::lock_guard lock(mutex_);
        return entered_;
    }
    // Whether everybody left within that time.
    bool wait_until_empty(std::chrono::milliseconds time) {
        std::unique_lock lock(mutex_);
        return empty_.wait_for(lock, time, [this] { return inside_ == 0; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable empty_;
    std::size_t inside_ = 0;
    std::uint64_t entered_ = 0;
};

// One connection's presence; `refused` when it came above the limit and is only there to be told so.
class Ticket {
public:
    Ticket(Turnstile& turnstile, bool refused) : turnstile_(&turnstile), refused_(refused) { turnstile.enter(); }
    Ticket(Ticket&& other) noexcept
        : turnstile_(std::exchange(other.turnstile_, nullptr)), refused_(other.refused_) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() {
        if (turnstile_ != nullptr) turnstile_->leave();
    }

    bool refused() const { return refused_; }

private:
    Turnstile* turnstile_;
    bool refused_;
};

}  // namespace alcove::http

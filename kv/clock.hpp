// The store's clock: the wall clock, except that it never goes back.
#pragma once

#include <atomic>
#include <functional>

#include "kv/types.hpp"

namespace alcove::kv {

// Thread-safe. A wall clock that is set back makes it stand still, so nothing that expired comes back.
class StoreClock {
public:
    explicit StoreClock(std::function<TimeMs()> wall) : wall_(std::move(wall)) {}

    TimeMs now_ms() const {
        const TimeMs wall = wall_();
        TimeMs latest = latest_.load(std::memory_order_relaxed);
        while (wall > latest && !latest_.compare_exchange_weak(latest, wall, std::memory_order_relaxed)) {
        }
        return wall > latest ? wall : latest;
    }

    // Not before `time`, from now on: what the log says was already then.
    void advance_to(TimeMs time) {
        TimeMs latest = latest_.load(std::memory_order_relaxed);
        while (time > latest && !latest_.compare_exchange_weak(latest, time, std::memory_order_relaxed)) {
        }
    }

private:
    std::function<TimeMs()> wall_;
    mutable std::atomic<TimeMs> latest_{0};
};

}  // namespace alcove::kv

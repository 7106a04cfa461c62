// A clock that stands still until the test moves it.
#pragma once

#include <atomic>
#include <functional>

#include "kv/types.hpp"

namespace alcove::test {

class ManualClock {
public:
    static constexpr kv::TimeMs start_ms = 1'700'000'000'000;

    explicit ManualClock(kv::TimeMs now_ms = start_ms) : now_ms_(now_ms) {}

    kv::TimeMs now_ms() const { return now_ms_.load(); }
    void set(kv::TimeMs now_ms) { now_ms_.store(now_ms); }
    void advance(kv::TimeMs by_ms) { now_ms_.fetch_add(by_ms); }

    // What an engine takes; valid as long as the clock.
    std::function<kv::TimeMs()> source() const {
        return [this] { return now_ms(); };
    }

private:
    std::atomic<kv::TimeMs> now_ms_;
};

}  // namespace alcove::test

// The namespaces that lately had the most requests.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include "kv/types.hpp"
#include "server/metrics/limits.hpp"
#include "server/metrics/per_thread.hpp"
#include "server/metrics/top_list.hpp"

namespace alcove::metrics {

// Operation: each thread looks at one of some requests, at random, and counts names in a TopList; it keeps that of
// the window that runs and that of the window before. Who asks adds up what all threads have.
//
// Concurrency: thread-safe.
//
// Limitations: rates are estimates: the fewer requests, the rougher. Memory is bounded, whoever asks for what.
class BusyNamespaces {
public:
    using Clock = std::chrono::steady_clock;
    struct Options {
        unsigned one_in = limits::busy_one_in;
        std::function<Clock::time_point()> now = Clock::now;
    };

    BusyNamespaces() : BusyNamespaces(Options()) {}
    explicit BusyNamespaces(Options options);

    // One request.
    void count(const kv::NamespaceName& name) {
        Part& part = parts_.mine();
        if (--part.left == 0) look_at(part, name);
    }

    struct Busy {
        kv::NamespaceName name;
        double requests_per_second = 0;
    };
    // The busiest first.
    std::vector<Busy> top() const;

private:
    using Names = TopList<kv::NamespaceName, kv::NamespaceNameHash>;
    struct Part {
        // The thread's own.
        std::minstd_rand random{std::random_device()()};
        unsigned left = 0;  // until one is looked at

        std::mutex mutex;  // guards what follows
        std::int64_t window = 0;
        Names current{limits::busy_namespaces_max};
        Names before{limits::busy_namespaces_max};
    };

    std::unique_ptr<Part> make_part() const;
    void draw(Part& part) const;
    void look_at(Part& part, const kv::NamespaceName& name);
    std::int64_t window_at(Clock::time_point now) const { return (now - began_) / limits::busy_window; }
    static void go_on_to(Part& part, std::int64_t window);

    const Options options_;
    const Clock::time_point began_;
    PerThread<Part> parts_{[this] { return make_part(); }};
};

}  // namespace alcove::metrics

// How many requests there were of each route, how they ended and how long they took.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kv/measure.hpp"
#include "server/http/message.hpp"
#include "server/metrics/limits.hpp"
#include "server/metrics/per_thread.hpp"

namespace alcove::metrics {

// Operation: each thread counts in memory of its own, so that counting costs a few stores and no thread waits for
// another. Who asks adds up what all threads have.
//
// Concurrency: thread-safe once every route is added.
class Requests {
public:
    // Stands for what no route takes.
    static constexpr std::uint16_t no_route = 0;

    // The number of a route; the first one is 1. At most limits::routes_max - 1 of them.
    std::uint16_t add(http::Method method, std::string_view pattern);

    struct Answered {
        std::uint16_t route = no_route;
        unsigned status = 0;
        std::uint64_t body_bytes = 0;
        std::chrono::nanoseconds duration{0};
        bool is_timed = true;  // whether the duration counts
    };
    void count(const Answered& answered) {
        Part& part = parts_.mine();
        Route* known = part.routes[answered.route].load(std::memory_order_relaxed);
        Route& mine = known != nullptr ? *known : make(part, answered.route);
        mine.body_bytes += answered.body_bytes;
        if (answered.is_timed) mine.duration_ns.add(static_cast<std::uint64_t>(answered.duration.count()));
        if (answered.status >= status_min && answered.status < status_min + statuses)
            mine.by_status[answered.status - status_min] += 1;
    }

    struct Total {
        std::string_view method;   // GET stands for HEAD too, and "any" for what no route takes
        std::string_view pattern;  // or "none"
        std::map<unsigned, std::uint64_t> by_status;
        std::uint64_t body_bytes = 0;
        kv::Distribution duration_ns;  // of those that were timed
    };
    // Of the routes that had requests. Its texts live as long as this.
    std::vector<Total> totals() const;

private:
    static constexpr unsigned status_min = 100;
    static constexpr std::size_t statuses = 500;

    // One thread's of one route; made with its first request.
    struct Route {
        kv::Count body_bytes;
        kv::Durations duration_ns;
        std::array<kv::Count, statuses> by_status;
    };
    struct Part {
        std::array<std::atomic<Route*>, limits::routes_max> routes{};
        std::deque<Route> own;  // the thread's; what is in it stays where it is
    };
    struct Name {
        std::string_view method;
        std::string pattern;
    };

    static Route& make(Part& part, std::uint16_t route);

    std::vector<Name> names_{{.method = "any", .pattern = "none"}};
    PerThread<Part> parts_;
};

}  // namespace alcove::metrics

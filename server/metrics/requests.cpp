#include "server/metrics/requests.hpp"

#include <stdexcept>

namespace alcove::metrics {

std::uint16_t Requests::add(http::Method method, std::string_view pattern) {
    if (names_.size() == limits::routes_max) throw std::length_error("more routes than are counted");
    names_.push_back({.method = http::to_string(method), .pattern = std::string(pattern)});
    return static_cast<std::uint16_t>(names_.size() - 1);
}

Requests::Route& Requests::make(Part& part, std::uint16_t route) {
    Route& made = part.own.emplace_back();
    part.routes[route].store(&made, std::memory_order_release);
    return made;
}

std::vector<Requests::Total> Requests::totals() const {
    std::vector<Total> all;
    all.reserve(names_.size());
    for (const Name& name : names_)
        all.push_back({.method = name.method, .pattern = name.pattern});
    parts_.visit([&all](const Part& part) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            const Route* route = part.routes[i].load(std::memory_order_acquire);
            if (route == nullptr) continue;
            all[i].body_bytes += route->body_bytes;
            all[i].duration_ns += route->duration_ns.read();
            for (unsigned status = 0; status < statuses; ++status) {
                if (route->by_status[status] != 0)
                    all[i].by_status[status_min + status] += route->by_status[status];
            }
        }
    });
    std::erase_if(all, [](const Total& total) { return total.by_status.empty(); });
    return all;
}

}  // namespace alcove::metrics

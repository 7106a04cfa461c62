#include "server/metrics/busy_namespaces.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace alcove::metrics {

BusyNamespaces::BusyNamespaces(Options options) : options_(std::move(options)), began_(options_.now()) {}

std::unique_ptr<BusyNamespaces::Part> BusyNamespaces::make_part() const {
    auto part = std::make_unique<Part>();
    draw(*part);
    return part;
}

// At random, so that no rhythm of the clients' own comes out as a favourite.
void BusyNamespaces::draw(Part& part) const {
    part.left = std::uniform_int_distribution<unsigned>(1, 2 * options_.one_in - 1)(part.random);
}

void BusyNamespaces::look_at(Part& part, const kv::NamespaceName& name) {
    draw(part);
    const auto window = window_at(options_.now());
    const std::lock_guard lock(part.mutex);
    go_on_to(part, window);
    part.current.add(name);
}

// Only forward: who asks may have been a moment ahead.
void BusyNamespaces::go_on_to(Part& part, std::int64_t window) {
    if (window <= part.window) return;
    if (window == part.window + 1) {
        std::swap(part.before, part.current);
    } else {
        part.before.clear();
    }
    part.current.clear();
    part.window = window;
}

std::vector<BusyNamespaces::Busy> BusyNamespaces::top() const {
    const auto now = options_.now();
    const auto window = window_at(now);
    std::unordered_map<kv::NamespaceName, std::uint64_t, kv::NamespaceNameHash> counts;
    parts_.visit([&counts, window](Part& part) {
        const std::lock_guard lock(part.mutex);
        go_on_to(part, window);
        for (const Names* names : {&part.before, &part.current}) {
            for (const auto& entry : names->entries())
                counts[entry.key] += entry.count;
        }
    });
    // What is counted began with the window before.
    const auto begin = began_ + std::max<std::int64_t>(window - 1, 0) * limits::busy_window;
    const double seconds = std::max(std::chrono::duration<double>(now - begin).count(), 1.0);
    std::vector<Busy> all;
    all.reserve(counts.size());
    for (auto& [name, count] : counts)
        all.push_back(
            {.name = name, .requests_per_second = static_cast<double>(count * options_.one_in) / seconds});
    std::ranges::sort(all, std::greater(), &Busy::requests_per_second);
    return all;
}

}  // namespace alcove::metrics

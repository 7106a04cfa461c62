// Who occurs most often in a stream, in bounded memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace alcove::metrics {

// The sketch "Space-Saving" (Metwally, Agrawal, El Abbadi, 2005): so many counters, and who is not among them takes
// over the lowest one with what it holds. So a count is never too low, and too high by at most its `error`, which
// is at most the length of the stream through the number of counters; whoever occurs more often than that is here.
// Adding looks at all hashes, which are few and side by side. Not thread-safe.
template <class Key, class Hash = std::hash<Key>>
class TopList {
public:
    struct Entry {
        Key key;
        std::uint64_t count = 0;
        std::uint64_t error = 0;
    };

    explicit TopList(std::size_t entries_max) : entries_max_(entries_max) {}

    void add(const Key& key) {
        const std::size_t hash = Hash()(key);
        for (std::size_t i = 0; i < hashes_.size(); ++i) {
            if (hashes_[i] != hash || !(entries_[i].key == key)) continue;
            ++entries_[i].count;
            return;
        }
        if (entries_.size() < entries_max_) {
            hashes_.push_back(hash);
            entries_.push_back({.key = key, .count = 1});
            return;
        }
        const auto lowest = std::ranges::min_element(entries_, {}, &Entry::count);
        hashes_[static_cast<std::size_t>(lowest - entries_.begin())] = hash;
        *lowest = {.key = key, .count = lowest->count + 1, .error = lowest->count};
    }

    // In no order.
    const std::vector<Entry>& entries() const { return entries_; }

    void clear() {
        hashes_.clear();
        entries_.clear();
    }

private:
    std::size_t entries_max_;
    std::vector<std::size_t> hashes_;  // of the entries
    std::vector<Entry> entries_;
};

}  // namespace alcove::metrics

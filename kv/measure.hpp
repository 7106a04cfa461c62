// Numbers that one thread keeps about its work and any other may read meanwhile.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace alcove::kv {

// A number that other threads may look at while its own changes it. Nothing is ordered by it. It costs what a plain
// one does.
template <class Number>
class Shown {
public:
    Shown(Number value = {}) : value_(value) {}
    Shown& operator=(Number value) {
        value_.store(value, std::memory_order_relaxed);
        return *this;
    }
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;

    operator Number() const { return value_.load(std::memory_order_relaxed); }
    // One thread alone, so no locked instruction is needed.
    Shown& operator+=(Number more) { return *this = *this + more; }
    Shown& operator-=(Number less) { return *this = *this - less; }

private:
    std::atomic<Number> value_;
};

using Count = Shown<std::uint64_t>;

// Is counted as long as it is there.
class Present {
public:
    explicit Present(Count& count) : count_(count) { count_ += 1; }
    ~Present() { count_ -= 1; }
    Present(const Present&) = delete;
    Present& operator=(const Present&) = delete;

private:
    Count& count_;
};

// How many values fell between which bounds.
struct Distribution {
    std::span<const std::uint64_t> bounds;  // rising, each included; they live for ever
    std::vector<std::uint64_t> counts;  // of the values up to each bound and above the one before; last: above all
    std::uint64_t sum = 0;              // of all values

    // `other` has the same bounds, or this one has none yet.
    Distribution& operator+=(const Distribution& other) {
        if (counts.empty()) return *this = other;
        for (std::size_t i = 0; i < counts.size(); ++i)
            counts[i] += other.counts[i];
        sum += other.sum;
        return *this;
    }
};

// Fills a Distribution; one thread adds.
template <const auto& bounds>
class Histogram {
public:
    void add(std::uint64_t value) {
        std::size_t i = 0;
        while (i < bounds.size() && value > bounds[i])
            ++i;
        counts_[i] += 1;
        sum_ += value;
    }

    Distribution read() const {
        return {.bounds = bounds, .counts = {counts_.begin(), counts_.end()}, .sum = sum_};
    }

private:
    Count sum_;  // beside the first counts, where most values are
    std::array<Count, bounds.size() + 1> counts_;
};

// In nanoseconds: from a read out of memory to a disk that hangs.
inline constexpr std::array<std::uint64_t, 17> duration_bounds_ns = {
    50'000,      100'000,       250'000,       500'000,       1'000'000,     2'500'000,
    5'000'000,   10'000'000,    25'000'000,    50'000'000,    100'000'000,   250'000'000,
    500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};

using Durations = Histogram<duration_bounds_ns>;

}  // namespace alcove::kv

// Latencies in bounded room: counts in buckets whose width is 1/256 of their time, so that millions cost nothing.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

class Latencies {
public:
    void add(std::uint64_t ns) {
        const int shift = std::max(static_cast<int>(std::bit_width(ns)) - 9, 0);
        const std::size_t bucket = static_cast<std::size_t>(shift) * 256 + (ns >> shift);
        if (bucket >= counts_.size()) counts_.resize(bucket + 1);
        ++counts_[bucket];
        ++count_;
        max_ns_ = std::max(max_ns_, ns);
    }

    double max_us() const { return static_cast<double>(max_ns_) / 1000; }

    // The time that `share` of all stay below.
    double percentile_us(double share) const {
        const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count_) * share);
        std::uint64_t passed = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            passed += counts_[bucket];
            if (passed > wanted) return static_cast<double>(lower_ns(bucket)) / 1000;
        }
        return max_us();
    }

private:
    static std::uint64_t lower_ns(std::size_t bucket) {
        const std::size_t shift = bucket < 512 ? 0 : bucket / 256 - 1;
        return (bucket - shift * 256) << shift;
    }

    std::vector<std::uint32_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ns_ = 0;
};

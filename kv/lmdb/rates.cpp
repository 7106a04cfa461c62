// How fast namespaces may write.
#include "kv/lmdb/rates.hpp"

#include <algorithm>

namespace alcove::kv {

namespace {

constexpr std::uint64_t thousandths_per_write = 1000;
constexpr TimeMs second_ms = 1000;

}  // namespace

std::uint64_t WriteRates::capacity(std::uint64_t per_second) {
    return std::max<std::uint64_t>(per_second, 1) * thousandths_per_write;
}

// In whole thousandths of a write, which a limit of n per second gives n of in a millisecond: nothing is rounded.
void WriteRates::fill(Bucket& bucket, std::uint64_t per_second, TimeMs now_ms) {
    const auto elapsed = static_cast<std::uint64_t>(std::clamp<TimeMs>(now_ms - bucket.filled_ms, 0, second_ms));
    bucket.thousandths = std::min(bucket.thousandths + elapsed * per_second, capacity(per_second));
    bucket.per_second = per_second;
    bucket.filled_ms = now_ms;
}

TimeMs WriteRates::wait_ms(const NamespaceName& name, std::uint64_t per_second, TimeMs now_ms) {
    per_second = std::clamp<std::uint64_t>(per_second, 1, limits::writes_per_second_max);
    auto it = buckets_.find(name);
    if (it == buckets_.end()) {
        if (buckets_.size() >= limits::rates_remembered_max) forget_full(now_ms);
        it = buckets_.emplace(name, Bucket{.thousandths = capacity(per_second), .filled_ms = now_ms}).first;
    }
    Bucket& bucket = it->second;
    fill(bucket, per_second, now_ms);
    if (bucket.thousandths >= thousandths_per_write) return 0;
    const std::uint64_t missing = thousandths_per_write - bucket.thousandths;
    return static_cast<TimeMs>((missing + per_second - 1) / per_second);
}

void WriteRates::take(const NamespaceName& name) {
    const auto it = buckets_.find(name);
    if (it != buckets_.end()) it->second.thousandths -= std::min(it->second.thousandths, thousandths_per_write);
}

// A full bucket says no more than none. When all are in use they start afresh: a bound on memory goes before a
// limit.
void WriteRates::forget_full(TimeMs now_ms) {
    std::erase_if(buckets_, [now_ms](const auto& named) {
        Bucket bucket = named.second;
        fill(bucket, bucket.per_second, now_ms);
        return bucket.thousandths == capacity(bucket.per_second);
    });
    if (buckets_.size() >= limits::rates_remembered_max) buckets_.clear();
}

}  // namespace alcove::kv

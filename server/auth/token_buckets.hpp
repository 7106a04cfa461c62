// How often each of many may ask: a token bucket for everyone who asked lately.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace alcove::auth {

// A bucket holds `burst` requests at most and is refilled with `per_second` of them.
struct Rate {
    std::uint64_t per_second = 0;  // 0: no limit
    std::uint64_t burst = 0;       // 0: as many as a second brings

    std::uint64_t capacity() const { return burst == 0 ? per_second : burst; }
};

// What a request was told.
struct Standing {
    using Duration = std::chrono::nanoseconds;

    bool allowed = true;
    std::uint64_t limit = 0;      // the bucket's capacity
    std::uint64_t remaining = 0;  // requests that would be allowed now, after this one
    Duration until_full{};
    Duration until_next{};  // of one that was refused; else 0
};

// One bucket, kept as the moment at which it is full again ("generic cell rate algorithm"): what lies before now is
// a full bucket, so an absent one and a full one are the same.
class TokenBucket {
public:
    using Time = std::chrono::nanoseconds;  // since any fixed moment; never going back

    Standing take(const Rate& rate, Time now);
    bool full(Time now) const { return full_at_ <= now; }

private:
    Time full_at_{0};
};

// Operation. A bucket is made with the first request and dropped once it is full again and room is wanted.
//
// Concurrency. Thread-safe: the buckets are spread over shards with a lock each, held for one look-up.
//
// Limitations. At most buckets_max of them; who would need one more is let through, uncounted. That takes so many
// names at once that the limit of the token that uses them stands in the way first.
template <class Key, class Hash>
class TokenBuckets {
public:
    static constexpr std::size_t buckets_max = std::size_t{1} << 16;  // about 10 MiB

    explicit TokenBuckets(Rate rate) : rate_(rate) {}

    bool limits() const { return rate_.per_second != 0; }

    // Counts one request. Only when limits().
    Standing take(const Key& key, TokenBucket::Time now) {
        const auto hash = Hash{}(key);
        auto& shard = shards_[(hash >> 32 ^ hash) % shards_max];
        const std::lock_guard lock(shard.mutex);
        auto found = shard.buckets.find(key);
        if (found == shard.buckets.end()) {
            if (shard.buckets.size() >= buckets_max / shards_max) shard.drop_full(now);
            if (shard.buckets.size() >= buckets_max / shards_max) {
                return {.limit = rate_.capacity(), .remaining = rate_.capacity()};
            }
            found = shard.buckets.try_emplace(key).first;
        }
        return found->second.take(rate_, now);
    }

private:
    static constexpr std::size_t shards_max = 16;
    // Who keeps all buckets busy must not have them gone through for every request.
    static constexpr TokenBucket::Time drop_interval = std::chrono::milliseconds(100);

    struct alignas(64) Shard {
        std::mutex mutex;
        std::unordered_map<Key, TokenBucket, Hash> buckets;
        TokenBucket::Time next_drop{0};

        void drop_full(TokenBucket::Time now) {
            if (now < next_drop) return;
            next_drop = now + drop_interval;
            std::erase_if(buckets, [now](const auto& each) { return each.second.full(now); });
        }
    };

    const Rate rate_;
    std::array<Shard, shards_max> shards_;
};

}  // namespace alcove::auth

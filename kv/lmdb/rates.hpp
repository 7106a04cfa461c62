// How fast namespaces may write: a token bucket for each one that has a limit.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "kv/lmdb/namespaces.hpp"

namespace alcove::kv {

// Operation: a bucket holds as many writes as one second gives, at least one, and is full at first. A write takes
// one out; what is taken comes back evenly over the second.
//
// Concurrency: belongs to the writer's thread.
//
// Limitations: lives in memory, so that after a restart every bucket is full.
class WriteRates {
public:
    // How long until a write may go through; 0: now.
    TimeMs wait_ms(const NamespaceName& name, std::uint64_t per_second, TimeMs now_ms);

    // A write went through, after wait_ms() said 0.
    void take(const NamespaceName& name);

private:
    struct Bucket {
        std::uint64_t thousandths = 0;  // of a write
        std::uint64_t per_second = 0;   // the limit that it was filled under
        TimeMs filled_ms = 0;
    };
    static std::uint64_t capacity(std::uint64_t per_second);
    static void fill(Bucket& bucket, std::uint64_t per_second, TimeMs now_ms);
    void forget_full(TimeMs now_ms);

    std::unordered_map<NamespaceName, Bucket, NamespaceNameHash> buckets_;
};

}  // namespace alcove::kv

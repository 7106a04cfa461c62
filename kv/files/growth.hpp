// What uploads under way will add to their namespaces, so that many of them together keep to a quota too.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "kv/types.hpp"

namespace alcove::kv {

// Thread-safe.
class Growth {
public:
    // Takes back what add() said when it goes.
    class Share {
    public:
        Share(Growth& growth, NamespaceName name) : growth_(growth), name_(std::move(name)) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { growth_.change(name_, bytes_, 0); }

        // Says how many bytes this upload adds by now; gives how many all of its namespace add.
        std::uint64_t set(std::uint64_t bytes) {
            const std::uint64_t before = bytes_;
            bytes_ = bytes;
            return growth_.change(name_, before, bytes);
        }

    private:
        Growth& growth_;
        const NamespaceName name_;
        std::uint64_t bytes_ = 0;
    };

private:
    std::uint64_t change(const NamespaceName& name, std::uint64_t before, std::uint64_t after) {
        const std::lock_guard lock(mutex_);
        const auto it = bytes_.try_emplace(name).first;
        const std::uint64_t all = it->second += after - before;
        if (all == 0) bytes_.erase(it);
        return all;
    }

    std::mutex mutex_;
    std::unordered_map<NamespaceName, std::uint64_t, NamespaceNameHash> bytes_;
};

}  // namespace alcove::kv

#include "scopes/resolution_cache.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace alcove::scopes {

ResolutionCache::ResolutionCache(std::size_t entries_max) : counters_(counter_count) {
    const std::size_t sets = std::max<std::size_t>(1, entries_max / ways / shard_count);
    for (auto& shard : shards_)
        shard.sets.resize(sets);
}

std::uint64_t ResolutionCache::hash_of(const kv::Uuid& workspace, std::string_view selector) {
    std::uint64_t low = 0;
    std::memcpy(&low, workspace.data + 8, sizeof low);  // the random half of a UUID v7
    return std::hash<std::string_view>{}(selector) ^ (low * 0x9e3779b97f4a7c15);
}

ResolutionCache::Generation ResolutionCache::generation(std::string_view record_key) const {
    const std::size_t counter = std::hash<std::string_view>{}(record_key) % counter_count;
    return {.counter = counter, .value = counters_[counter].load(std::memory_order_seq_cst)};
}

bool ResolutionCache::is_current(const Generation& generation) const {
    return counters_[generation.counter].load(std::memory_order_seq_cst) == generation.value;
}

ResolutionCache::Set& ResolutionCache::set_of(Shard& shard, std::uint64_t hash) const {
    return shard.sets[(hash / shard_count) % shard.sets.size()];
}

Resolved ResolutionCache::find(const kv::Uuid& workspace, std::string_view selector) const {
    const std::uint64_t hash = hash_of(workspace, selector);
    Shard& shard = shards_[hash % shard_count];
    const std::lock_guard lock(shard.mutex);
    for (const auto& slot : set_of(shard, hash).slots) {
        if (slot.hash != hash || !slot.resolved || slot.workspace != workspace || slot.selector != selector)
            continue;
        return is_current(slot.generation) ? slot.resolved : nullptr;
    }
    return nullptr;
}

void ResolutionCache::insert(const kv::Uuid& workspace, std::string_view selector, Resolved resolved,
                             Generation generation) {
    const std::uint64_t hash = hash_of(workspace, selector);
    Shard& shard = shards_[hash % shard_count];
    const std::lock_guard lock(shard.mutex);
    Set& set = set_of(shard, hash);
    Slot* place = nullptr;
    for (auto& slot : set.slots) {
        if (slot.hash == hash && slot.workspace == workspace && slot.selector == selector) {
            place = &slot;
            break;
        }
        if (place == nullptr && !slot.resolved) place = &slot;
    }
    if (place == nullptr) place = &set.slots[set.next++ % ways];
    *place = {.hash = hash,
              .workspace = workspace,
              .selector = std::string(selector),
              .resolved = std::move(resolved),
              .generation = generation};
}

void ResolutionCache::invalidate_all() {
    for (auto& counter : counters_)
        counter.fetch_add(1, std::memory_order_seq_cst);
}

void ResolutionCache::invalidate(std::string_view record_key) {
    const std::size_t counter = std::hash<std::string_view>{}(record_key) % counter_count;
    counters_[counter].fetch_add(1, std::memory_order_seq_cst);
}

}  // namespace alcove::scopes

// Names of namespaces, their numbers and their state: how they are stored, and a cache of name -> number.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kv/lmdb/tables.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

struct NamespaceState {
    NamespaceId id = 0;  // 0: never written
    NamespaceName name;
    Version created_version = 0;
    Usage usage;
};

// Where a namespace's state is. Subjects too long for a key are cut and told apart by their SHA-256.
IndexKey state_key(const NamespaceName& name);
// All namespaces of an owner have state keys with this prefix, in this scope; the whole key for a subject.
IndexKey state_prefix(Scope scope, const Uuid& workspace);
IndexKey id_key(NamespaceId id);
IndexKey tombstone_key(const Owner& owner);

std::string encode_state(const NamespaceState& state);
NamespaceState decode_state(std::string_view bytes);

// What a tombstone says.
inline constexpr char tombstone_pending = 'p';  // the space is not yet freed
inline constexpr char tombstone_done = 'd';

std::string encode_owner(const Owner& owner, char progress);
Owner decode_owner(std::string_view tombstone);

struct NamespaceNameHash {
    std::size_t operator()(const NamespaceName& name) const;
};

// Thread-safe. Numbers never change, so an entry is right until its owner is dropped; a drop empties the cache.
class NamespaceCache {
public:
    std::optional<NamespaceId> find(const NamespaceName& name) const;

    // Names looked up under a generation are kept only if no drop came since.
    std::uint64_t generation() const;
    void insert(const NamespaceName& name, NamespaceId id, std::uint64_t generation);
    void forget_all();

private:
    mutable std::mutex mutex_;
    std::unordered_map<NamespaceName, NamespaceId, NamespaceNameHash> ids_;
    std::uint64_t generation_ = 0;
};

}  // namespace alcove::kv

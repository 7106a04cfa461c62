// Names of namespaces, their numbers and their state: how they are stored, and a cache of name -> number.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kv/lmdb/tables.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

// A namespace that is emptied gets another number, so that nothing has to be deleted at once. What the store itself
// remembers for it stays under the first one.
struct NamespaceState {
    NamespaceId id = 0;  // of keys and files; 0: never written
    NamespaceId internal_id = 0;
    NamespaceName name;
    Version created_version = 0;
    Version emptied_version = 0;  // of the last emptying; 0: never
    Usage usage;
    Quota quota;

    NamespaceId id_of(Collection collection) const { return collection == Collection::internal ? internal_id : id; }
};

// Where a namespace's state is. Subjects too long for a key are cut and told apart by their SHA-256.
IndexKey state_key(const NamespaceName& name);
// All namespaces of a workspace have state keys with this prefix, in this scope.
IndexKey state_prefix(Scope scope, const Uuid& workspace);
// Those among them whose subject begins so, and maybe others: a long subject is cut.
IndexKey state_prefix(Scope scope, const Uuid& workspace, std::string_view subject_prefix);
// How long what follows the prefix is at most.
inline constexpr std::size_t state_subject_bytes_max = 480;
IndexKey id_key(NamespaceId id);
IndexKey tombstone_key(const Owner& owner);

std::string encode_state(const NamespaceState& state);
NamespaceState decode_state(std::string_view bytes);

// What a tombstone says.
inline constexpr char tombstone_pending = 'p';  // the space is not yet freed
inline constexpr char tombstone_done = 'd';

std::string encode_owner(const Owner& owner, char progress);
Owner decode_owner(std::string_view tombstone);

// Says that what stands under a number is to be deleted, because its namespace was emptied.
struct Leftover {
    Scope scope = Scope::workspace;
    NamespaceId id = 0;
    bool keeps_internal = false;  // the number is still that of internal entries
};
inline constexpr std::string_view leftovers_prefix{"\4E", 2};
IndexKey leftover_key(NamespaceId id);
std::string encode_leftover(const Leftover& leftover);
Leftover decode_leftover(std::string_view bytes);

// Thread-safe. The number of a name is right until its owner is dropped or it is emptied. The writer closes the
// cache before it publishes such a commit, and opens it afterwards: nothing that was looked up before is in it
// then.
class NamespaceCache {
public:
    std::optional<NamespaceId> find(const NamespaceName& name) const;

    // Rises before a commit is published that changes numbers, and after it. A number that was found is that of
    // every snapshot that was taken under the same generation.
    std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
    // Kept only if the cache is open and was so all the time since that generation, which was asked before the
    // look-up.
    void insert(const NamespaceName& name, NamespaceId id, std::uint64_t generation);

    void close();  // and forget everything
    void open();

private:
    mutable std::mutex mutex_;
    std::unordered_map<NamespaceName, NamespaceId, NamespaceNameHash> ids_;
    bool open_ = true;
    std::atomic<std::uint64_t> generation_{0};
};

}  // namespace alcove::kv

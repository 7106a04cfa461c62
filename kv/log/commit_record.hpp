// What the log keeps of one commit: its effects as absolute values, never operations, so that applying it twice is
// applying it once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/encoding.hpp"
#include "kv/files/content.hpp"
#include "kv/types.hpp"

namespace alcove::kv::log {

using NamespaceId = std::uint64_t;

struct Effect {
    Change::Kind kind = Change::Kind::put;
    Collection collection = Collection::key;
    std::string key;
    std::string record;  // for put: as encode_record writes it
    Version previous_version = 0;
    std::optional<TimeMs> previous_expires_ms;  // of the entry replaced or removed: its index entry goes with it
    std::optional<BlobId> freed_blob;  // the content of the file replaced or removed, when no record names it now
};

// The commit's version stands in the group: it follows from the commit's place.
struct CommitRecord {
    // A commit to a namespace, or, when `dropped` is set, the dropping of an owner.
    NamespaceId id = 0;           // of keys and files
    NamespaceId internal_id = 0;  // of internal entries: the first number that the namespace had
    NamespaceName name;
    Version created_version = 0;  // of the namespace: its first commit
    Version emptied_version = 0;  // of its last emptying; 0: never
    TimeMs time_ms = 0;
    Usage usage;  // of the namespace after this commit, whose version its version is
    Quota quota;  // of the namespace after this commit
    std::vector<Effect> effects;
    std::optional<NamespaceId> emptied_id;  // the number before this commit, when it emptied the namespace
    std::optional<Owner> dropped;

    NamespaceId id_of(Collection collection) const { return collection == Collection::internal ? internal_id : id; }
};

void encode(const CommitRecord& commit, std::string& out);

// As part of other records.
void encode(const Quota& quota, Encoder& encoder);
Quota take_quota(Decoder& decoder);

// Throws StoreFailure when the bytes are no commit.
CommitRecord decode_commit(std::string_view bytes);

}  // namespace alcove::kv::log

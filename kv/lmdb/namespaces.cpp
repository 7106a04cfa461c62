// Names of namespaces, their numbers and their state.
#include "kv/lmdb/namespaces.hpp"

#include <openssl/sha.h>

#include "kv/error.hpp"

namespace alcove::kv {

namespace {

constexpr std::size_t subject_in_key_max = 448;
constexpr std::size_t names_cached_max = std::size_t{64} << 10;
constexpr std::uint8_t state_format = 2;
static_assert(state_subject_bytes_max == subject_in_key_max + SHA256_DIGEST_LENGTH);

void append_subject(IndexKey& key, std::string_view subject) {
    key.raw(subject.substr(0, subject_in_key_max));
    if (subject.size() <= subject_in_key_max) return;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(subject.data()), subject.size(), digest);
    key.raw({reinterpret_cast<const char*>(digest), sizeof digest});
}

Uuid take_uuid(Decoder& decoder) {
    Uuid uuid{};
    const std::string_view bytes = decoder.raw(sizeof uuid.data);
    bytes.copy(reinterpret_cast<char*>(uuid.data), bytes.size());
    return uuid;
}

std::string_view view(const Uuid& uuid) {
    return {reinterpret_cast<const char*>(uuid.data), sizeof uuid.data};
}

}  // namespace

IndexKey state_prefix(Scope scope, const Uuid& workspace) {
    IndexKey key(Table::namespaces);
    key.u8('N').u8(static_cast<std::uint8_t>(scope)).raw(workspace);
    return key;
}

IndexKey state_prefix(Scope scope, const Uuid& workspace, std::string_view subject_prefix) {
    IndexKey key = state_prefix(scope, workspace);
    key.raw(subject_prefix.substr(0, subject_in_key_max));
    return key;
}

IndexKey state_key(const NamespaceName& name) {
    IndexKey key = state_prefix(name.scope, name.workspace);
    append_subject(key, name.subject);
    return key;
}

IndexKey id_key(NamespaceId id) {
    IndexKey key(Table::namespaces);
    key.u8('I').be64(id);
    return key;
}

IndexKey tombstone_key(const Owner& owner) {
    IndexKey key(Table::namespaces);
    key.u8('T').raw(owner.workspace);
    if (owner.subject) {
        key.u8(static_cast<std::uint8_t>(owner.subject->scope));
        append_subject(key, owner.subject->id);
    }
    return key;
}

std::string encode_state(const NamespaceState& state) {
    std::string out;
    Encoder encoder(out);
    encoder.u8(state_format);
    encoder.u8(static_cast<std::uint8_t>(state.name.scope));
    encoder.raw(view(state.name.workspace));
    encoder.bytes(state.name.subject);
    encoder.u64(state.id);
    encoder.u64(state.internal_id);
    encoder.varint(state.created_version);
    encoder.varint(state.emptied_version);
    encoder.varint(state.usage.version);
    encoder.varint(state.usage.keys);
    encoder.varint(state.usage.bytes);
    encoder.varint(state.usage.files);
    encoder.varint(state.usage.file_bytes);
    encoder.i64(state.usage.last_written_ms);
    log::encode(state.quota, encoder);
    return out;
}

NamespaceState decode_state(std::string_view bytes) {
    Decoder decoder(bytes);
    const std::uint8_t format = decoder.u8();
    NamespaceState state;
    state.name.scope = static_cast<Scope>(decoder.u8());
    state.name.workspace = take_uuid(decoder);
    state.name.subject = decoder.bytes();
    state.id = decoder.u64();
    state.internal_id = decoder.u64();
    state.created_version = decoder.varint();
    state.emptied_version = decoder.varint();
    state.usage.version = decoder.varint();
    state.usage.keys = decoder.varint();
    state.usage.bytes = decoder.varint();
    state.usage.files = decoder.varint();
    state.usage.file_bytes = decoder.varint();
    state.usage.last_written_ms = decoder.i64();
    state.quota = log::take_quota(decoder);
    if (!decoder.ok() || format != state_format) throw StoreFailure("the state of a namespace is damaged");
    return state;
}

std::string encode_owner(const Owner& owner, char progress) {
    std::string out;
    Encoder encoder(out);
    encoder.u8(static_cast<std::uint8_t>(progress));
    encoder.raw(view(owner.workspace));
    encoder.u8(owner.subject ? 1 : 0);
    if (owner.subject) {
        encoder.u8(static_cast<std::uint8_t>(owner.subject->scope));
        encoder.raw(owner.subject->id);
    }
    return out;
}

Owner decode_owner(std::string_view tombstone) {
    Decoder decoder(tombstone);
    decoder.u8();
    Owner owner{.workspace = take_uuid(decoder), .subject = {}};
    if (decoder.u8() != 0) {
        const auto scope = static_cast<Scope>(decoder.u8());
        owner.subject = Owner::Subject{.scope = scope, .id = std::string(decoder.rest())};
    }
    if (!decoder.ok()) throw StoreFailure("the record of a dropped owner is damaged");
    return owner;
}

IndexKey leftover_key(NamespaceId id) {
    IndexKey key(Table::namespaces);
    key.u8('E').be64(id);
    return key;
}

std::string encode_leftover(const Leftover& leftover) {
    std::string out;
    Encoder encoder(out);
    encoder.u8(static_cast<std::uint8_t>(leftover.scope));
    encoder.u64(leftover.id);
    encoder.u8(leftover.keeps_internal ? 1 : 0);
    return out;
}

Leftover decode_leftover(std::string_view bytes) {
    Decoder decoder(bytes);
    Leftover leftover;
    leftover.scope = static_cast<Scope>(decoder.u8());
    leftover.id = decoder.u64();
    leftover.keeps_internal = decoder.u8() != 0;
    if (!decoder.ok()) throw StoreFailure("the record of an emptied namespace is damaged");
    return leftover;
}

std::optional<NamespaceId> NamespaceCache::find(const NamespaceName& name) const {
    const std::lock_guard lock(mutex_);
    const auto it = ids_.find(name);
    if (it == ids_.end()) return std::nullopt;
    return it->second;
}

void NamespaceCache::insert(const NamespaceName& name, NamespaceId id, std::uint64_t generation) {
    const std::lock_guard lock(mutex_);
    if (!open_ || generation != generation_.load(std::memory_order_relaxed)) return;
    if (ids_.size() >= names_cached_max) ids_.clear();
    ids_.emplace(name, id);
}

void NamespaceCache::close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    generation_.fetch_add(1, std::memory_order_release);
    ids_.clear();
}

void NamespaceCache::open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    generation_.fetch_add(1, std::memory_order_release);  // for those who looked while it was closed
}

}  // namespace alcove::kv

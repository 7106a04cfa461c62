// Names of namespaces, their numbers and their state.
#include "kv/lmdb/namespaces.hpp"

#include <openssl/sha.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "kv/error.hpp"

namespace alcove::kv {

namespace {

constexpr std::size_t subject_in_key_max = 448;
constexpr std::size_t names_cached_max = std::size_t{64} << 10;
constexpr std::uint8_t state_format = 1;

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
    encoder.varint(state.created_version);
    encoder.varint(state.usage.version);
    encoder.varint(state.usage.keys);
    encoder.varint(state.usage.bytes);
    encoder.varint(state.usage.files);
    encoder.varint(state.usage.file_bytes);
    encoder.i64(state.usage.last_written_ms);
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
    state.created_version = decoder.varint();
    state.usage.version = decoder.varint();
    state.usage.keys = decoder.varint();
    state.usage.bytes = decoder.varint();
    state.usage.files = decoder.varint();
    state.usage.file_bytes = decoder.varint();
    state.usage.last_written_ms = decoder.i64();
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

std::size_t NamespaceNameHash::operator()(const NamespaceName& name) const {
    const auto seed = XXH3_64bits_withSeed(name.workspace.data, sizeof name.workspace.data,
                                           static_cast<std::uint64_t>(name.scope));
    return name.subject.empty() ? seed : XXH3_64bits_withSeed(name.subject.data(), name.subject.size(), seed);
}

std::optional<NamespaceId> NamespaceCache::find(const NamespaceName& name) const {
    const std::lock_guard lock(mutex_);
    const auto it = ids_.find(name);
    if (it == ids_.end()) return std::nullopt;
    return it->second;
}

std::uint64_t NamespaceCache::generation() const {
    const std::lock_guard lock(mutex_);
    return generation_;
}

void NamespaceCache::insert(const NamespaceName& name, NamespaceId id, std::uint64_t generation) {
    const std::lock_guard lock(mutex_);
    if (generation != generation_) return;
    if (ids_.size() >= names_cached_max) ids_.clear();
    ids_.emplace(name, id);
}

void NamespaceCache::forget_all() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    ids_.clear();
}

}  // namespace alcove::kv

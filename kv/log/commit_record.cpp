// What the log keeps of one commit.
#include "kv/log/commit_record.hpp"

#include "kv/error.hpp"

namespace alcove::kv::log {

namespace {

constexpr std::uint8_t kind_changes = 1;
constexpr std::uint8_t kind_drop = 2;
constexpr std::uint8_t kind_empty = 3;
// What most namespaces do not have takes no room in their commits.
constexpr std::uint8_t flag_quota = 1;
constexpr std::uint8_t flag_emptied = 2;  // now or before
constexpr std::uint8_t flag_previous_expires = 0x80;
constexpr std::uint8_t flag_freed_blob = 0x40;
constexpr std::uint8_t effect_flags = flag_previous_expires | flag_freed_blob;

std::string_view view(const Uuid& uuid) {
    return {reinterpret_cast<const char*>(uuid.data), sizeof uuid.data};
}

Uuid take_uuid(Decoder& decoder) {
    Uuid uuid{};
    const std::string_view bytes = decoder.raw(sizeof uuid.data);
    bytes.copy(reinterpret_cast<char*>(uuid.data), bytes.size());
    return uuid;
}

std::string_view view(const BlobId& id) {
    return {reinterpret_cast<const char*>(id.data()), id.size()};
}

BlobId take_blob_id(Decoder& decoder) {
    BlobId id{};
    const std::string_view bytes = decoder.raw(id.size());
    bytes.copy(reinterpret_cast<char*>(id.data()), bytes.size());
    return id;
}

// Modulo 2^64, so that damaged bytes are no overflow.
std::uint64_t difference(TimeMs from, std::uint64_t subtracted) {
    return static_cast<std::uint64_t>(from) - subtracted;
}

void encode(const Effect& effect, Encoder& encoder) {
    const int flags =
        (effect.previous_expires_ms ? flag_previous_expires : 0) | (effect.freed_blob ? flag_freed_blob : 0);
    encoder.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(effect.kind) | flags));
    encoder.u8(static_cast<std::uint8_t>(effect.collection));
    encoder.varint(effect.previous_version);
    if (effect.previous_expires_ms) encoder.i64(*effect.previous_expires_ms);
    if (effect.freed_blob) encoder.raw(view(*effect.freed_blob));
    encoder.bytes(effect.key);
    if (effect.kind == Change::Kind::put) encoder.bytes(effect.record);
}

Effect take_effect(Decoder& decoder) {
    Effect effect;
    const std::uint8_t kind = decoder.u8();
    effect.kind = static_cast<Change::Kind>(kind & ~effect_flags);
    effect.collection = static_cast<Collection>(decoder.u8());
    effect.previous_version = decoder.varint();
    if (kind & flag_previous_expires) effect.previous_expires_ms = decoder.i64();
    if (kind & flag_freed_blob) effect.freed_blob = take_blob_id(decoder);
    effect.key = decoder.bytes();
    if (effect.kind == Change::Kind::put) effect.record = decoder.bytes();
    return effect;
}

}  // namespace

void encode(const Quota& quota, Encoder& encoder) {
    const std::initializer_list<const std::optional<std::uint64_t>*> members = {&quota.bytes, &quota.keys,
                                                                                &quota.writes_per_second};
    std::uint8_t present = 0;
    std::uint8_t bit = 1;
    for (const auto* member : members) {
        if (*member) present = static_cast<std::uint8_t>(present | bit);
        bit = static_cast<std::uint8_t>(bit << 1);
    }
    encoder.u8(present);
    for (const auto* member : members) {
        if (*member) encoder.varint(**member);
    }
}

Quota take_quota(Decoder& decoder) {
    Quota quota;
    const std::uint8_t present = decoder.u8();
    if (present & 1) quota.bytes = decoder.varint();
    if (present & 2) quota.keys = decoder.varint();
    if (present & 4) quota.writes_per_second = decoder.varint();
    return quota;
}

void encode(const CommitRecord& commit, std::string& out) {
    Encoder encoder(out);
    if (commit.dropped) {
        encoder.u8(kind_drop);
        encoder.raw(view(commit.dropped->workspace));
        encoder.u8(commit.dropped->subject ? 1 : 0);
        if (!commit.dropped->subject) return;
        encoder.u8(static_cast<std::uint8_t>(commit.dropped->subject->scope));
        encoder.bytes(commit.dropped->subject->id);
        return;
    }
    const bool has_quota = commit.quota != Quota{};
    const bool was_emptied = commit.emptied_version != 0;
    encoder.u8(commit.emptied_id ? kind_empty : kind_changes);
    encoder.u8(static_cast<std::uint8_t>((has_quota ? flag_quota : 0) | (was_emptied ? flag_emptied : 0)));
    encoder.varint(commit.id);
    encoder.u8(static_cast<std::uint8_t>(commit.name.scope));
    encoder.raw(view(commit.name.workspace));
    encoder.bytes(commit.name.subject);
    encoder.varint(commit.created_version);
    encoder.i64(commit.time_ms);
    encoder.varint(commit.usage.keys);
    encoder.varint(commit.usage.bytes);
    encoder.varint(commit.usage.files);
    encoder.varint(commit.usage.file_bytes);
    // As a difference, which is 0 for all but expired keys.
    encoder.varint(difference(commit.time_ms, static_cast<std::uint64_t>(commit.usage.last_written_ms)));
    if (has_quota) encode(commit.quota, encoder);
    if (was_emptied) {
        encoder.varint(commit.internal_id);
        encoder.varint(commit.emptied_version);
    }
    if (commit.emptied_id) encoder.varint(*commit.emptied_id);
    encoder.varint(commit.effects.size());
    for (const Effect& effect : commit.effects)
        encode(effect, encoder);
}

CommitRecord decode_commit(std::string_view bytes) {
    Decoder decoder(bytes);
    CommitRecord commit;
    const std::uint8_t kind = decoder.u8();
    if (kind == kind_drop) {
        Owner owner{.workspace = take_uuid(decoder), .subject = {}};
        if (decoder.u8() != 0) {
            const auto scope = static_cast<Scope>(decoder.u8());
            owner.subject = Owner::Subject{.scope = scope, .id = std::string(decoder.bytes())};
        }
        commit.dropped = std::move(owner);
    } else {
        const std::uint8_t flags = decoder.u8();
        commit.id = commit.internal_id = decoder.varint();
        commit.name.scope = static_cast<Scope>(decoder.u8());
        commit.name.workspace = take_uuid(decoder);
        commit.name.subject = decoder.bytes();
        commit.created_version = decoder.varint();
        commit.time_ms = decoder.i64();
        commit.usage.keys = decoder.varint();
        commit.usage.bytes = decoder.varint();
        commit.usage.files = decoder.varint();
        commit.usage.file_bytes = decoder.varint();
        commit.usage.last_written_ms = static_cast<TimeMs>(difference(commit.time_ms, decoder.varint()));
        if (flags & flag_quota) commit.quota = take_quota(decoder);
        if (flags & flag_emptied) {
            commit.internal_id = decoder.varint();
            commit.emptied_version = decoder.varint();
        }
        if (kind == kind_empty) commit.emptied_id = decoder.varint();
        const std::uint64_t effects = decoder.varint();
        for (std::uint64_t i = 0; i < effects && decoder.ok(); ++i)
            commit.effects.push_back(take_effect(decoder));
    }
    if (!decoder.ok() || !decoder.at_end() || kind < kind_changes || kind > kind_empty) {
        throw StoreFailure("a commit in the log is damaged");
    }
    return commit;
}

}  // namespace alcove::kv::log

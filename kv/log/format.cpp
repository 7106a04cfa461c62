// The bytes of a log segment.
#include "kv/log/format.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "kv/encoding.hpp"

namespace alcove::kv::log {

namespace {

constexpr std::uint64_t segment_magic = 0x3147455356434c41;  // "ALCVSEG1"
constexpr std::uint32_t group_magic = 0x50524741;            // "AGRP"
constexpr std::size_t group_checksum_at = group_header_bytes - 8;

std::uint64_t checksum(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

// Over the header without the checksum, and the payload.
std::uint64_t group_checksum(std::string_view group, std::size_t payload_bytes, const StoreId& store) {
    const std::uint64_t store_seed = checksum({store.data(), store.size()});
    const std::uint64_t seed = XXH3_64bits_withSeed(group.data(), group_checksum_at, store_seed);
    return XXH3_64bits_withSeed(group.data() + group_header_bytes, payload_bytes, seed);
}

}  // namespace

std::string encode(const SegmentHeader& header) {
    std::string out;
    Encoder encoder(out);
    encoder.u64(segment_magic);
    encoder.u32(format_version);
    encoder.u32(0);
    encoder.u64(header.segment);
    encoder.u64(0);
    encoder.raw({header.store.data(), header.store.size()});
    encoder.u64(0);
    encoder.u64(checksum(out));
    return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
    if (bytes.size() < segment_header_bytes) return std::nullopt;
    bytes = bytes.substr(0, segment_header_bytes);
    Decoder decoder(bytes);
    if (decoder.u64() != segment_magic || decoder.u32() != format_version) return std::nullopt;
    decoder.u32();
    SegmentHeader header;
    header.segment = decoder.u64();
    decoder.u64();
    const std::string_view store = decoder.raw(header.store.size());
    store.copy(header.store.data(), header.store.size());
    decoder.u64();
    if (decoder.u64() != checksum(bytes.substr(0, segment_header_bytes - 8))) return std::nullopt;
    return header;
}

void seal_group(const GroupHeader& header, const StoreId& store, std::string& group) {
    std::string head;
    Encoder encoder(head);
    encoder.u32(group_magic);
    encoder.u32(header.payload_bytes);
    encoder.u64(header.segment);
    encoder.u64(header.first_version);
    encoder.i64(header.time_ms);
    encoder.u32(header.commits);
    encoder.u32(0);
    group.replace(0, head.size(), head);
    const std::uint64_t sum = group_checksum(group, header.payload_bytes, store);
    std::memcpy(group.data() + group_checksum_at, &sum, sizeof sum);
    group.resize(group_bytes(header.payload_bytes), '\0');
}

std::optional<GroupHeader> decode_group_header(std::string_view bytes) {
    if (bytes.size() < group_header_bytes) return std::nullopt;
    Decoder decoder(bytes);
    if (decoder.u32() != group_magic) return std::nullopt;
    GroupHeader header;
    header.payload_bytes = decoder.u32();
    header.segment = decoder.u64();
    header.first_version = decoder.u64();
    header.time_ms = decoder.i64();
    header.commits = decoder.u32();
    return header;
}

std::optional<GroupHeader> decode_group(std::string_view bytes, const StoreId& store) {
    const auto header = decode_group_header(bytes);
    if (!header || group_bytes(header->payload_bytes) > bytes.size()) return std::nullopt;
    std::uint64_t sum = 0;
    std::memcpy(&sum, bytes.data() + group_checksum_at, sizeof sum);
    if (group_checksum(bytes, header->payload_bytes, store) != sum) return std::nullopt;
    return header;
}

void append_commit(std::string_view record, std::string& payload) {
    Encoder encoder(payload);
    encoder.u32(static_cast<std::uint32_t>(record.size()));
    encoder.u32(static_cast<std::uint32_t>(checksum(record)));
    encoder.raw(record);
}

std::optional<std::string_view> take_commit(std::string_view& payload) {
    Decoder decoder(payload);
    const std::uint32_t size = decoder.u32();
    const std::uint32_t sum = decoder.u32();
    const std::string_view record = decoder.raw(size);
    if (!decoder.ok() || static_cast<std::uint32_t>(checksum(record)) != sum) return std::nullopt;
    payload = decoder.rest();
    return record;
}

}  // namespace alcove::kv::log

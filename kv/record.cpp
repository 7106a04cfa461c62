// The stored form of an entry.
#include "kv/record.hpp"

#include "kv/encoding.hpp"
#include "kv/error.hpp"

namespace alcove::kv {

namespace {

constexpr std::uint8_t record_format = 1;
constexpr std::uint8_t flag_expires = 1;
constexpr std::uint8_t flag_file = 2;
// Format and flags, five numbers, and the lengths of content type and file.
constexpr std::size_t fixed_bytes_max = 2 + 5 * 8 + 2 * 10;

}  // namespace

void encode_record(const Entry& entry, std::string& out) {
    out.reserve(out.size() + fixed_bytes_max + entry.content_type.size() + entry.file.size() + entry.value.size());
    Encoder encoder(out);
    encoder.u8(record_format);
    encoder.u8(
        static_cast<std::uint8_t>((entry.expires_ms ? flag_expires : 0) | (entry.file.empty() ? 0 : flag_file)));
    encoder.u64(entry.version);
    encoder.u64(entry.created_version);
    encoder.i64(entry.created_ms);
    encoder.i64(entry.updated_ms);
    if (entry.expires_ms) encoder.i64(*entry.expires_ms);
    encoder.bytes(entry.content_type);
    if (!entry.file.empty()) encoder.bytes(entry.file);
    encoder.raw(entry.value);
}

EntryView decode_record(std::string_view bytes) {
    Decoder decoder(bytes);
    const std::uint8_t format = decoder.u8();
    const std::uint8_t flags = decoder.u8();
    EntryView record;
    record.version = decoder.u64();
    record.created_version = decoder.u64();
    record.created_ms = decoder.i64();
    record.updated_ms = decoder.i64();
    if (flags & flag_expires) record.expires_ms = decoder.i64();
    record.content_type = decoder.bytes();
    if (flags & flag_file) record.file = decoder.bytes();
    record.value = decoder.rest();
    if (!decoder.ok() || format != record_format) throw StoreFailure("a record in the index is damaged");
    return record;
}

}  // namespace alcove::kv

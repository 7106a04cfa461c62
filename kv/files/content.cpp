// What the record of a file says of its content.
#include "kv/files/content.hpp"

#include "kv/encoding.hpp"
#include "kv/error.hpp"

namespace alcove::kv {

namespace {

constexpr std::uint8_t in_record = 1;
constexpr std::uint8_t in_blob = 2;

template <std::size_t size>
std::string_view view(const std::array<std::uint8_t, size>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), size};
}

template <std::size_t size>
std::array<std::uint8_t, size> take(Decoder& decoder) {
    std::array<std::uint8_t, size> bytes{};
    const std::string_view from = decoder.raw(size);
    from.copy(reinterpret_cast<char*>(bytes.data()), from.size());
    return bytes;
}

}  // namespace

std::string encode_file_content(const FileContent& content) {
    std::string out;
    Encoder encoder(out);
    encoder.u8(content.blob ? in_blob : in_record);
    encoder.raw(view(content.sha256));
    encoder.varint(content.size);
    if (content.blob) encoder.raw(view(*content.blob));
    return out;
}

FileContent decode_file_content(std::string_view bytes) {
    Decoder decoder(bytes);
    FileContent content;
    const std::uint8_t place = decoder.u8();
    content.sha256 = take<sizeof(Sha256)>(decoder);
    content.size = decoder.varint();
    if (place == in_blob) content.blob = take<sizeof(BlobId)>(decoder);
    const bool known = place == in_record || place == in_blob;
    if (!known || !decoder.ok() || !decoder.at_end()) throw StoreFailure("the record of a file is damaged");
    return content;
}

std::uint64_t content_bytes(const EntryView& entry) {
    return entry.file.empty() ? entry.value.size() : decode_file_content(entry.file).size;
}

std::optional<BlobId> blob_of(const EntryView& entry) {
    if (entry.file.empty()) return std::nullopt;
    return decode_file_content(entry.file).blob;
}

}  // namespace alcove::kv

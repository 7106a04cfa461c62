// What the record of a file says of its content, which is the record's value only while it is small.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"

namespace alcove::kv {

// Names one content in the folder of blobs. Random, so that none comes twice and nothing is learnt from it.
using BlobId = std::array<std::uint8_t, 16>;

// The member `file` of an entry, decoded.
struct FileContent {
    Sha256 sha256{};  // of the content
    std::uint64_t size = 0;
    std::optional<BlobId> blob;  // where it is; nullopt: it is the entry's value
};

std::string encode_file_content(const FileContent& content);
// Throws StoreFailure when the bytes are none.
FileContent decode_file_content(std::string_view bytes);

// How much a key or a file holds, wherever that is.
std::uint64_t content_bytes(const EntryView& entry);
// Where the content of a file is; nullopt when it is in its record, and for keys.
std::optional<BlobId> blob_of(const EntryView& entry);

}  // namespace alcove::kv

// The bytes of a log segment: a header, then groups, then zeros.
//
// segment := header(64) group* zero*
// group   := header(48) commit* , padded with zeros to a multiple of 8
// commit  := size(4) checksum(4) record(size)
//
// A group is written and synced as one: it is there whole, or its checksum does not fit. The checksum is seeded
// with the store's random id, so that no client's value can pass for a group when a crash tears the real one. The
// checksum of a commit serves readers of the history, who fetch a single one. Numbers are little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"

namespace alcove::kv::log {

inline constexpr std::size_t segment_header_bytes = 64;
inline constexpr std::size_t group_header_bytes = 48;
inline constexpr std::size_t commit_header_bytes = 8;
inline constexpr std::uint32_t format_version = 2;

// Which store a log belongs to; drawn at random when the store is made.
using StoreId = std::array<char, 16>;

struct SegmentHeader {
    std::uint64_t segment = 0;
    StoreId store{};
};

std::string encode(const SegmentHeader& header);

// nullopt when the bytes (segment_header_bytes of them) are no header of this format.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

struct GroupHeader {
    std::uint64_t segment = 0;
    Version first_version = 0;  // its commits have this version and the following ones
    std::uint32_t commits = 0;
    std::uint32_t payload_bytes = 0;  // behind the header, without padding
    TimeMs time_ms = 0;               // the store's clock
};

// Where the next group begins, for a group whose payload has that size.
constexpr std::size_t group_bytes(std::size_t payload_bytes) {
    return (group_header_bytes + payload_bytes + 7) & ~std::size_t{7};
}

// Fills in the first group_header_bytes of `group` and pads it. The payload is behind them already.
void seal_group(const GroupHeader& header, const StoreId& store, std::string& group);

// The header at the front of `bytes`, when it looks like one; nothing is verified.
std::optional<GroupHeader> decode_group_header(std::string_view bytes);

// The group that begins at `bytes`, when it is whole and its checksum fits.
std::optional<GroupHeader> decode_group(std::string_view bytes, const StoreId& store);

// Visits the valid groups of a segment from `offset` on, each with its header, its payload and where it begins;
// gives where they end. `bytes` are the segment's, from its first.
template <class Visit>
std::uint64_t walk_groups(const SegmentHeader& segment, std::string_view bytes, std::uint64_t offset,
                          Visit&& visit) {
    while (offset < bytes.size()) {
        const auto header = decode_group(bytes.substr(offset), segment.store);
        if (!header || header->segment != segment.segment) break;
        visit(*header, bytes.substr(offset + group_header_bytes, header->payload_bytes), offset);
        offset += group_bytes(header->payload_bytes);
    }
    return offset;
}

// Frames one commit's record into a group's payload.
void append_commit(std::string_view record, std::string& payload);

// Takes the record of the commit at the front of `payload` and removes it from there; nullopt when damaged.
std::optional<std::string_view> take_commit(std::string_view& payload);

}  // namespace alcove::kv::log

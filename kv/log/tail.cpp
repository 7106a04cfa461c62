// The end of a log that another process may be appending to.
#include "kv/log/tail.hpp"

#include "kv/error.hpp"

namespace alcove::kv::log {

Tail read_tail(const std::filesystem::path& folder, const StoreId& store, Position from, Version applied,
               const std::function<void(const CommitRecord&)>& visit) {
    Tail tail{.parts = {}, .last_version = applied};
    for (std::uint64_t id = from.segment;; ++id) {
        const bool first = id == from.segment;
        const auto path = Segment::path_of(folder, id);
        if (!first && !std::filesystem::exists(path)) break;
        const auto segment = Segment::open(path);
        const std::string bytes = segment->read(0, segment->size());
        std::uint64_t end = first ? from.offset : 0;
        // A segment that was read before its last group came does not lead to the next one.
        const auto take = [&](const GroupHeader& header, std::string_view payload, std::uint64_t offset) {
            if (header.first_version != tail.last_version + 1) return;
            while (const auto record = take_commit(payload))
                visit(decode_commit(*record));
            tail.last_version += header.commits;
            end = offset + group_bytes(header.payload_bytes);
        };
        const SegmentHeader expected{.segment = id, .store = store};
        walk_groups(expected, bytes, first ? from.offset : segment_header_bytes, take);
        if (end == 0) break;
        tail.parts.push_back({.path = path, .bytes = end});
    }
    return tail;
}

}  // namespace alcove::kv::log

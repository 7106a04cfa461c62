// One file of the log: preallocated and zero-written, so that a sync after an overwrite need not touch the
// file system's journal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "kv/log/format.hpp"

namespace alcove::kv::log {

// Operation: read() from any thread; write(), sync() and zero() from the one that appends.
//
// Concurrency: the descriptor lives as long as the object, so a reader that holds a segment can finish after the
// file was unlinked.
//
// Limitations: a failed write or sync throws StoreFailure and must not be tried again: after a failed fdatasync
// nobody knows what is on the disk.
class Segment {
public:
    ~Segment();
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;

    // Makes the file with its header and `size` bytes in all, under a temporary name first, and syncs the file and
    // the folder. Null when there is no room on the disk; what was written is removed again.
    static std::shared_ptr<Segment> create(const std::filesystem::path& folder, const SegmentHeader& header,
                                           std::uint64_t size);

    // Throws StoreFailure when the file cannot be read or its header is damaged.
    static std::shared_ptr<Segment> open(const std::filesystem::path& path);

    const SegmentHeader& header() const { return header_; }
    std::uint64_t size() const { return size_; }
    const std::filesystem::path& path() const { return path_; }

    // All bytes must be there; throws StoreFailure else.
    std::string read(std::uint64_t offset, std::size_t size) const;

    void write(std::uint64_t offset, std::string_view bytes);
    void sync();
    void zero_from(std::uint64_t offset);  // and syncs
    void unlink();

    static std::filesystem::path path_of(const std::filesystem::path& folder, std::uint64_t segment);

private:
    Segment(int fd, std::filesystem::path path, std::uint64_t size, SegmentHeader header);

    const int fd_;
    const std::filesystem::path path_;
    const std::uint64_t size_;
    const SegmentHeader header_;
};

}  // namespace alcove::kv::log

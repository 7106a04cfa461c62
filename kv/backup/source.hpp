// Bytes that come in pieces from a file, a pipe or an archive, and where they go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "kv/file.hpp"

namespace alcove::kv::backup {

// Puts what comes next into the buffer and gives how much that is; 0 only at the end. Throws StoreFailure.
using Source = std::function<std::size_t(char* into, std::size_t bytes_max)>;

// From where the descriptor stands. It must outlive the source.
Source source_of(const Descriptor& descriptor, const std::filesystem::path& name);
Source source_of(std::string_view text);  // likewise

// At most so many bytes of it.
Source first_of(std::uint64_t bytes, Source source);

// All of it, at most so many bytes. Throws StoreFailure when there are more.
std::string read_all(const Source& source, std::size_t bytes_max);

// Opens a regular file for reading, and no link to one; gives its descriptor.
int open_file(const std::filesystem::path& path);

// Makes a file, which must not be there, with mode 0600. Not synced.
void write_file(const std::filesystem::path& path, const Source& source);

// To a descriptor; gives how many bytes it was. `name` is for messages.
std::uint64_t copy(const Source& source, const Descriptor& to, const std::filesystem::path& name);

// Makes a folder, which may be there, with mode 0700.
void make_folder(const std::filesystem::path& path);

// Throws StoreFailure when the folder's disk has not that much room, and some for others.
void refuse_without_room(const std::filesystem::path& folder, std::uint64_t bytes);

// Makes all durable that was written to the folder's file system: one call, where a call for each of a million
// files would take hours.
void sync_file_system(const std::filesystem::path& folder);

// A file without a name, which goes with it.
class ScratchFile {
public:
    explicit ScratchFile(const std::filesystem::path& folder);

    const Descriptor& descriptor() const { return descriptor_; }
    void append(std::string_view bytes);
    std::uint64_t bytes() const { return bytes_; }  // appended

    // From its beginning; nothing is appended any more.
    Source read() const;

private:
    const std::filesystem::path folder_;
    const Descriptor descriptor_;
    std::uint64_t bytes_ = 0;
};

// The lines of a source, without their ends.
class Lines {
public:
    explicit Lines(Source source) : source_(std::move(source)) {}

    // nullopt at the end. Throws StoreFailure when it is longer than a line of SHA256SUMS can be.
    std::optional<std::string> next();

private:
    Source source_;
    std::string buffer_;
    std::size_t begin_ = 0;
};

}  // namespace alcove::kv::backup

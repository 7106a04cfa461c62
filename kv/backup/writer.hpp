// Where a backup goes: a new folder, or a tar archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "kv/backup/source.hpp"

namespace alcove::kv::backup {

// The calls in the order of their declaration. What is not finished is removed with the writer.
class Writer {
public:
    virtual ~Writer() = default;

    // A folder with room for parts of the backup that are not yet part of it.
    virtual const std::filesystem::path& scratch_folder() const = 0;

    // Throws StoreFailure when there is no room for about so much.
    struct Expected {
        std::uint64_t index_bytes = 0;
        std::uint64_t other_bytes = 0;
    };
    virtual void expect(const Expected& expected) = 0;

    // An empty file for the index, whose size is known only when it is whole.
    virtual const Descriptor& index_file() = 0;

    // What it holds, when that is to be added like the other files; nullopt when it is in its place.
    virtual std::optional<Source> index_to_add() = 0;

    virtual void add(const std::string& path, std::uint64_t bytes, const Source& source) = 0;

    // All of it is durable, or was taken by who reads the archive.
    virtual void finish() = 0;
};

// The folder appears under its name when it is whole. Until then it is `<folder>.draft`, of which what a backup
// that was killed left behind is removed. Throws StoreFailure when the folder holds something, or another backup
// writes it.
std::unique_ptr<Writer> write_folder(const std::filesystem::path& folder);

// To a descriptor, which stays open. The index waits in an unnamed file in `scratch_folder`.
std::unique_ptr<Writer> write_tar(int descriptor, const std::filesystem::path& scratch_folder);

}  // namespace alcove::kv::backup

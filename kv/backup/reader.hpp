// Where a backup comes from: a folder, or a tar archive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "kv/backup/source.hpp"

namespace alcove::kv::backup {

// Neither names nor sizes are to be trusted. Throws StoreFailure for what cannot be read, is cut off or is no file.
class Reader {
public:
    virtual ~Reader() = default;

    struct Member {
        std::string path;
        std::uint64_t bytes = 0;
    };
    // The next one; nullopt at the end.
    virtual std::optional<Member> next() = 0;

    // Of that member; until the next one is asked for.
    virtual std::size_t read(char* into, std::size_t bytes_max) = 0;
};

// manifest.json, then what SHA256SUMS names, then SHA256SUMS. A name that is none of a backup's is not opened.
std::unique_ptr<Reader> read_folder(const std::filesystem::path& folder);

// From a descriptor, which stays open.
std::unique_ptr<Reader> read_tar(int descriptor);

}  // namespace alcove::kv::backup

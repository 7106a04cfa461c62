// A compact copy of an index, which another process may have open and write to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "kv/backup/source.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

struct IndexCopy {
    std::uint64_t bytes = 0;
    Sha256 sha256{};
};

// `index` is the folder of the index. The copy is what one transaction of its writer left; it goes through `tell`,
// with how many bytes it is so far, whose exceptions end it. Not synced.
IndexCopy copy_index(const std::filesystem::path& index, const Descriptor& to,
                     const std::function<void(std::uint64_t bytes)>& tell);

}  // namespace alcove::kv

// Files of the embedded engine: content beside the records, and the commits that tie the two together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "kv/files/file.hpp"
#include "kv/lmdb/core.hpp"
#include "kv/lmdb/reader.hpp"
#include "kv/store.hpp"

namespace alcove::kv {

// As the calls of Store. What they are given must outlive what they return.
Result<std::unique_ptr<File>> open_file(Core& core, const Reader& reader, const NamespaceName& name,
                                        std::string_view path);
Result<std::unique_ptr<Upload>> begin_upload(Core& core, const Reader& reader, Store& store,
                                             const NamespaceName& name, std::string_view path,
                                             std::optional<std::uint64_t> size);

}  // namespace alcove::kv

// A backup of a store, whether or not a server works on it meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "kv/backup/progress.hpp"
#include "kv/backup/writer.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

struct BackupOptions {
    std::filesystem::path directory;  // of the store
    std::string program_version;      // for the manifest
    backup::TellProgress tell{};
};

struct BackupReport {
    Version version = 0;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

// Copies the store as it is at one version: all that was acknowledged before the call, some of what came meanwhile,
// and of each commit all or nothing. It holds back the store's unlinking while it works, and no more: neither reads
// nor writes wait for it. It takes no master key along. Memory: 16 bytes for each content in the folder of blobs,
// and one segment of the log.
//
// No engine of this process may have the folder open: LMDB's locks do not tell the two apart.
//
// Throws StoreFailure: no store, one of another format, a content that is missing, no room.
BackupReport back_up(const BackupOptions& options, backup::Writer& to);

}  // namespace alcove::kv

// Writes the index of a store anew.
#include "kv/lmdb/compact.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "kv/lmdb/core.hpp"
#include "kv/lmdb/index_copy.hpp"

namespace alcove::kv {

namespace {

void write_copy(const std::filesystem::path& index, const std::filesystem::path& draft,
                const backup::TellProgress& tell) {
    const std::uint64_t bytes = Environment::read_only(index).used_bytes();
    backup::refuse_without_room(index, bytes);
    const Descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) fail_system("make", draft);
    copy_index(index, file, [&](std::uint64_t done) {
        if (tell) tell({.bytes = done, .bytes_total = bytes});
    });
    if (::fsync(file.get()) != 0) fail_system("sync", draft);
}

CompactReport compact_now(const std::filesystem::path& index, const backup::TellProgress& tell) {
    const auto data = index / "data.mdb";
    const auto draft = index / index_draft;
    CompactReport report{.bytes_before = std::filesystem::file_size(data)};
    try {
        write_copy(index, draft, tell);
    } catch (...) {
        ::unlink(draft.c_str());
        throw;
    }
    report.bytes_after = std::filesystem::file_size(draft);
    if (::rename(draft.c_str(), data.c_str()) != 0) fail_system("replace", data);
    sync_folder(index);
    return report;
}

}  // namespace

CompactReport compact(const std::filesystem::path& directory, const backup::TellProgress& tell) {
    if (!std::filesystem::exists(directory / "index" / "data.mdb"))
        throw StoreFailure("there is no store in " + directory.string());
    const FolderLock lock(directory);
    Unlinking unlinking(directory);
    CompactReport report;
    if (!unlinking.run([&] { report = compact_now(directory / "index", tell); }))
        throw StoreFailure("a backup of the data folder " + directory.string() + " is under way");
    return report;
}

}  // namespace alcove::kv

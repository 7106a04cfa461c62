// The few file system calls that durability needs.
#include "kv/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "kv/error.hpp"

namespace alcove::kv {

void fail_system(std::string_view what, const std::filesystem::path& path) {
    const int failed = errno;
    const std::string reason = std::error_code(failed, std::generic_category()).message();
    const std::string text = "cannot " + std::string(what) + " " + path.string() + ": " + reason;
    if (failed == EMFILE || failed == ENFILE) throw OutOfDescriptors(text);
    throw StoreFailure(text);
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

void sync_folder(const std::filesystem::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail_system("open", folder);
    const int outcome = ::fsync(fd);
    ::close(fd);
    if (outcome != 0) fail_system("sync", folder);
}

FolderLock::FolderLock(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "lock";
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) fail_system("open", path);
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
    const bool in_use = errno == EWOULDBLOCK;
    ::close(fd_);
    if (in_use) throw StoreFailure("the data folder " + folder.string() + " is in use by another server");
    fail_system("lock", path);
}

FolderLock::~FolderLock() {
    ::close(fd_);
}

std::uint64_t disk_free_bytes(const std::filesystem::path& folder) {
    struct statvfs stat{};
    if (::statvfs(folder.c_str(), &stat) != 0) fail_system("ask for the free space of", folder);
    return static_cast<std::uint64_t>(stat.f_bavail) * stat.f_frsize;
}

}  // namespace alcove::kv

// The few file system calls that durability needs, with errors as StoreFailure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace alcove::kv {

// "cannot <what> <path>: <the system's reason>", from errno. Throws StoreFailure.
[[noreturn]] void fail_system(std::string_view what, const std::filesystem::path& path);

// A descriptor that is closed with its last owner.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int get() const { return fd_; }

private:
    int fd_;
};

// Makes the entries of a folder durable.
void sync_folder(const std::filesystem::path& folder);

// Holds an exclusive lock on a file for as long as it lives; the system drops it when the process ends.
class FolderLock {
public:
    // Throws StoreFailure when another process holds it.
    explicit FolderLock(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int fd_ = -1;
};

// Bytes that this user can still write on the folder's file system.
std::uint64_t disk_free_bytes(const std::filesystem::path& folder);

}  // namespace alcove::kv

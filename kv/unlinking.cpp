// The unlinking of files of a data folder.
#include "kv/unlinking.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "kv/error.hpp"
#include "kv/file.hpp"

namespace alcove::kv {

namespace {

constexpr auto patience = std::chrono::seconds(30);
constexpr auto pause = std::chrono::milliseconds(1);

std::filesystem::path lock_of(const std::filesystem::path& folder) {
    return folder / "backup.lock";
}

int open_lock(const std::filesystem::path& folder) {
    const int fd = ::open(lock_of(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) fail_system("open", lock_of(folder));
    return fd;
}

}  // namespace

Unlinking::Unlinking(const std::filesystem::path& folder) : fd_(open_lock(folder)) {}

Unlinking::~Unlinking() {
    ::close(fd_);
}

// Where the lock cannot be asked for, nothing is unlinked: that costs room and no data.
Unlinking::Turn::Turn(Unlinking& of)
    : lock(of.mutex_), fd(of.fd_), taken(::flock(of.fd_, LOCK_EX | LOCK_NB) == 0) {}

Unlinking::Turn::~Turn() {
    if (taken) ::flock(fd, LOCK_UN);
}

UnlinkingHeld::UnlinkingHeld(const std::filesystem::path& folder) : fd_(open_lock(folder)) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (::flock(fd_, LOCK_SH | LOCK_NB) != 0) {
        const bool busy = errno == EWOULDBLOCK && std::chrono::steady_clock::now() < deadline;
        if (busy || errno == EINTR) {
            std::this_thread::sleep_for(pause);
            continue;
        }
        const bool in_use = errno == EWOULDBLOCK;
        ::close(fd_);
        if (in_use)
            throw StoreFailure("files of " + folder.string() + " are being removed or compacted; try again");
        fail_system("lock", lock_of(folder));
    }
}

UnlinkingHeld::~UnlinkingHeld() {
    ::close(fd_);
}

}  // namespace alcove::kv

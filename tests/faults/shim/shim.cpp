// Preloaded into a server: calls of the C library fail, the disk is full and the wall clock is another, as a test
// says.
//
// Only what the server and LMDB call is here. A call on a file that no rule names costs a look at the block.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "tests/faults/shim/block.hpp"

namespace {

using namespace alcove::test;

FaultBlock* block = nullptr;

template <class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

__attribute__((constructor)) void map_block() {
    const char* path = ::getenv(fault_block_variable);
    if (path == nullptr) return;
    static const auto open_file = next<int(const char*, int, ...)>("open");
    const int fd = open_file(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void* mapped = ::mmap(nullptr, sizeof(FaultBlock), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (mapped != MAP_FAILED) block = static_cast<FaultBlock*>(mapped);
}

bool wanted(std::uint32_t call) {
    return block != nullptr && std::any_of(std::begin(block->rules), std::end(block->rules), [&](const auto& rule) {
               return (rule.calls.load(std::memory_order_acquire) & call) != 0;
           });
}

struct Path {
    char text[4096] = {};

    explicit Path(int fd) {
        char link[64];
        std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        const ssize_t size = ::readlink(link, text, sizeof text - 1);
        if (size < 0) text[0] = '\0';
    }
    explicit Path(const char* path) { std::snprintf(text, sizeof text, "%s", path); }
};

// Whether this very call is one that fails; errno is set then.
bool fails_on(std::uint32_t call, const Path& path, off_t at) {
    for (FaultRule& rule : block->rules) {
        if ((rule.calls.load(std::memory_order_acquire) & call) == 0) continue;
        if (::strstr(path.text, rule.path) == nullptr || (at >= 0 && at < rule.from)) continue;
        if (rule.pass.fetch_sub(1) > 0) continue;
        if (rule.times.fetch_sub(1) <= 0) continue;
        ++rule.failed;
        errno = rule.error;
        return true;
    }
    return false;
}

// `of` is a path or a descriptor, `at` a place in it or negative.
template <class Of>
bool fails(std::uint32_t call, Of of, off_t at = -1) {
    return wanted(call) && fails_on(call, Path(of), at);
}

// ---- the disk

bool on_disk(const Path& path) {
    return ::strncmp(path.text, block->disk, ::strlen(block->disk)) == 0;
}

// By how much a write of `bytes` at `at` (negative: where the file's position is) may go on: all of it, the part
// for which there is room, or, with ENOSPC, nothing.
std::size_t room_for(int fd, std::size_t bytes, off_t at) {
    if (block == nullptr || block->disk[0] == '\0' || !on_disk(Path(fd))) return bytes;
    struct stat stat{};
    if (::fstat(fd, &stat) != 0) return bytes;
    const off_t begin = at < 0 ? ::lseek(fd, 0, SEEK_CUR) : at;
    const auto held =
        static_cast<std::size_t>(std::clamp<off_t>(stat.st_size - begin, 0, static_cast<off_t>(bytes)));
    const auto growth = static_cast<std::int64_t>(bytes - held);
    std::int64_t free = block->disk_free.load();
    std::int64_t taken = 0;
    do {
        taken = std::clamp<std::int64_t>(free, 0, growth);
    } while (!block->disk_free.compare_exchange_weak(free, free - taken));
    const std::size_t room = held + static_cast<std::size_t>(taken);
    if (room == 0 && bytes != 0) errno = ENOSPC;
    return room;
}

void give_back(const char* path) {
    struct stat stat{};
    if (block == nullptr || block->disk[0] == '\0' || !on_disk(Path(path))) return;
    if (::stat(path, &stat) == 0 && S_ISREG(stat.st_mode)) block->disk_free += stat.st_size;
}

template <class Call>
ssize_t write_bytes(int fd, std::size_t bytes, off_t at, Call call) {
    if (fails(call_write, fd, at)) return -1;
    const std::size_t room = room_for(fd, bytes, at);
    return room == 0 && bytes != 0 ? -1 : call(room);
}

// As much of the pieces as `bytes` reach; what is cut off is told as a short write, as the system does.
template <class Call>
ssize_t write_pieces(int fd, const iovec* pieces, int count, off_t at, Call call) {
    std::size_t bytes = 0;
    for (int i = 0; i < count; ++i)
        bytes += pieces[i].iov_len;
    return write_bytes(fd, bytes, at, [&](std::size_t room) {
        if (room == bytes) return call(pieces, count);
        const iovec first{.iov_base = pieces[0].iov_base, .iov_len = std::min(pieces[0].iov_len, room)};
        return call(&first, 1);
    });
}

template <class Stat>
int with_free_space(const char* path, Stat* stat, int outcome) {
    if (outcome != 0 || block == nullptr || block->disk[0] == '\0' || !on_disk(Path(path))) return outcome;
    const auto free = static_cast<std::uint64_t>(std::max<std::int64_t>(block->disk_free, 0)) / stat->f_frsize;
    stat->f_bfree = stat->f_bavail = free;
    return outcome;
}

}  // namespace

#define REAL(function, ...) static const auto real = next<__VA_ARGS__>(function)

extern "C" {

int open(const char* path, int flags, ...) {
    REAL("open", int(const char*, int, ...));
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fails(call_open, path) ? -1 : real(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open(path, flags, mode);
}

ssize_t pread(int fd, void* into, size_t bytes, off_t at) {
    REAL("pread", ssize_t(int, void*, size_t, off_t));
    return fails(call_read, fd) ? -1 : real(fd, into, bytes, at);
}
ssize_t pread64(int fd, void* into, size_t bytes, off_t at) {
    return pread(fd, into, bytes, at);
}
ssize_t sendfile(int to, int from, off_t* at, size_t bytes) noexcept {
    REAL("sendfile", ssize_t(int, int, off_t*, size_t));
    return fails(call_read, from) ? -1 : real(to, from, at, bytes);
}
ssize_t sendfile64(int to, int from, off_t* at, size_t bytes) noexcept {
    return sendfile(to, from, at, bytes);
}

ssize_t write(int fd, const void* from, size_t bytes) {
    REAL("write", ssize_t(int, const void*, size_t));
    return write_bytes(fd, bytes, -1, [&](size_t room) { return real(fd, from, room); });
}
ssize_t pwrite(int fd, const void* from, size_t bytes, off_t at) {
    REAL("pwrite", ssize_t(int, const void*, size_t, off_t));
    return write_bytes(fd, bytes, at, [&](size_t room) { return real(fd, from, room, at); });
}
ssize_t pwrite64(int fd, const void* from, size_t bytes, off_t at) {
    return pwrite(fd, from, bytes, at);
}
ssize_t writev(int fd, const iovec* pieces, int count) {
    REAL("writev", ssize_t(int, const iovec*, int));
    return write_pieces(fd, pieces, count, -1, [&](const iovec* some, int few) { return real(fd, some, few); });
}
ssize_t pwritev(int fd, const iovec* pieces, int count, off_t at) {
    REAL("pwritev", ssize_t(int, const iovec*, int, off_t));
    return write_pieces(fd, pieces, count, at, [&](const iovec* some, int few) { return real(fd, some, few, at); });
}
ssize_t pwritev64(int fd, const iovec* pieces, int count, off_t at) {
    return pwritev(fd, pieces, count, at);
}

int fsync(int fd) {
    REAL("fsync", int(int));
    return fails(call_sync, fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL("fdatasync", int(int));
    return fails(call_sync, fd) ? -1 : real(fd);
}

int unlink(const char* path) noexcept {
    REAL("unlink", int(const char*));
    give_back(path);
    return real(path);
}

int statvfs(const char* path, struct statvfs* stat) noexcept {
    REAL("statvfs", int(const char*, struct statvfs*));
    return with_free_space(path, stat, real(path, stat));
}
int statvfs64(const char* path, struct statvfs64* stat) noexcept {
    REAL("statvfs64", int(const char*, struct statvfs64*));
    return with_free_space(path, stat, real(path, stat));
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    // Not as the others: a sanitizer asks for the time before it can be asked for anything.
    const auto outcome = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
    if (outcome != 0 || block == nullptr || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return outcome;
    const std::int64_t ms = block->clock_ms.load() + time->tv_nsec / 1'000'000 + time->tv_sec * 1000;
    time->tv_nsec = ms % 1000 * 1'000'000 + time->tv_nsec % 1'000'000;
    time->tv_sec = ms / 1000;
    return outcome;
}

}  // extern "C"

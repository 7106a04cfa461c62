// One file of the log.
#include "kv/log/segment.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "kv/error.hpp"
#include "kv/file.hpp"

namespace alcove::kv::log {

namespace {

constexpr std::size_t zero_chunk_bytes = std::size_t{1} << 20;

// False when the disk is full; throws on any other failure.
bool write_all(int fd, std::string_view bytes, std::uint64_t offset, const std::filesystem::path& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0) {
            if (errno == EINTR) continue;
            if (errno == ENOSPC || errno == EDQUOT) return false;
            fail_system("write", path);
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
        offset += static_cast<std::uint64_t>(written);
    }
    return true;
}

bool write_zeros(int fd, std::uint64_t from, std::uint64_t to, const std::filesystem::path& path) {
    const std::string zeros(std::min<std::uint64_t>(zero_chunk_bytes, to - from), '\0');
    for (std::uint64_t at = from; at < to; at += zeros.size()) {
        const std::size_t size = std::min<std::uint64_t>(zeros.size(), to - at);
        if (!write_all(fd, std::string_view(zeros).substr(0, size), at, path)) return false;
    }
    return true;
}

}  // namespace

Segment::Segment(int fd, std::filesystem::path path, std::uint64_t size, SegmentHeader header)
    : fd_(fd), path_(std::move(path)), size_(size), header_(header) {}

Segment::~Segment() {
    ::close(fd_);
}

std::filesystem::path Segment::path_of(const std::filesystem::path& folder, std::uint64_t segment) {
    char name[32];
    std::snprintf(name, sizeof name, "%016llx.log", static_cast<unsigned long long>(segment));
    return folder / name;
}

std::shared_ptr<Segment> Segment::create(const std::filesystem::path& folder, const SegmentHeader& header,
                                         std::uint64_t size) {
    std::filesystem::path path = path_of(folder, header.segment);
    std::filesystem::path temporary = path;
    temporary += ".tmp";
    const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno == ENOSPC || errno == EDQUOT) return nullptr;
        fail_system("create", temporary);
    }
    std::shared_ptr<Segment> segment(new Segment(fd, path, size, header));
    bool written =
        write_all(fd, encode(header), 0, temporary) && write_zeros(fd, segment_header_bytes, size, temporary);
    if (written && ::fsync(fd) != 0) {
        if (errno != ENOSPC && errno != EDQUOT) fail_system("sync", temporary);
        written = false;
    }
    if (!written) {
        ::unlink(temporary.c_str());
        return nullptr;
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_system("rename", temporary);
    sync_folder(folder);
    return segment;
}

std::shared_ptr<Segment> Segment::open(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) fail_system("open", path);
    char bytes[segment_header_bytes];
    const ssize_t got = ::pread(fd, bytes, sizeof bytes, 0);
    struct stat stat{};
    ::fstat(fd, &stat);
    const auto header = decode_segment_header({bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0))});
    if (!header || path_of(path.parent_path(), header->segment) != path) {
        ::close(fd);
        throw StoreFailure("the log segment " + path.string() +
                           " has a damaged header, or one of another format version");
    }
    return std::shared_ptr<Segment>(new Segment(fd, path, static_cast<std::uint64_t>(stat.st_size), *header));
}

std::string Segment::read(std::uint64_t offset, std::size_t size) const {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        const ssize_t got = ::pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail_system("read", path_);
        if (got == 0) throw StoreFailure("the log segment " + path_.string() + " is shorter than it should be");
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

void Segment::write(std::uint64_t offset, std::string_view bytes) {
    if (!write_all(fd_, bytes, offset, path_)) fail_system("write", path_);
}

void Segment::sync() {
    if (::fdatasync(fd_) != 0) fail_system("sync", path_);
}

void Segment::zero_from(std::uint64_t offset) {
    if (!write_zeros(fd_, offset, size_, path_)) fail_system("write", path_);
    sync();
}

void Segment::unlink() {
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) fail_system("remove", path_);
}

}  // namespace alcove::kv::log

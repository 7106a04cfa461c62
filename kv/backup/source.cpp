// Bytes that come in pieces, and where they go.
#include "kv/backup/source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "kv/backup/limits.hpp"
#include "kv/error.hpp"

namespace alcove::kv::backup {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

// Others write to the disk meanwhile; a store stops taking writes when so much is left.
constexpr std::uint64_t disk_reserve_bytes = std::uint64_t{64} << 20;

// Dirty pages go to the disk as they come, so that neither a store on the same disk nor the sync at the end waits
// for all of them at once.
constexpr std::uint64_t flush_bytes = std::uint64_t{8} << 20;

void write_all(const Descriptor& to, std::string_view bytes, const std::filesystem::path& name) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(to.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail_system("write", name);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

int make_scratch(const std::filesystem::path& folder) {
    std::string path = (folder / "alcove-backup-XXXXXX").native();
    const int fd = ::mkostemp(path.data(), O_CLOEXEC);
    if (fd < 0) fail_system("make a file in", folder);
    ::unlink(path.c_str());
    return fd;
}

}  // namespace

Source source_of(const Descriptor& descriptor, const std::filesystem::path& name) {
    return [&descriptor, name](char* into, std::size_t bytes_max) {
        for (;;) {
            const ssize_t got = ::read(descriptor.get(), into, bytes_max);
            if (got >= 0) return static_cast<std::size_t>(got);
            if (errno != EINTR) fail_system("read", name);
        }
    };
}

Source source_of(std::string_view text) {
    return [text](char* into, std::size_t bytes_max) mutable {
        const std::size_t size = text.copy(into, bytes_max);
        text.remove_prefix(size);
        return size;
    };
}

Source first_of(std::uint64_t bytes, Source source) {
    return [bytes, source = std::move(source)](char* into, std::size_t bytes_max) mutable {
        const std::size_t got = source(into, static_cast<std::size_t>(std::min<std::uint64_t>(bytes_max, bytes)));
        bytes -= got;
        return got;
    };
}

std::string read_all(const Source& source, std::size_t bytes_max) {
    std::string text(bytes_max + 1, '\0');
    std::size_t size = 0;
    while (size <= bytes_max) {
        const std::size_t got = source(text.data() + size, text.size() - size);
        if (got == 0) {
            text.resize(size);
            return text;
        }
        size += got;
    }
    throw StoreFailure("a part of the backup is larger than it can be");
}

int open_file(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) fail_system("open", path);
    struct stat status{};
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return fd;
    ::close(fd);
    throw StoreFailure(path.string() + " is no file");
}

void write_file(const std::filesystem::path& path, const Source& source) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) fail_system("make", path);
    copy(source, file, path);
}

std::uint64_t copy(const Source& source, const Descriptor& to, const std::filesystem::path& name) {
    const auto buffer = std::make_unique_for_overwrite<char[]>(piece_bytes);
    std::uint64_t bytes = 0;
    std::uint64_t flushed = 0;
    while (const std::size_t got = source(buffer.get(), piece_bytes)) {
        write_all(to, {buffer.get(), got}, name);
        bytes += got;
        if (bytes - flushed < flush_bytes) continue;
        // Only a hint: what fails here fails again in the sync.
        ::sync_file_range(to.get(), static_cast<off_t>(flushed), static_cast<off_t>(bytes - flushed),
                          SYNC_FILE_RANGE_WRITE);
        flushed = bytes;
    }
    return bytes;
}

void make_folder(const std::filesystem::path& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail_system("make", path);
}

void refuse_without_room(const std::filesystem::path& folder, std::uint64_t bytes) {
    if (disk_free_bytes(folder) >= bytes + disk_reserve_bytes) return;
    throw StoreFailure("the disk of " + folder.string() + " has no room for another " +
                       std::to_string(bytes >> 20) + " MiB");
}

void sync_file_system(const std::filesystem::path& folder) {
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() < 0 || ::syncfs(opened.get()) != 0) fail_system("sync", folder);
}

ScratchFile::ScratchFile(const std::filesystem::path& folder)
    : folder_(folder), descriptor_(make_scratch(folder)) {}

void ScratchFile::append(std::string_view bytes) {
    write_all(descriptor_, bytes, folder_);
    bytes_ += bytes.size();
}

Source ScratchFile::read() const {
    if (::lseek(descriptor_.get(), 0, SEEK_SET) != 0) fail_system("read", folder_);
    return source_of(descriptor_, folder_);
}

std::optional<std::string> Lines::next() {
    for (;;) {
        if (const auto end = buffer_.find('\n', begin_); end != std::string::npos) {
            std::string line = buffer_.substr(begin_, end - begin_);
            begin_ = end + 1;
            return line;
        }
        buffer_.erase(0, std::exchange(begin_, 0));
        const std::size_t kept = buffer_.size();
        if (kept > limits::sums_line_bytes_max) throw StoreFailure("SHA256SUMS of the backup is damaged");
        buffer_.resize(kept + (std::size_t{64} << 10));
        const std::size_t got = source_(buffer_.data() + kept, buffer_.size() - kept);
        buffer_.resize(kept + got);
        if (got != 0) continue;
        if (kept == 0) return std::nullopt;
        return std::exchange(buffer_, {});
    }
}

}  // namespace alcove::kv::backup

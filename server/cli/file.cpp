#include "server/cli/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "server/cli/cli.hpp"

namespace alcove::cli {

namespace {

constexpr mode_t own_mode = 0600;
constexpr std::size_t small_bytes_max = 64 << 10;

[[noreturn]] void fail(const std::string& name, const std::string& what) {
    throw Failure(exit_failure, name + " cannot be " + what + ": " + std::generic_category().message(errno));
}

}  // namespace

InputFile::InputFile(const std::string& name)
    : name_(name == "-" ? "stdin" : name),
      handle_(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (handle_ < 0) fail(name_, "read");
}

InputFile::~InputFile() {
    if (handle_ > STDERR_FILENO) ::close(handle_);
}

std::optional<std::uint64_t> InputFile::size() const {
    struct stat status{};
    if (handle_ == STDIN_FILENO || ::fstat(handle_, &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(status.st_size);
}

std::size_t InputFile::read(char* buffer, std::size_t size) {
    for (;;) {
        const ssize_t got = ::read(handle_, buffer, size);
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno != EINTR) fail(name_, "read");
    }
}

OutputFile::OutputFile(const std::string& name, Mode mode) : name_(name == "-" ? "stdout" : name) {
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (mode == Mode::replace ? O_TRUNC : 0);
    handle_ = name == "-" ? STDOUT_FILENO : ::open(name.c_str(), flags, own_mode);
    if (handle_ < 0) fail(name_, "written");
}

OutputFile::~OutputFile() {
    if (handle_ > STDERR_FILENO) ::close(handle_);
}

void OutputFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t taken = ::write(handle_, bytes.data(), bytes.size());
        if (taken < 0 && errno == EINTR) continue;
        if (taken < 0) fail(name_, "written");
        bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
}

void OutputFile::cut(std::uint64_t size) {
    struct stat status{};
    if (::fstat(handle_, &status) != 0) fail(name_, "written");
    if (static_cast<std::uint64_t>(status.st_size) < size)
        throw Failure(exit_failure, name_ + " is shorter than what was exported");
    const auto end = static_cast<off_t>(size);
    if (::ftruncate(handle_, end) != 0 || ::lseek(handle_, end, SEEK_SET) != end) fail(name_, "written");
}

void OutputFile::sync() {
    // A pipe or a terminal cannot.
    if (::fdatasync(handle_) != 0 && errno != EINVAL && errno != EROFS) fail(name_, "written");
}

void OutputFile::finish() {
    if (handle_ <= STDERR_FILENO) return;
    const int handle = handle_;
    handle_ = -1;
    if (::close(handle) != 0) fail(name_, "written");
}

void replace_file(const std::string& name, std::string_view text) {
    const std::string draft = name + ".new";
    OutputFile file(draft, OutputFile::Mode::replace);
    file.write(text);
    file.sync();
    file.finish();
    if (::rename(draft.c_str(), name.c_str()) != 0) fail(name, "written");
}

std::string read_whole_file(const std::string& name, std::size_t bytes_max, int exit_status) {
    InputFile file(name);
    std::string text;
    char buffer[4096];
    while (const std::size_t got = file.read(buffer, sizeof buffer)) {
        text.append(buffer, got);
        if (text.size() > bytes_max) throw Failure(exit_status, name + " is too large");
    }
    return text;
}

std::optional<std::string> read_small_file(const std::string& name) {
    if (::access(name.c_str(), F_OK) != 0 && errno == ENOENT) return std::nullopt;
    return read_whole_file(name, small_bytes_max, exit_failure);
}

}  // namespace alcove::cli

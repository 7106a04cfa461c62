#include "server/master_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include "scopes/secret.hpp"

namespace alcove {

namespace {

constexpr mode_t own_mode = 0600;

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
    throw std::runtime_error("the master key file " + path.string() + " " + why);
}

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const std::string& what) {
    fail(path, "cannot be " + what + ": " + std::generic_category().message(errno));
}

std::string text_of(const scopes::MasterKey& key) {
    return scopes::to_hex({reinterpret_cast<const char*>(key.data()), key.size()}) + "\n";
}

scopes::MasterKey parse_key(const std::filesystem::path& path, const std::string& line) {
    scopes::MasterKey key{};
    const auto bytes = scopes::from_hex(line);
    if (!bytes || bytes->size() != key.size()) fail(path, "must hold lines of 64 hexadecimal digits");
    std::copy(bytes->begin(), bytes->end(), key.begin());
    return key;
}

void sync_folder(const std::filesystem::path& folder) {
    const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0) return;
    ::fsync(handle);
    ::close(handle);
}

}  // namespace

std::filesystem::path master_key_path(const Config& config) {
    if (!config.master_key_file.empty()) return config.master_key_file;
    return std::filesystem::path(config.data) / "master.key";
}

scopes::MasterKeys load_master_keys(const std::filesystem::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno != ENOENT) fail_with_errno(path, "read");
        const scopes::MasterKeys made{.current = scopes::make_master_key(), .former = {}};
        save_master_keys(path, made);
        return made;
    }
    if ((status.st_mode & 077) != 0) fail(path, "must have mode 0600: others may read it");
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) fail(path, "is empty");
    scopes::MasterKeys keys{.current = parse_key(path, line), .former = {}};
    if (std::getline(file, line)) keys.former = parse_key(path, line);
    return keys;
}

void save_master_keys(const std::filesystem::path& path, const scopes::MasterKeys& keys) {
    std::string text = text_of(keys.current);
    if (keys.former) text += text_of(*keys.former);
    const std::string draft = path.string() + ".new";
    const int handle = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, own_mode);
    if (handle < 0) fail_with_errno(path, "written");
    const bool written =
        ::write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(handle) == 0;
    ::close(handle);
    if (!written || ::rename(draft.c_str(), path.c_str()) != 0) fail_with_errno(path, "written");
    sync_folder(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace alcove

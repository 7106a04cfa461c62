// A backup as a folder.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "kv/backup/format.hpp"
#include "kv/backup/reader.hpp"
#include "kv/backup/writer.hpp"
#include "kv/error.hpp"

namespace alcove::kv::backup {

namespace {

// Without a slash at the end, so that it has a name and a parent.
std::filesystem::path plain(const std::filesystem::path& folder) {
    auto path = std::filesystem::absolute(folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

// A folder that one process at a time makes, and whose name it has until it is whole.
class Draft {
public:
    explicit Draft(const std::filesystem::path& path) : path_(path), lock_(open_locked(path)) {
        for (const auto& stale : std::filesystem::directory_iterator(path_))
            std::filesystem::remove_all(stale.path());
    }
    ~Draft() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    const std::filesystem::path& path() const { return path_; }

    void rename(const std::filesystem::path& to) {
        if (::rename(path_.c_str(), to.c_str()) != 0) fail_system("make", to);
        path_.clear();
        sync_folder(to.parent_path());
    }

private:
    // Who had it before may have renamed or removed it meanwhile: then it is another one now.
    static int open_locked(const std::filesystem::path& path) {
        for (;;) {
            make_folder(path);
            const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (fd < 0) fail_system("open", path);
            if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
                ::close(fd);
                throw StoreFailure("another backup is writing " + path.string());
            }
            struct stat own{};
            struct stat named{};
            const bool same = ::fstat(fd, &own) == 0 && ::lstat(path.c_str(), &named) == 0 &&
                              own.st_ino == named.st_ino && own.st_dev == named.st_dev;
            if (same) return fd;
            ::close(fd);
        }
    }

    std::filesystem::path path_;  // empty: it has its name
    const Descriptor lock_;
};

class FolderWriter final : public Writer {
public:
    explicit FolderWriter(const std::filesystem::path& target)
        : target_(plain(target)), draft_(target_.native() + ".draft") {
        if (std::filesystem::exists(target_) && !std::filesystem::is_empty(target_))
            throw StoreFailure("the folder " + target_.string() + " is not empty");
        make_folder(draft_.path() / "index");
        make_folder(draft_.path() / "log");
        make_folder(draft_.path() / "blobs");
    }

    const std::filesystem::path& scratch_folder() const override { return draft_.path(); }

    void expect(const Expected& expected) override {
        refuse_without_room(draft_.path(), expected.index_bytes + expected.other_bytes);
    }

    const Descriptor& index_file() override {
        const auto path = draft_.path() / index_path;
        const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0) fail_system("make", path);
        return index_.emplace(fd);
    }

    std::optional<Source> index_to_add() override { return std::nullopt; }

    void add(const std::string& path, std::uint64_t, const Source& source) override {
        const auto file = draft_.path() / path;
        make_folder(file.parent_path());
        write_file(file, source);
    }

    void finish() override {
        sync_file_system(draft_.path());
        draft_.rename(target_);
    }

private:
    const std::filesystem::path target_;
    Draft draft_;
    std::optional<Descriptor> index_;
};

class FolderReader final : public Reader {
public:
    explicit FolderReader(const std::filesystem::path& folder)
        : folder_(folder),
          sums_file_(open_part(sums_path)),
          sums_(source_of(sums_file_, folder / sums_path)),
          next_(manifest_path) {}

    std::optional<Member> next() override {
        if (next_.empty()) return std::nullopt;
        const std::string path = next_;
        file_.emplace(open_part(path));
        struct stat status{};
        if (::fstat(file_->get(), &status) != 0) fail_system("look at", folder_ / path);
        advance();
        return Member{.path = path, .bytes = static_cast<std::uint64_t>(status.st_size)};
    }

    std::size_t read(char* into, std::size_t bytes_max) override {
        return source_of(*file_, folder_)(into, bytes_max);
    }

private:
    int open_part(std::string_view path) const { return open_file(folder_ / path); }

    // The manifest has a line of its own, which comes first.
    void advance() {
        if (next_ == sums_path) {
            next_.clear();
            return;
        }
        auto line = sums_.next();
        if (line && path_in(*line) == manifest_path) line = sums_.next();
        next_ = line ? std::string(path_in(*line)) : std::string(sums_path);
        if (line && !is_data_path(next_)) throw StoreFailure("SHA256SUMS of the backup names what no backup has");
    }

    const std::filesystem::path folder_;
    const Descriptor sums_file_;
    Lines sums_;
    std::string next_;
    std::optional<Descriptor> file_;
};

}  // namespace

std::unique_ptr<Writer> write_folder(const std::filesystem::path& folder) {
    return std::make_unique<FolderWriter>(folder);
}

std::unique_ptr<Reader> read_folder(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder / manifest_path) || !std::filesystem::exists(folder / sums_path))
        throw StoreFailure("there is no whole backup in " + folder.string());
    return std::make_unique<FolderReader>(folder);
}

}  // namespace alcove::kv::backup

// The folder in which the contents of larger files lie.
#include "kv/files/blob_folder.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kv/backup/limits.hpp"
#include "kv/error.hpp"

namespace alcove::kv {

namespace {

// Enough to keep a disk busy; more would only take turns.
constexpr std::size_t threads = 4;

// All of them together get about a twentieth of a core that a thread of the default priority could use whole.
constexpr int niceness = 19;

// Dirty pages are sent to the disk so early that the sync at the end has little left, and the log's syncs meanwhile
// do not queue behind a whole file.
constexpr std::uint64_t flush_bytes = std::uint64_t{4} << 20;

BlobId draw_id() {
    BlobId id{};
    if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1)
        throw StoreFailure("no random numbers from the system");
    return id;
}

constexpr char digits[] = "0123456789abcdef";

std::string print(const BlobId& id) {
    std::string text;
    for (const std::uint8_t byte : id)
        text += {digits[byte >> 4], digits[byte & 15]};
    return text;
}

std::optional<BlobId> parse(std::string_view text) {
    BlobId id{};
    if (text.size() != 2 * id.size()) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto digit = std::string_view(digits).find(text[i]);
        if (digit == std::string_view::npos) return std::nullopt;
        id[i / 2] = static_cast<std::uint8_t>(id[i / 2] << 4 | digit);
    }
    return id;
}

}  // namespace

std::string path_of(const BlobId& id) {
    const std::string name = print(id);
    return name.substr(0, 2) + "/" + name;
}

std::optional<BlobId> parse_blob_path(std::string_view path) {
    const auto id = parse(path.substr(std::min<std::size_t>(3, path.size())));
    return id && path == path_of(*id) ? id : std::nullopt;
}

BlobFolder::BlobFolder(std::filesystem::path folder, Unlinking& unlinking,
                       std::function<void(std::string_view)> notice)
    : folder_(std::move(folder)), unlinking_(unlinking), notice_(std::move(notice)) {
    std::filesystem::create_directories(folder_);
    bool made = false;
    for (const char high : std::string_view(digits)) {
        for (const char low : std::string_view(digits))
            made |= std::filesystem::create_directory(folder_ / std::string{high, low});
    }
    if (made) sync_folder(folder_);
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([this] {
            // On Linux it is the thread's own. Only a wish: where it fails, all are equal.
            ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), niceness);
            work_.run();
        });
    }
}

BlobFolder::~BlobFolder() {
    stop();
}

void BlobFolder::stop() {
    stopping_ = true;
    guard_.reset();
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

std::filesystem::path BlobFolder::path_of(const BlobId& id) const {
    return folder_ / kv::path_of(id);
}

BlobFolder::Writing::Writing(BlobFolder& folder) : folder_(folder), id_(draw_id()) {
    const auto path = folder.path_of(id_);
    {
        const std::lock_guard lock(folder.mutex_);
        folder.writing_.insert(id_);
    }
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        const std::lock_guard lock(folder.mutex_);
        folder.writing_.erase(id_);
        fail_system("make", path);
    }
    file_ = std::make_unique<Descriptor>(fd);
}

BlobFolder::Writing::~Writing() {
    if (fate_ == Fate::unknown) return;  // no sweep may take it for unwanted
    if (fate_ == Fate::unwanted) folder_.remove({id_});
    const std::lock_guard lock(folder_.mutex_);
    folder_.writing_.erase(id_);
}

int BlobFolder::Writing::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(file_->get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(written));
        size_ += static_cast<std::uint64_t>(written);
    }
    if (size_ - flushed_ >= flush_bytes) {
        // Only a hint: what fails here fails again in the sync.
        ::sync_file_range(file_->get(), static_cast<off_t>(flushed_), static_cast<off_t>(size_ - flushed_),
                          SYNC_FILE_RANGE_WRITE);
        flushed_ = size_;
    }
    return 0;
}

int BlobFolder::Writing::sync() {
    if (::fdatasync(file_->get()) != 0) return errno;
    const auto parent = folder_.path_of(id_).parent_path();
    const Descriptor opened(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened.get() < 0 || ::fsync(opened.get()) != 0 ? errno : 0;
}

std::shared_ptr<const Descriptor> BlobFolder::open(const BlobId& id) const {
    const auto path = path_of(id);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return nullptr;
    if (fd < 0) fail_system("open", path);
    return std::make_shared<const Descriptor>(fd);
}

void BlobFolder::unlink(const BlobId& id) const {
    const auto path = path_of(id);
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return;
    // It stays until the next start.
    if (notice_) notice_("cannot remove " + path.string() + ": " + std::strerror(errno));
}

void BlobFolder::remove(std::vector<BlobId> ids) {
    if (ids.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        const std::size_t room = backup::limits::held_blobs_max - unwanted_.size();
        unwanted_.insert(unwanted_.end(), ids.begin(), ids.begin() + static_cast<long>(std::min(room, ids.size())));
    }
    remove_held();
}

void BlobFolder::remove_held() {
    const std::lock_guard lock(mutex_);
    if (unwanted_.empty() || std::exchange(unlinking_posted_, true)) return;
    asio::post(work_, [this] { unlink_unwanted(); });
}

void BlobFolder::unlink_unwanted() {
    {
        const std::lock_guard lock(mutex_);
        unlinking_posted_ = false;  // for what comes from now on
    }
    unlinking_.run([this] {
        std::vector<BlobId> ids;
        {
            const std::lock_guard lock(mutex_);
            ids.swap(unwanted_);
        }
        for (const BlobId& id : ids)
            unlink(id);
    });
}

void BlobFolder::sweep(std::function<bool(const BlobId&)> wanted) {
    asio::post(work_, [this, wanted = std::move(wanted)] {
        try {
            sweep_now(wanted);
        } catch (const std::exception& failure) {
            if (notice_) notice_(std::string("cannot look for contents that nobody needs: ") + failure.what());
        }
    });
}

std::vector<BlobId> BlobFolder::list() const {
    std::vector<BlobId> ids;
    for (const auto& folder : std::filesystem::directory_iterator(folder_)) {
        if (!folder.is_directory()) continue;
        for (const auto& file : std::filesystem::directory_iterator(folder)) {
            if (const auto id = parse(file.path().filename().native())) ids.push_back(*id);
        }
    }
    return ids;
}

// Whether it is being written is asked first: what was committed meanwhile is wanted by then.
void BlobFolder::sweep_now(const std::function<bool(const BlobId&)>& wanted) {
    std::vector<BlobId> strays;
    for (const BlobId& id : list()) {
        if (stopping_) return;
        {
            const std::lock_guard lock(mutex_);
            if (writing_.contains(id)) continue;
        }
        if (!wanted(id)) strays.push_back(id);
    }
    if (!strays.empty() && notice_)
        notice_("removing " + std::to_string(strays.size()) + " contents of files that no file needs any more");
    remove(std::move(strays));
}

}  // namespace alcove::kv

// A backup of a store.
//
// The order is what makes it one moment. First the unlinking is held back; then the index is looked at, which says
// where the log goes on from; then it is copied, by then perhaps at a later version or in the middle of an
// application; then the log is read up to its last whole group, which is behind all that the copy can hold. Effects
// are absolute values, so the copy and the log together are that group's version, as after a crash. The contents of
// files that this version names were all there when the unlinking was held back, or came later.
#include "kv/lmdb/backup.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "kv/backup/format.hpp"
#include "kv/files/digest.hpp"
#include "kv/lmdb/core.hpp"
#include "kv/lmdb/index_copy.hpp"
#include "kv/log/tail.hpp"
#include "kv/record.hpp"

namespace alcove::kv {

namespace {

struct IndexLook {
    IndexState state;
    std::vector<BlobId> blobs;
    std::uint64_t bytes = 0;  // about so many has the copy
};

// The transaction ends with it: one that is left open keeps the store's index from using its pages again.
IndexLook look_at_index(const std::filesystem::path& directory) {
    Environment index = Environment::read_only(directory / "index");
    IndexLook look;
    look.bytes = index.used_bytes();
    const ReadTransaction txn = index.read();
    const auto state = find_index_state(txn, directory);
    if (!state) throw StoreFailure("there is no store in " + directory.string());
    look.state = *state;
    TableCursor cursor(txn, Table::blobs);
    for (cursor.seek_at_least(IndexKey(Table::blobs)); cursor.valid(); cursor.next()) {
        BlobId& id = look.blobs.emplace_back();
        cursor.key().copy(reinterpret_cast<char*>(id.data()), id.size());
    }
    return look;
}

TimeMs wall_clock_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

class Backup {
public:
    Backup(const BackupOptions& options, backup::Writer& to)
        : options_(options), held_(options.directory), to_(to), sums_(to.scratch_folder()) {}

    BackupReport run() {
        const IndexLook look = look_at_index(options_.directory);
        blobs_ = look.blobs;
        progress_.bytes_total = look.bytes + bytes_of_blobs(Missing::ignored);
        to_.expect({.index_bytes = look.bytes, .other_bytes = progress_.bytes_total - look.bytes});
        const IndexCopy index =
            copy_index(options_.directory / "index", to_.index_file(), [this](std::uint64_t bytes) {
                progress_.bytes = bytes;
                tell();
            });
        const log::Tail tail = read_log(look.state);
        const backup::Manifest manifest = describe(look.state, index, tail);
        add(std::string(backup::manifest_path), backup::print(manifest));
        progress_ = {.bytes = index.bytes, .bytes_total = manifest.bytes, .files = 1};
        add_index(index);
        for (const auto& part : tail.parts)
            add_file("log/" + part.path.filename().string(), part.path, part.bytes);
        for (const BlobId& id : blobs_) {
            const auto path = "blobs/" + path_of(id);
            add_file(path, options_.directory / path, {});
        }
        to_.add(std::string(backup::sums_path), sums_.bytes(), sums_.read());
        to_.finish();
        return {.version = manifest.version, .files = manifest.files, .bytes = manifest.bytes};
    }

private:
    enum class Missing : std::uint8_t { ignored, refused };

    std::uint64_t bytes_of_blobs(Missing missing) const {
        std::uint64_t bytes = 0;
        for (const BlobId& id : blobs_) {
            const auto path = options_.directory / "blobs" / path_of(id);
            struct stat status{};
            const bool there = ::stat(path.c_str(), &status) == 0;
            if (!there && missing == Missing::refused) {
                throw StoreFailure("the content of a file is missing: " + path.string() +
                                   "; `alcove check` says which file that is");
            }
            bytes += there ? static_cast<std::uint64_t>(status.st_size) : 0;
        }
        return bytes;
    }

    // Afterwards `blobs_` are those of the log's end.
    log::Tail read_log(const IndexState& state) {
        std::set<BlobId> freed;
        const auto visit = [&](const log::CommitRecord& commit) {
            for (const log::Effect& effect : commit.effects) {
                if (effect.freed_blob) freed.insert(*effect.freed_blob);
                if (effect.kind != Change::Kind::put) continue;
                if (const auto blob = blob_of(decode_record(effect.record))) blobs_.push_back(*blob);
            }
        };
        auto tail = log::read_tail(options_.directory / "log", state.store, state.position, state.applied, visit);
        std::erase_if(blobs_, [&](const BlobId& id) { return freed.contains(id); });
        std::ranges::sort(blobs_);
        const auto twice = std::ranges::unique(blobs_);
        blobs_.erase(twice.begin(), twice.end());
        return tail;
    }

    backup::Manifest describe(const IndexState& state, const IndexCopy& index, const log::Tail& tail) const {
        backup::Manifest manifest{.alcove = options_.program_version,
                                  .store = print_store_id(state),
                                  .epoch = print_epoch(state),
                                  .version = tail.last_version,
                                  .time_ms = wall_clock_ms(),
                                  .files = 1 + tail.parts.size() + blobs_.size(),
                                  .bytes = index.bytes + bytes_of_blobs(Missing::refused)};
        for (const auto& part : tail.parts)
            manifest.bytes += part.bytes;
        return manifest;
    }

    void add_index(const IndexCopy& index) {
        if (const auto source = to_.index_to_add()) {
            progress_ = {.bytes_total = progress_.bytes_total};  // it comes once more
            return add(std::string(backup::index_path), index.bytes, *source);
        }
        sums_.append(backup::sums_line(index.sha256, backup::index_path));
    }

    void add_file(const std::string& path, const std::filesystem::path& from, std::optional<std::uint64_t> bytes) {
        const Descriptor file(backup::open_file(from));
        const auto size = bytes.value_or(std::filesystem::file_size(from));
        add(path, size, backup::first_of(size, backup::source_of(file, from)));
    }

    void add(const std::string& path, const std::string& text) { add(path, text.size(), backup::source_of(text)); }

    void add(const std::string& path, std::uint64_t bytes, const backup::Source& source) {
        Digest digest;
        to_.add(path, bytes, [&](char* into, std::size_t bytes_max) {
            const std::size_t got = source(into, bytes_max);
            digest.update({into, got});
            progress_.bytes += got;
            tell();
            return got;
        });
        sums_.append(backup::sums_line(digest.value(), path));
        ++progress_.files;
    }

    void tell() const {
        if (options_.tell) options_.tell(progress_);
    }

    const BackupOptions& options_;
    const UnlinkingHeld held_;
    backup::Writer& to_;
    backup::ScratchFile sums_;
    std::vector<BlobId> blobs_;
    backup::Progress progress_;
};

}  // namespace

BackupReport back_up(const BackupOptions& options, backup::Writer& to) {
    // Else a mistyped folder would get a lock file.
    if (!std::filesystem::exists(options.directory / "index" / "data.mdb"))
        throw StoreFailure("there is no store in " + options.directory.string());
    return Backup(options, to).run();
}

}  // namespace alcove::kv

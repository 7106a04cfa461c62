// Makes a store of a backup.
#include "kv/lmdb/restore.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "kv/backup/format.hpp"
#include "kv/backup/limits.hpp"
#include "kv/files/digest.hpp"
#include "kv/lmdb/applier.hpp"
#include "kv/lmdb/core.hpp"

namespace alcove::kv {

namespace {

// The folder of the new store, and the draft in it, which becomes the store at last. It is inside, because the
// folder may be where a file system is mounted.
class Target {
public:
    explicit Target(const std::filesystem::path& folder) : folder_(folder) {
        if (std::filesystem::exists(folder_)) refuse_unless_empty();
        made_ = std::filesystem::create_directories(folder_);
        std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
        lock_.emplace(folder_);
        refuse_unless_empty();
    }
    ~Target() {
        if (done_ || !lock_) return;
        std::error_code ignored;
        std::filesystem::remove_all(draft(), ignored);
        std::filesystem::remove(folder_ / "lock", ignored);
        if (made_) std::filesystem::remove(folder_, ignored);
    }
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;

    std::filesystem::path draft() const { return folder_ / restore_draft; }

    void make_draft() const {
        std::filesystem::remove_all(draft());
        for (const char* part : {"", "index", "log", "blobs"})
            backup::make_folder(draft() / part);
    }

    // The index is last: a start refuses a log without one, so that no part of a store is taken for a whole.
    void finish() {
        backup::sync_file_system(draft());
        for (const char* part : {"log", "blobs", "index"}) {
            if (::rename((draft() / part).c_str(), (folder_ / part).c_str()) != 0)
                fail_system("make", folder_ / part);
            sync_folder(folder_);
        }
        done_ = true;
        std::filesystem::remove_all(draft());
        sync_folder(std::filesystem::absolute(folder_).parent_path());
    }

private:
    void refuse_unless_empty() const {
        constexpr std::array<std::string_view, 4> welcome = {"master.key", "lost+found", "lock", restore_draft};
        for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
            if (std::ranges::find(welcome, entry.path().filename().native()) == welcome.end())
                throw StoreFailure("the folder " + folder_.string() + " is not empty");
        }
    }

    const std::filesystem::path folder_;
    bool made_ = false;
    bool done_ = false;
    std::optional<FolderLock> lock_;
};

// Takes a backup into a folder, and finds that it is whole.
class Receiver {
public:
    Receiver(backup::Reader& from, const std::filesystem::path& into, const backup::TellProgress& tell)
        : from_(from), into_(into), tell_(tell), sums_(into) {}

    backup::Manifest run() {
        const auto first = from_.next();
        if (!first || first->path != backup::manifest_path) throw StoreFailure("this is no backup of a store");
        const std::string text = backup::read_all(content(), backup::limits::manifest_bytes_max);
        manifest_ = backup::parse_manifest(text);
        backup::refuse_without_room(into_, manifest_.bytes);
        Digest digest;
        digest.update(text);
        sums_.append(backup::sums_line(digest.value(), backup::manifest_path));
        progress_.bytes_total = manifest_.bytes;
        for (;;) {
            const auto member = from_.next();
            if (!member) throw StoreFailure("the backup is cut off");
            if (member->path == backup::sums_path) break;
            take(*member);
        }
        compare_sums();
        if (progress_.files != manifest_.files || progress_.bytes != manifest_.bytes)
            throw StoreFailure("the backup lacks files that its manifest.json counts");
        if (from_.next()) throw StoreFailure("the backup goes on behind its end");
        return manifest_;
    }

private:
    backup::Source content() {
        return [this](char* into, std::size_t bytes_max) { return from_.read(into, bytes_max); };
    }

    void take(const backup::Reader::Member& member) {
        if (!backup::is_data_path(member.path)) throw StoreFailure("the backup holds a file that no backup has");
        if (++progress_.files > manifest_.files || member.bytes > manifest_.bytes - progress_.bytes)
            throw StoreFailure("the backup holds more than its manifest.json says");
        const auto path = into_ / member.path;
        backup::make_folder(path.parent_path());
        Digest digest;
        const auto source = backup::first_of(member.bytes, content());
        backup::write_file(path, [&](char* into, std::size_t bytes_max) {
            const std::size_t got = source(into, bytes_max);
            digest.update({into, got});
            progress_.bytes += got;
            if (tell_) tell_(progress_);
            return got;
        });
        sums_.append(backup::sums_line(digest.value(), member.path));
    }

    // What was received has the lines that the backup has.
    void compare_sums() {
        backup::Lines received(sums_.read());
        backup::Lines listed(content());
        for (;;) {
            const auto is = received.next();
            const auto should_be = listed.next();
            if (!is && !should_be) return;
            if (is == should_be) continue;
            const auto path = backup::path_in(is ? *is : *should_be);
            const bool known = path == backup::manifest_path || backup::is_data_path(path);
            throw StoreFailure("the backup is damaged: " + (known ? std::string(path) : "SHA256SUMS") +
                               " is not what was backed up");
        }
    }

    backup::Reader& from_;
    const std::filesystem::path into_;
    const backup::TellProgress& tell_;
    backup::ScratchFile sums_;
    backup::Manifest manifest_;
    backup::Progress progress_;
};

void apply_all(Core& core) {
    const auto overlays = core.overlays.current();
    Overlay::Cursor cursor(*overlays->active, core.log->last_version());
    for (cursor.seek_at_least(std::string(1, '\0')); cursor.valid();) {
        WriteTransaction txn(core.index);
        apply_chunk(txn, cursor);
        txn.commit();
    }
}

Version ceiling_of(Environment& index) {
    const ReadTransaction txn = index.read();
    const auto ceiling = txn.get(ceiling_key);
    return ceiling ? load_be64(ceiling->data()) : 0;
}

void compare(Core& core, const backup::Manifest& manifest) {
    if (print_store_id(core.state) != manifest.store || print_epoch(core.state) != manifest.epoch)
        throw StoreFailure("the backup's manifest.json is that of another store");
    const Version last = core.log->last_version();
    if (last != manifest.version || ceiling_of(core.index) > last) {
        throw StoreFailure("the backup holds version " + std::to_string(last) + " instead of " +
                           std::to_string(manifest.version));
    }
}

// Brings the index to the backup's version and gives the store its new life, with an empty log.
IndexState revive(const std::filesystem::path& folder, const RestoreOptions& options,
                  const backup::Manifest& manifest) {
    EngineOptions engine_options{.directory = folder, .map_bytes = options.map_bytes};
    engine_options.segment_bytes = std::uint64_t{64} << 10;  // of a segment that is prepared in vain
    engine_options.notice = options.notice;
    engine_options.wall_clock = [] { return TimeMs{0}; };  // the store's clock stays where it was
    IndexState state;
    {
        Core core(std::move(engine_options));
        compare(core, manifest);
        apply_all(core);
        state = core.state;
        draw_identity(state);
        state.restores = std::max(state.restores, manifest.version >> life_bits) + 1;
        if (state.restores > backup::limits::restores_max) throw StoreFailure("the store was restored too often");
        state.applied = state.restores << life_bits;
        state.position = {};
        state.next_id = core.next_id;
        state.time_ms = core.clock.now_ms();
        WriteTransaction txn(core.index);
        txn.clear(Table::changes);
        txn.put(index_state_key, encode_index_state(state));
        txn.commit();
    }
    const auto log = folder / "log";
    std::filesystem::remove_all(log);
    backup::make_folder(log);
    const log::SegmentHeader header{.segment = state.position.segment, .store = state.store};
    if (!log::Segment::create(log, header, options.segment_bytes))
        throw StoreFailure("no room on the disk for the first log segment");
    return state;
}

}  // namespace

RestoreReport restore(backup::Reader& from, const RestoreOptions& options) {
    Target target(options.directory);
    target.make_draft();
    const backup::Manifest manifest = Receiver(from, target.draft(), options.tell).run();
    const IndexState state = revive(target.draft(), options, manifest);
    target.finish();
    return {.backed_up = manifest.version,
            .backed_up_ms = manifest.time_ms,
            .version = state.applied,
            .epoch = print_epoch(state),
            .files = manifest.files,
            .bytes = manifest.bytes};
}

}  // namespace alcove::kv

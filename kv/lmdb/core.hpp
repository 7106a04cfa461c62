// What the parts of the embedded engine share: the index, the overlays, the log, the clock and the observers.
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "kv/clock.hpp"
#include "kv/file.hpp"
#include "kv/files/blob_folder.hpp"
#include "kv/files/growth.hpp"
#include "kv/lmdb/counts.hpp"
#include "kv/lmdb/engine.hpp"
#include "kv/lmdb/environment.hpp"
#include "kv/lmdb/namespaces.hpp"
#include "kv/lmdb/observers.hpp"
#include "kv/lmdb/overlays.hpp"
#include "kv/lmdb/snapshot.hpp"
#include "kv/log/commit_log.hpp"
#include "kv/unlinking.hpp"

namespace alcove::kv {

// What the index says about itself.
struct IndexState {
    std::uint32_t format = 0;
    log::StoreId store{};
    std::uint64_t epoch = 0;  // drawn anew by a restore
    std::uint64_t restores = 0;
    Version applied = 0;      // holds every commit up to this one
    log::Position position;   // where the log goes on from there
    NamespaceId next_id = 1;  // numbers below it are taken
    TimeMs time_ms = 0;       // the store's clock at `applied`
};
inline constexpr std::uint32_t index_format = 4;
inline constexpr std::string_view index_state_key{"\7state", 6};

// The version up to which changes may be missing in the index although their segments are there: written with the
// first of them that goes, so that a crash in the middle leaves no gap in the history that nobody knows of.
inline constexpr std::string_view forgotten_key{"\7forgotten", 10};

std::string encode_index_state(const IndexState& state);
IndexState decode_index_state(std::string_view bytes);

// nullopt when the index is new. Throws StoreFailure when it has another format; `directory` is for the message.
std::optional<IndexState> find_index_state(const ReadTransaction& txn, const std::filesystem::path& directory);

// Makes the state that of a store of its own: gives it a new id and epoch.
void draw_identity(IndexState& state);

// In hexadecimal digits.
std::string print_store_id(const IndexState& state);
std::string print_epoch(const IndexState& state);

// Below the data folder: what a restore makes a store of. A folder that has it and no index is none.
inline constexpr std::string_view restore_draft = "restore.draft";
// Below the folder of the index: what a compaction makes one of.
inline constexpr std::string_view index_draft = "data.mdb.draft";

// How much may still be written. Measured by the applier, spent by the writer between two measurements.
class Room {
public:
    struct Measured {
        std::int64_t map_bytes = std::numeric_limits<std::int64_t>::max();   // left in the index
        std::int64_t disk_bytes = std::numeric_limits<std::int64_t>::max();  // left on the disk, less the reserve
    };
    void measured(Measured left) {
        map_bytes_.store(left.map_bytes, std::memory_order_relaxed);
        disk_bytes_.store(left.disk_bytes, std::memory_order_relaxed);
    }

    // For writing so much.
    Shortage shortage(std::int64_t bytes) const {
        return {.map = bytes > map_bytes_.load(std::memory_order_relaxed),
                .disk = bytes > disk_bytes_.load(std::memory_order_relaxed)};
    }

private:
    std::atomic<std::int64_t> map_bytes_{std::numeric_limits<std::int64_t>::max()};
    std::atomic<std::int64_t> disk_bytes_{std::numeric_limits<std::int64_t>::max()};
};

// What is told to who is refused for it.
Error store_full(Shortage shortage);

struct Core {
    explicit Core(EngineOptions engine_options);

    const EngineOptions options;
    FolderLock lock;
    Unlinking unlinking;
    Environment index;
    IndexState state;  // as it was at the start; the applier goes on from it
    StoreClock clock;
    Overlays overlays;
    NamespaceId next_id = 1;  // the writer's
    std::unique_ptr<log::CommitLog> log;
    NamespaceCache names;
    Observers observers;
    Room room;
    BlobFolder blobs;
    Growth growth;
    std::atomic<Version> applied{0};
    std::atomic<Version> told{0};  // see Store::told()
    std::atomic<std::size_t> queued{0};
    std::atomic<bool> closing{false};
    std::atomic<bool> failed{false};
    Counts counts;

    void notice(std::string_view text) const {
        if (options.notice) options.notice(text);
    }

    // Whether the disk has so much room beside what writes leave alone.
    bool leaves_reserve(std::uint64_t bytes) const;

    // In memory, on their way to the index.
    std::size_t unapplied_bytes() const;

    // For so much more content.
    Shortage shortage_of_content(std::uint64_t bytes) const;

    // For a commit of that size, given all that is not yet applied.
    Shortage shortage(std::size_t commit_bytes) const;
};

// Puts what a commit does to the tables into the overlay: entries and expiry. What is there once for many commits
// is left to the caller: the namespace's state and the change index.
void materialise(const log::CommitRecord& commit, Version version, Overlay& overlay);

NamespaceState state_after(const log::CommitRecord& commit, Version version);

// What a commit that emptied a namespace leaves behind.
Leftover leftover_of(const log::CommitRecord& commit);

// Looks a name up: its state (id 0 when never written), or nullopt when its owner was dropped.
std::optional<NamespaceState> find_state(const Snapshot& snapshot, const NamespaceName& name);

// As callers and observers see a commit.
std::vector<Change> changes_of(const log::CommitRecord& commit, Version version);

}  // namespace alcove::kv

// Opens the shared parts of the engine and brings the overlay up to the log's end.
#include "kv/lmdb/core.hpp"

#include <openssl/rand.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "kv/encoding.hpp"
#include "kv/lmdb/change_runs.hpp"
#include "kv/record.hpp"

namespace alcove::kv {

namespace {

// Address space beyond map_bytes, which admission enforces: an application copies every page it touches before it
// frees the old ones, and must never find the map full, because what it applies was acknowledged.
constexpr std::uint64_t map_headroom_bytes = std::uint64_t{32} << 30;

// So that the last answers leave.
constexpr auto fatal_grace = std::chrono::milliseconds(200);

// What a byte of an overlay takes in the index at most, roughly: pages are seldom full.
constexpr std::size_t index_bytes_per_overlay_byte = 2;

EngineOptions completed(EngineOptions options) {
    if (std::filesystem::exists(options.directory / restore_draft) &&
        !std::filesystem::exists(options.directory / "index")) {
        throw StoreFailure("a restore into " + options.directory.string() + " was cut off and must be run again");
    }
    if (!options.wall_clock) {
        options.wall_clock = [] {
            const auto now = std::chrono::system_clock::now().time_since_epoch();
            return TimeMs{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
        };
    }
    if (!options.disk_free_bytes) {
        options.disk_free_bytes = [folder = options.directory] { return disk_free_bytes(folder); };
    }
    std::filesystem::create_directories(options.directory);
    std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all);
    if (!options.fatal) {
        options.fatal = [](std::string_view why) {
            std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
            std::this_thread::sleep_for(fatal_grace);
            std::_Exit(1);
        };
    }
    return options;
}

bool has_log(const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder)) return false;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() == ".log") return true;
    }
    return false;
}

IndexState make_state(Environment& index, const EngineOptions& options) {
    if (has_log(options.directory / "log")) {
        throw StoreFailure("the index in " + options.directory.string() +
                           " is missing or empty, but a log is there");
    }
    IndexState state;
    state.format = index_format;
    draw_identity(state);
    WriteTransaction txn(index);
    txn.put(index_state_key, encode_index_state(state));
    txn.commit();
    return state;
}

IndexState read_state(Environment& index, const EngineOptions& options) {
    const auto state = find_index_state(index.read(), options.directory);
    return state ? *state : make_state(index, options);
}

}  // namespace

std::string encode_index_state(const IndexState& state) {
    std::string out;
    Encoder encoder(out);
    encoder.u32(state.format);
    encoder.raw({state.store.data(), state.store.size()});
    encoder.u64(state.epoch);
    encoder.u64(state.restores);
    encoder.u64(state.applied);
    encoder.u64(state.position.segment);
    encoder.u64(state.position.offset);
    encoder.u64(state.next_id);
    encoder.i64(state.time_ms);
    return out;
}

IndexState decode_index_state(std::string_view bytes) {
    Decoder decoder(bytes);
    IndexState state;
    state.format = decoder.u32();
    if (state.format != index_format) return state;  // the rest may mean something else
    const std::string_view store = decoder.raw(state.store.size());
    store.copy(state.store.data(), state.store.size());
    state.epoch = decoder.u64();
    state.restores = decoder.u64();
    state.applied = decoder.u64();
    state.position.segment = decoder.u64();
    state.position.offset = decoder.u64();
    state.next_id = decoder.u64();
    state.time_ms = decoder.i64();
    if (!decoder.ok()) throw StoreFailure("the state record of the index is damaged");
    return state;
}

std::optional<IndexState> find_index_state(const ReadTransaction& txn, const std::filesystem::path& directory) {
    const auto bytes = txn.get(index_state_key);
    if (!bytes) return std::nullopt;
    const IndexState state = decode_index_state(*bytes);
    if (state.format != index_format) {
        throw StoreFailure("the data folder " + directory.string() + " has format " + std::to_string(state.format) +
                           "; this server reads format " + std::to_string(index_format));
    }
    return state;
}

void draw_identity(IndexState& state) {
    unsigned char random[sizeof state.store + sizeof state.epoch];
    if (RAND_bytes(random, sizeof random) != 1) throw StoreFailure("no random numbers from the system");
    std::memcpy(state.store.data(), random, sizeof state.store);
    std::memcpy(&state.epoch, random + sizeof state.store, sizeof state.epoch);
}

std::string print_store_id(const IndexState& state) {
    std::string text;
    for (const char c : state.store) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(c));
        text += digits;
    }
    return text;
}

std::string print_epoch(const IndexState& state) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(state.epoch));
    return text;
}

Core::Core(EngineOptions engine_options)
    : options(completed(std::move(engine_options))),
      lock(options.directory),
      unlinking(options.directory),
      index(options.directory / "index", options.map_bytes + map_headroom_bytes,
            [this] { return !leaves_reserve(limits::disk_full_bytes); }),
      state(read_state(index, options)),
      clock(options.wall_clock),
      blobs(options.directory / "blobs", unlinking, options.notice) {
    std::filesystem::remove(options.directory / "index" / index_draft);  // of a compaction that was killed
    clock.advance_to(state.time_ms);
    next_id = state.next_id;
    applied = state.applied;
    const std::shared_ptr<const OverlaySet> set = overlays.current();
    Version version = state.applied;
    ChangeRuns runs;
    const auto replay = [&](const log::GroupHeader& header, std::string_view payload, log::Position at) {
        clock.advance_to(header.time_ms);
        for (std::uint32_t i = 0; i < header.commits; ++i) {
            const std::size_t before = payload.size();
            const auto record = log::take_commit(payload);
            if (!record) throw StoreFailure("a commit in the log is damaged");
            const log::CommitRecord commit = log::decode_commit(*record);
            materialise(commit, ++version, *set->active);
            const std::size_t framed = before - payload.size();
            if (!commit.dropped) {
                if (options.history) runs.add(commit.id, version, at, framed);
                const std::string bytes = encode_state(state_after(commit, version));
                set->active->put(state_key(commit.name), version, bytes);
                next_id = std::max(next_id, commit.id + 1);
            }
            at.offset += framed;
        }
        runs.put_into(*set->active);
    };
    log::CommitLog::Options log_options{.folder = options.directory / "log",
                                        .segment_bytes = options.segment_bytes,
                                        .store = state.store,
                                        .may_prepare = [this] { return leaves_reserve(options.segment_bytes); },
                                        .notice = options.notice};
    log = std::make_unique<log::CommitLog>(std::move(log_options), state.position, state.applied, replay);
    const ReadTransaction txn = index.read();
    if (const auto forgotten = txn.get(forgotten_key)) log->forget(load_be64(forgotten->data()));
    overlays.publish(log->last_version());
    told = log->last_version();
    sync_folder(options.directory);
    sync_folder(std::filesystem::absolute(options.directory).parent_path());
}

Error store_full(Shortage shortage) {
    return error(Errc::store_full,
                 shortage.map ? "the store has reached store.map_bytes" : "the disk is almost full");
}

bool Core::leaves_reserve(std::uint64_t bytes) const {
    const std::uint64_t free = options.disk_free_bytes();
    return free >= options.disk_reserve_bytes && free - options.disk_reserve_bytes >= bytes;
}

std::size_t Core::unapplied_bytes() const {
    const auto set = overlays.current();
    return set->active->bytes() + (set->frozen ? set->frozen->bytes() : 0);
}

Shortage Core::shortage(std::size_t commit_bytes) const {
    return room.shortage(
        static_cast<std::int64_t>(index_bytes_per_overlay_byte * (unapplied_bytes() + commit_bytes)));
}

Shortage Core::shortage_of_content(std::uint64_t bytes) const {
    return leaves_reserve(bytes) ? shortage(0) : Shortage{.disk = true};
}

void materialise(const log::CommitRecord& commit, Version version, Overlay& overlay) {
    if (commit.dropped) {
        const std::string tombstone = encode_owner(*commit.dropped, tombstone_pending);
        overlay.put(tombstone_key(*commit.dropped), version, tombstone);
        return;
    }
    const Scope scope = commit.name.scope;
    for (const log::Effect& effect : commit.effects) {
        const NamespaceId id = commit.id_of(effect.collection);
        const IndexKey key = entry_key(scope, id, effect.collection, effect.key);
        if (effect.previous_expires_ms) {
            overlay.erase(expiry_key(*effect.previous_expires_ms, scope, id, effect.collection, effect.key),
                          version);
        }
        if (effect.freed_blob) overlay.erase(blob_key(*effect.freed_blob), version);
        if (effect.kind != Change::Kind::put) {
            overlay.erase(key, version);
            continue;
        }
        overlay.put(key, version, effect.record);
        const EntryView record = decode_record(effect.record);
        if (const auto blob = blob_of(record)) overlay.put(blob_key(*blob), version, {});
        if (record.expires_ms) {
            std::string bytes;
            append_be64(bytes, version);
            overlay.put(expiry_key(*record.expires_ms, scope, id, effect.collection, effect.key), version, bytes);
        }
    }
    if (commit.emptied_id) {
        const Leftover leftover = leftover_of(commit);
        overlay.put(leftover_key(leftover.id), version, encode_leftover(leftover));
    }
    if (commit.created_version == version || commit.emptied_id) {
        overlay.put(id_key(commit.id), version, encode_state(state_after(commit, version)));
    }
}

NamespaceState state_after(const log::CommitRecord& commit, Version version) {
    NamespaceState state{.id = commit.id,
                         .internal_id = commit.internal_id,
                         .name = commit.name,
                         .created_version = commit.created_version,
                         .emptied_version = commit.emptied_version,
                         .usage = commit.usage,
                         .quota = commit.quota};
    state.usage.version = version;
    return state;
}

Leftover leftover_of(const log::CommitRecord& commit) {
    const NamespaceId id = commit.emptied_id.value();
    return {.scope = commit.name.scope, .id = id, .keeps_internal = id == commit.internal_id};
}

std::optional<NamespaceState> find_state(const Snapshot& snapshot, const NamespaceName& name) {
    Owner owner{.workspace = name.workspace, .subject = {}};
    if (snapshot.get(tombstone_key(owner))) return std::nullopt;
    if (!name.subject.empty()) {
        owner.subject = Owner::Subject{.scope = name.scope, .id = name.subject};
        if (snapshot.get(tombstone_key(owner))) return std::nullopt;
    }
    if (const auto bytes = snapshot.get(state_key(name))) return decode_state(*bytes);
    NamespaceState unwritten;
    unwritten.name = name;
    return unwritten;
}

std::vector<Change> changes_of(const log::CommitRecord& commit, Version version) {
    std::vector<Change> changes;
    if (commit.emptied_id) {
        Change change;
        change.kind = Change::Kind::empty;
        change.version = version;
        change.time_ms = commit.time_ms;
        changes.push_back(std::move(change));
    }
    for (const log::Effect& effect : commit.effects) {
        if (effect.collection == Collection::internal) continue;
        Change change{.kind = effect.kind,
                      .collection = effect.collection,
                      .key = effect.key,
                      .version = version,
                      .previous_version = effect.previous_version,
                      .time_ms = commit.time_ms,
                      .entry = {}};
        if (effect.kind == Change::Kind::put) change.entry = to_entry(decode_record(effect.record));
        changes.push_back(std::move(change));
    }
    return changes;
}

}  // namespace alcove::kv

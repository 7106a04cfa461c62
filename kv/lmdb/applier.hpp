// Brings the index up to what the log holds, and frees what is no longer needed: dropped namespaces, old segments.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "kv/lmdb/core.hpp"

namespace alcove::kv {

// Puts what follows the cursor into the index, as much as one transaction should hold, and moves the cursor on.
void apply_chunk(WriteTransaction& txn, Overlay::Cursor& cursor);

// Operation: takes the frozen overlay, applies it in key order in bounded LMDB transactions, the last of which
// moves the applied position, and then drops it. Between that it frees dropped namespaces and trims the history, in
// steps. Effects are absolute values, so a crash in the middle costs nothing: they are applied again.
//
// Concurrency: a thread of its own, the only one that writes to LMDB after the start.
//
// Limitations: when the disk is full it keeps the overlay and tries again; writes are refused meanwhile.
class Applier {
public:
    explicit Applier(Core& core);
    ~Applier();  // calls stop()

    // Called by the writer after it froze the overlay, between groups: the versions in it, and where the log goes
    // on.
    void apply(Version through, log::Position position, NamespaceId next_id);
    bool busy() const;
    // The disk was full while the store was closing: the rest stays in the log alone.
    bool gave_up() const;

    // Waits until nothing is left to apply up to that version; false when the applier stopped before.
    bool wait_applied(Version through);

    // An owner was dropped or a namespace emptied: the space is freed once the index holds that commit.
    using Freed = std::variant<Owner, Leftover>;
    void purge(Freed freed, Version since);

    // Measures the room on the disk and in the map now.
    void measure_room();

    // `on_idle` is called by the applier's thread whenever it can take the next overlay.
    void start(std::function<void()> on_idle);

    void stop();  // finishes what was handed over

private:
    struct Frozen {
        Version through = 0;
        log::Position position;
        NamespaceId next_id = 1;
    };
    struct Purge {
        Freed freed;
        Version since = 0;
    };

    void loop();
    bool apply_frozen(const Frozen& frozen);
    void load_purges();
    bool free_some();
    bool purge_step();
    bool trim_step();
    void trim(const log::CommitLog::Extent& oldest);

    Core& core_;
    IndexState state_;  // as the index has it
    std::function<void()> on_idle_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Frozen> frozen_;
    std::vector<Purge> purges_;
    bool stop_ = false;
    bool gave_up_ = false;

    std::thread thread_;
};

}  // namespace alcove::kv

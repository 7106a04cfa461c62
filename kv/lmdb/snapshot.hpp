// One moment of the whole store: the overlays merged over a snapshot of the index.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kv/lmdb/environment.hpp"
#include "kv/lmdb/overlays.hpp"

namespace alcove::kv {

// Short-lived: while it lives the index cannot reuse pages that were freed. Views from it hold until it goes.
class Snapshot {
public:
    // Sees everything up to the published version.
    static Snapshot at_published(Environment& environment, const Overlays& overlays);
    // Sees also what the writer has added and not yet published. For the writer only.
    static Snapshot of_writer(Environment& environment, const Overlays& overlays);
    // As at_published, but what came later may show: enough, and cheaper, for a single key.
    static Snapshot for_one_key(Environment& environment, const Overlays& overlays);

    std::optional<std::string_view> get(std::string_view key) const;
    Version version() const { return version_; }

private:
    friend class Scan;
    Snapshot(Overlays::Pinned pinned, ReadTransaction index)
        : overlays_(std::move(pinned.set)), version_(pinned.version), index_(std::move(index)) {}

    std::shared_ptr<const OverlaySet> overlays_;
    Version version_;
    ReadTransaction index_;
};

// Walks the keys of one table in [lower, upper), in either order. Keys have the table's number in front in all
// parameters, and not in results. What it shows stays where it is as long as the snapshot, which it must not
// outlive.
class Scan {
public:
    Scan(const Snapshot& snapshot, std::string_view lower, std::string_view upper, Order order);

    bool valid() const { return nearest_ != none; }
    std::string_view key() const { return key_; }
    std::string_view value() const { return value_; }
    void next();
    // Ascending: goes on at the first key >= `to`. Descending: at the last key < `to`.
    void jump(std::string_view to);

private:
    static constexpr int overlays_max = 2;
    static constexpr int none = -1;

    bool source_valid(int source) const;
    std::string_view source_key(int source) const;
    bool in_range(std::string_view key) const;
    void step(int source);
    void pass();
    void settle();

    Table table_;
    std::string lower_;
    std::string upper_;
    Order order_;
    int overlay_count_ = 0;
    std::optional<Overlay::Cursor> overlays_[overlays_max];
    TableCursor index_;
    int nearest_ = none;  // the source that has the key; of several, the newest
    std::string_view key_;
    std::string_view value_;
};

// Behind the last key of a table.
inline std::string end_of(Table table) {
    return std::string(1, static_cast<char>(static_cast<int>(table) + 1));
}

// The meta record that says the highest version any record of the index may have; written with the first chunk of
// an application, so that a reader with an older view notices that the index went past it.
inline constexpr std::string_view ceiling_key{"\7ceiling", 8};

}  // namespace alcove::kv

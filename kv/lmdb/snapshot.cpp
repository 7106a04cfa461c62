// The overlays merged over a snapshot of the index.
#include "kv/lmdb/snapshot.hpp"

#include <limits>

namespace alcove::kv {

Snapshot Snapshot::for_one_key(Environment& environment, const Overlays& overlays) {
    // The overlays come first: what leaves them is in the index by then.
    Overlays::Pinned pinned = overlays.pin();
    return {std::move(pinned), environment.read()};
}

Snapshot Snapshot::of_writer(Environment& environment, const Overlays& overlays) {
    Overlays::Pinned pinned = overlays.pin();
    pinned.version = std::numeric_limits<Version>::max();
    return {std::move(pinned), environment.read()};
}

Snapshot Snapshot::at_published(Environment& environment, const Overlays& overlays) {
    for (;;) {
        Snapshot snapshot = for_one_key(environment, overlays);
        const auto ceiling = snapshot.index_.get(ceiling_key);
        if (!ceiling || load_be64(ceiling->data()) <= snapshot.version_) return snapshot;
        // The applier went past the pinned version in between: pin again.
    }
}

std::optional<std::string_view> Snapshot::get(std::string_view key) const {
    for (const Overlay* overlay : {overlays_->active.get(), overlays_->frozen.get()}) {
        if (!overlay || overlay->empty()) continue;
        const Overlay::Found found = overlay->find(key, version_);
        if (found.state == Overlay::Found::State::value) return found.value;
        if (found.state == Overlay::Found::State::erased) return std::nullopt;
    }
    return index_.get(key);
}

Scan::Scan(const Snapshot& snapshot, std::string_view lower, std::string_view upper, Order order)
    : table_(static_cast<Table>(lower[0])),
      lower_(lower),
      upper_(upper),
      order_(order),
      index_(snapshot.index_, table_) {
    for (const Overlay* overlay : {snapshot.overlays_->active.get(), snapshot.overlays_->frozen.get()}) {
        if (overlay && !overlay->empty()) overlays_[overlay_count_++].emplace(*overlay, snapshot.version_);
    }
    if (lower_ < upper_) jump(order_ == Order::ascending ? lower_ : upper_);
}

bool Scan::source_valid(int source) const {
    if (source == overlay_count_) return index_.valid();
    const auto& cursor = overlays_[source];
    return cursor->valid() && cursor->key()[0] == static_cast<char>(table_);
}

std::string_view Scan::source_key(int source) const {
    return source == overlay_count_ ? index_.key() : overlays_[source]->key().substr(1);
}

// The upper end can be the next table's number.
bool Scan::in_range(std::string_view key) const {
    if (order_ == Order::descending) return key >= std::string_view(lower_).substr(1);
    return upper_[0] != static_cast<char>(table_) || key < std::string_view(upper_).substr(1);
}

void Scan::step(int source) {
    const bool ascending = order_ == Order::ascending;
    if (source == overlay_count_) {
        ascending ? index_.next() : index_.previous();
    } else {
        ascending ? overlays_[source]->next() : overlays_[source]->previous();
    }
}

void Scan::jump(std::string_view to) {
    const bool ascending = order_ == Order::ascending;
    for (int source = 0; source < overlay_count_; ++source) {
        ascending ? overlays_[source]->seek_at_least(to) : overlays_[source]->seek_below(to);
    }
    // The end of a table is the next table's number: for LMDB, behind its last key.
    if (ascending) {
        index_.seek_at_least(to);
    } else if (to[0] != static_cast<char>(table_)) {
        index_.seek_last();
    } else {
        index_.seek_below(to);
    }
    settle();
}

void Scan::next() {
    pass();
    settle();
}

// Moves every source that has the key behind it; those before the nearest do not have it.
void Scan::pass() {
    step(nearest_);
    for (int source = nearest_ + 1; source <= overlay_count_; ++source) {
        if (source_valid(source) && source_key(source) == key_) step(source);
    }
}

// Finds the nearest key over all sources; of equal keys the first source's is the newest.
void Scan::settle() {
    for (;;) {
        nearest_ = none;
        for (int source = 0; source <= overlay_count_; ++source) {
            if (!source_valid(source)) continue;
            const std::string_view key = source_key(source);
            if (nearest_ != none && (order_ == Order::ascending ? key >= key_ : key <= key_)) continue;
            nearest_ = source;
            key_ = key;
        }
        if (nearest_ == none) return;
        if (!in_range(key_)) {
            nearest_ = none;
            return;
        }
        if (nearest_ == overlay_count_) {
            value_ = index_.value();
            return;
        }
        const Overlay::Found found = overlays_[nearest_]->found();
        if (found.state == Overlay::Found::State::value) {
            value_ = found.value;
            return;
        }
        pass();
    }
}

}  // namespace alcove::kv

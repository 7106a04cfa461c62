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
    const std::string passed = key_.substr(1);
    for (int source = 0; source <= overlay_count_; ++source) {
        if (source_valid(source) && source_key(source) == passed) step(source);
    }
    settle();
}

// Finds the nearest key over all sources; of equal keys the first source's is the newest.
void Scan::settle() {
    for (;;) {
        int best = -1;
        for (int source = 0; source <= overlay_count_; ++source) {
            if (!source_valid(source)) continue;
            if (best < 0) {
                best = source;
                continue;
            }
            const int compared = source_key(source).compare(source_key(best));
            if (order_ == Order::ascending ? compared < 0 : compared > 0) best = source;
        }
        valid_ = best >= 0;
        if (!valid_) return;
        key_.assign(1, static_cast<char>(table_)).append(source_key(best));
        valid_ = order_ == Order::ascending ? key_ < upper_ : key_ >= lower_;
        if (!valid_) return;
        if (best == overlay_count_) {
            value_ = index_.value();
            return;
        }
        const Overlay::Found found = overlays_[best]->found();
        if (found.state == Overlay::Found::State::value) {
            value_ = found.value;
            return;
        }
        for (int source = 0; source <= overlay_count_; ++source) {
            if (source_valid(source) && source_key(source) == std::string_view(key_).substr(1)) step(source);
        }
    }
}

}  // namespace alcove::kv

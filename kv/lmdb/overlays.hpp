// The overlays in front of the index, and the version up to which readers may see them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "kv/overlay/overlay.hpp"

namespace alcove::kv {

// Newest first. `frozen` is being applied to the index, or null.
struct OverlaySet {
    std::shared_ptr<Overlay> active;
    std::shared_ptr<Overlay> frozen;
};

// The writer adds to the active overlay and publishes; the applier drops the frozen one. Readers pin both together
// with the published version, so what they see stands still.
class Overlays {
public:
    struct Pinned {
        std::shared_ptr<const OverlaySet> set;
        Version version = 0;
    };

    Overlays() : set_(std::make_shared<OverlaySet>(OverlaySet{std::make_shared<Overlay>(), nullptr})) {}

    Pinned pin() const {
        const std::lock_guard lock(mutex_);
        return {set_, published_.load(std::memory_order_relaxed)};
    }

    std::shared_ptr<const OverlaySet> current() const { return pin().set; }
    Version published() const { return published_.load(std::memory_order_acquire); }

    void publish(Version version) {
        const std::lock_guard lock(mutex_);
        published_.store(version, std::memory_order_release);
    }

    // The writer, between groups. There must be no frozen overlay.
    void freeze() { replace({std::make_shared<Overlay>(), current()->active}); }

    // The applier, when the index holds what was frozen.
    void drop_frozen() {
        std::shared_ptr<const OverlaySet> dropped;  // freed outside the lock
        const std::lock_guard lock(mutex_);
        dropped = std::exchange(set_, std::make_shared<OverlaySet>(OverlaySet{set_->active, nullptr}));
    }

private:
    void replace(OverlaySet set) {
        const std::lock_guard lock(mutex_);
        set_ = std::make_shared<OverlaySet>(std::move(set));
    }

    mutable std::mutex mutex_;
    std::shared_ptr<const OverlaySet> set_;
    std::atomic<Version> published_{0};
};

}  // namespace alcove::kv

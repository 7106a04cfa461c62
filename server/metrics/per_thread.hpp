// A part for each thread, of something that all of them add to.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace alcove::metrics {

// Thread-safe. Whoever visits must expect that a part's own thread goes on with it.
template <class Part>
class PerThread {
public:
    using Make = std::function<std::unique_ptr<Part>()>;

    explicit PerThread(Make make) : make_(std::move(make)) {}
    PerThread() : PerThread([] { return std::make_unique<Part>(); }) {}
    PerThread(const PerThread&) = delete;
    PerThread& operator=(const PerThread&) = delete;

    // The part of the thread that asks, made when it asks first. It lives as long as this.
    Part& mine() {
        // Of one thread and all objects of this type. Their numbers are never used twice, their addresses may be.
        struct Last {
            std::uint64_t owner = 0;
            Part* part = nullptr;
        };
        thread_local Last last;
        if (last.owner != number_) last = {.owner = number_, .part = &find()};
        return *last.part;
    }

    template <class Visit>
    void visit(Visit visit) const {
        const std::lock_guard lock(mutex_);
        for (const auto& [thread, part] : parts_)
            visit(*part);
    }

private:
    Part& find() {
        const std::lock_guard lock(mutex_);
        auto& part = parts_[std::this_thread::get_id()];
        if (!part) part = make_();
        return *part;
    }

    inline static std::atomic<std::uint64_t> last_number_ = 0;

    const Make make_;
    const std::uint64_t number_ = ++last_number_;
    mutable std::mutex mutex_;
    std::map<std::thread::id, std::unique_ptr<Part>> parts_;
};

}  // namespace alcove::metrics

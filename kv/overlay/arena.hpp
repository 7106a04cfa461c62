// Memory for the nodes of one overlay: handed out by its one writer, freed all at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace alcove::kv {

// allocate() belongs to one thread; bytes() may be read from any.
class Arena {
public:
    // Aligned for pointers. Valid until the arena goes.
    char* allocate(std::size_t size) {
        size = (size + alignof(void*) - 1) & ~(alignof(void*) - 1);
        if (size > left_) refill(size);
        char* result = next_;
        next_ += size;
        left_ -= size;
        bytes_.store(bytes_.load(std::memory_order_relaxed) + size, std::memory_order_relaxed);
        return result;
    }

    // What was handed out.
    std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

private:
    void refill(std::size_t size) {
        // Blocks grow with use, so that an idle store keeps little.
        const std::size_t grown = blocks_.size() < 8 ? std::size_t{16} << 10 : std::size_t{1} << 20;
        left_ = size > grown ? size : grown;
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
        next_ = blocks_.back().get();
    }

    std::vector<std::unique_ptr<char[]>> blocks_;
    char* next_ = nullptr;
    std::size_t left_ = 0;
    std::atomic<std::size_t> bytes_{0};
};

}  // namespace alcove::kv

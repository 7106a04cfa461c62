// Memory for the nodes of one overlay: handed out by its one writer, freed all at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

namespace alcove::kv {

// Operation: blocks are mapped, not taken from the heap, so that they go back to the system when the arena goes.
// All but the first few are of the size of a huge page and aligned so: nodes are visited in random order, and with
// small pages each visit would miss the TLB as well as the cache.
//
// Concurrency: allocate() belongs to one thread; bytes() may be read from any.
class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena();

    // Aligned for pointers. Valid until the arena goes. Throws std::bad_alloc.
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
    struct Block {
        char* begin;
        std::size_t size;
    };

    void refill(std::size_t size);

    std::vector<Block> blocks_;
    char* next_ = nullptr;
    std::size_t left_ = 0;
    std::atomic<std::size_t> bytes_{0};
};

}  // namespace alcove::kv

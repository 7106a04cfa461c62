// Memory for the nodes of one overlay.
#include "kv/overlay/arena.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace alcove::kv {

namespace {

// An idle store keeps little: small blocks come first.
constexpr std::size_t small_bytes = std::size_t{32} << 10;
constexpr std::size_t small_blocks_max = 8;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

char* map(std::size_t size) {
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char*>(mapped);
}

// Maps more than is wanted and gives back what lies before and behind the aligned part.
char* map_huge(std::size_t size) {
    char* mapped = map(size + huge_page_bytes);
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(mapped) % huge_page_bytes;
    if (before != 0) ::munmap(mapped, before);
    ::munmap(mapped + before + size, huge_page_bytes - before);
    ::madvise(mapped + before, size, MADV_HUGEPAGE);  // where it is refused, small pages do
    return mapped + before;
}

}  // namespace

Arena::~Arena() {
    for (const Block& block : blocks_)
        ::munmap(block.begin, block.size);
}

void Arena::refill(std::size_t size) {
    blocks_.reserve(blocks_.size() + 1);  // so that a block that is mapped is also remembered
    if (blocks_.size() < small_blocks_max && size <= small_bytes) {
        blocks_.push_back({.begin = map(small_bytes), .size = small_bytes});
    } else {
        const std::size_t rounded = (size + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
        blocks_.push_back({.begin = map_huge(rounded), .size = rounded});
    }
    next_ = blocks_.back().begin;
    left_ = blocks_.back().size;
}

}  // namespace alcove::kv

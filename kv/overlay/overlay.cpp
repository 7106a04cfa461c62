// The commits that the index does not hold yet.
#include "kv/overlay/overlay.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <new>

namespace alcove::kv {

// The value's bytes follow.
struct Addition {
    Version version;
    const Addition* older;
    std::uint32_t value_bytes;
    bool erased;

    std::string_view value() const { return {reinterpret_cast<const char*>(this + 1), value_bytes}; }
};

namespace {

std::uint64_t hash_of(std::string_view key) {
    return XXH3_64bits(key.data(), key.size());
}

std::uint64_t bit_of(std::uint64_t hash) {
    return std::uint64_t{1} << (hash & 63);
}

// The newest up to that version; null when there is none.
const Addition* newest_of(const KeyTree::Leaf& leaf, Version up_to) {
    const Addition* addition = leaf.newest();
    while (addition != nullptr && addition->version > up_to)
        addition = addition->older;
    return addition;
}

Overlay::Found to_found(const Addition& addition) {
    using State = Overlay::Found::State;
    return {.state = addition.erased ? State::erased : State::value, .value = addition.value()};
}

}  // namespace

Overlay::Overlay() : filter_(std::make_unique<std::array<std::atomic<std::uint64_t>, filter_words>>()) {}

std::atomic<std::uint64_t>& Overlay::filter_word(std::uint64_t hash) const {
    return (*filter_)[(hash >> 6) % filter_words];
}

void Overlay::add(std::string_view key, Version version, std::string_view value, bool erased) {
    const std::uint64_t hash = hash_of(key);
    auto& word = filter_word(hash);
    word.store(word.load(std::memory_order_relaxed) | bit_of(hash), std::memory_order_relaxed);
    KeyTree::Leaf& leaf = keys_.find_or_add(key);
    char* memory = arena_.allocate(sizeof(Addition) + value.size());
    const auto* addition = new (memory) Addition{.version = version,
                                                 .older = leaf.newest(),
                                                 .value_bytes = static_cast<std::uint32_t>(value.size()),
                                                 .erased = erased};
    if (!value.empty()) std::memcpy(memory + sizeof(Addition), value.data(), value.size());
    leaf.set_newest(addition);
    count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void Overlay::put(std::string_view key, Version version, std::string_view value) {
    add(key, version, value, false);
}

void Overlay::erase(std::string_view key, Version version) {
    add(key, version, {}, true);
}

Overlay::Found Overlay::find(std::string_view key, Version up_to) const {
    const std::uint64_t hash = hash_of(key);
    if ((filter_word(hash).load(std::memory_order_relaxed) & bit_of(hash)) == 0) return {};
    const KeyTree::Leaf* leaf = keys_.find(key);
    const Addition* addition = leaf == nullptr ? nullptr : newest_of(*leaf, up_to);
    return addition == nullptr ? Found{} : to_found(*addition);
}

Overlay::Found Overlay::Cursor::found() const {
    return to_found(*seen_);
}

bool Overlay::Cursor::settled() {
    const KeyTree::Leaf* leaf = walk_.leaf();
    seen_ = leaf == nullptr ? nullptr : newest_of(*leaf, up_to_);
    return leaf == nullptr || seen_ != nullptr;
}

void Overlay::Cursor::seek_at_least(std::string_view key) {
    walk_.seek_at_least(key);
    while (!settled())
        walk_.next();
}

void Overlay::Cursor::seek_below(std::string_view key) {
    walk_.seek_below(key);
    while (!settled())
        walk_.previous();
}

void Overlay::Cursor::next() {
    do
        walk_.next();
    while (!settled());
}

void Overlay::Cursor::previous() {
    do
        walk_.previous();
    while (!settled());
}

}  // namespace alcove::kv

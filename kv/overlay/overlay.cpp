// The skip list of commits that the index does not hold yet.
#include "kv/overlay/overlay.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>
#include <limits>
#include <new>

namespace alcove::kv {

// One allocation holds the node, its tower of links, the key and the value.
struct Overlay::Node {
    Version version;
    std::uint32_t key_size;
    std::uint32_t value_size;
    std::uint8_t height;
    bool erased;

    std::atomic<Node*>* links() { return reinterpret_cast<std::atomic<Node*>*>(this + 1); }
    const std::atomic<Node*>* links() const { return reinterpret_cast<const std::atomic<Node*>*>(this + 1); }
    const Node* next(int level = 0) const { return links()[level].load(std::memory_order_acquire); }
    Node* next(int level = 0) { return links()[level].load(std::memory_order_acquire); }
    char* bytes() { return reinterpret_cast<char*>(links() + height); }
    const char* bytes() const { return reinterpret_cast<const char*>(links() + height); }
    std::string_view key() const { return {bytes(), key_size}; }
    std::string_view value() const { return {bytes() + key_size, value_size}; }

    // Whether this node comes before (key, version): by key, then newest first.
    bool before(std::string_view other, Version other_version) const {
        const int order = key().compare(other);
        return order < 0 || (order == 0 && version > other_version);
    }
};

namespace {

std::uint64_t hash_of(std::string_view key) {
    return XXH3_64bits(key.data(), key.size());
}

std::uint64_t bit_of(std::uint64_t hash) {
    return std::uint64_t{1} << (hash & 63);
}

}  // namespace

Overlay::Overlay()
    : filter_(std::make_unique<std::array<std::atomic<std::uint64_t>, filter_words>>()),
      head_(make_node({}, 0, {}, false, height_max)) {}

Overlay::Node* Overlay::make_node(std::string_view key, Version version, std::string_view value, bool erased,
                                  int height) {
    const std::size_t links = static_cast<std::size_t>(height) * sizeof(std::atomic<Node*>);
    char* memory = arena_.allocate(sizeof(Node) + links + key.size() + value.size());
    Node* node = new (memory) Node{.version = version,
                                   .key_size = static_cast<std::uint32_t>(key.size()),
                                   .value_size = static_cast<std::uint32_t>(value.size()),
                                   .height = static_cast<std::uint8_t>(height),
                                   .erased = erased};
    for (int level = 0; level < height; ++level)
        new (node->links() + level) std::atomic<Node*>(nullptr);
    if (!key.empty()) std::memcpy(node->bytes(), key.data(), key.size());
    if (!value.empty()) std::memcpy(node->bytes() + key.size(), value.data(), value.size());
    return node;
}

int Overlay::random_height() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    int height = 1;
    for (std::uint64_t bits = random_; height < height_max && (bits & 3) == 0; bits >>= 2)
        ++height;
    return height;
}

const Overlay::Node* Overlay::seek(std::string_view key, Version version, Node** before) const {
    Node* at = head_;
    for (int level = height_.load(std::memory_order_relaxed) - 1;; --level) {
        Node* next = at->next(level);
        while (next && next->before(key, version)) {
            at = next;
            next = at->next(level);
        }
        if (before) before[level] = at;
        if (level == 0) return next;
    }
}

const Overlay::Node* Overlay::last_before(std::string_view key, Version version) const {
    Node* before[height_max];
    seek(key, version, before);
    return before[0] == head_ ? nullptr : before[0];
}

std::atomic<std::uint64_t>& Overlay::filter_word(std::uint64_t hash) const {
    return (*filter_)[(hash >> 6) % filter_words];
}

void Overlay::add(std::string_view key, Version version, std::string_view value, bool erased) {
    const std::uint64_t hash = hash_of(key);
    auto& word = filter_word(hash);
    word.store(word.load(std::memory_order_relaxed) | bit_of(hash), std::memory_order_relaxed);
    Node* before[height_max];
    seek(key, version, before);
    const int height = random_height();
    for (int level = height_.load(std::memory_order_relaxed); level < height; ++level)
        before[level] = head_;
    if (height > height_.load(std::memory_order_relaxed)) height_.store(height, std::memory_order_relaxed);
    Node* node = make_node(key, version, value, erased, height);
    for (int level = 0; level < height; ++level) {
        node->links()[level].store(before[level]->next(level), std::memory_order_relaxed);
        before[level]->links()[level].store(node, std::memory_order_release);
    }
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
    const Node* node = seek(key, up_to, nullptr);
    if (!node || node->key() != key) return {};
    if (node->erased) return {.state = Found::State::erased, .value = {}};
    return {.state = Found::State::value, .value = node->value()};
}

std::string_view Overlay::Cursor::key() const {
    return node_->key();
}

Overlay::Found Overlay::Cursor::found() const {
    if (node_->erased) return {.state = Found::State::erased, .value = {}};
    return {.state = Found::State::value, .value = node_->value()};
}

void Overlay::Cursor::seek_at_least(std::string_view key) {
    settle_forward(overlay_->seek(key, std::numeric_limits<Version>::max(), nullptr));
}

void Overlay::Cursor::seek_below(std::string_view key) {
    settle_backward(overlay_->last_before(key, std::numeric_limits<Version>::max()));
}

void Overlay::Cursor::next() {
    const std::string_view passed = node_->key();
    const Node* node = node_->next();
    while (node && node->key() == passed)
        node = node->next();
    settle_forward(node);
}

void Overlay::Cursor::previous() {
    seek_below(node_->key());
}

// `node` is the newest entry of its key, or null.
void Overlay::Cursor::settle_forward(const Node* node) {
    while (node && node->version > up_to_)
        node = node->next();
    node_ = node;
}

// `node` is the oldest entry of its key, or null: when that may not be seen, nothing of the key may.
void Overlay::Cursor::settle_backward(const Node* node) {
    while (node && node->version > up_to_) {
        node = overlay_->last_before(node->key(), std::numeric_limits<Version>::max());
    }
    node_ = node ? overlay_->seek(node->key(), up_to_, nullptr) : nullptr;
}

}  // namespace alcove::kv

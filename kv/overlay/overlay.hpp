// The commits that the index does not hold yet: an ordered map in memory with many versions of a key.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "kv/overlay/arena.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

// Operation: a skip list after LevelDB's, ordered by key and, within a key, newest version first. Entries are only
// ever added; the whole overlay goes at once when the index has caught up with it. Most keys that are looked up are
// not here, and to walk the list for them is a dozen cache misses: a bit for each hash of a key says so with one.
//
// Concurrency: one thread adds; any number of threads read without locks while it does. A reader names the version
// up to which it sees entries, so entries of a commit that is not yet durable can be added before it may be seen.
//
// Limitations: memory is bounded by its owner, who watches bytes().
class Overlay {
    struct Node;

public:
    Overlay();
    Overlay(const Overlay&) = delete;
    Overlay& operator=(const Overlay&) = delete;

    struct Found {
        enum class State : std::uint8_t { none, erased, value };
        State state = State::none;
        std::string_view value;  // lives as long as the overlay
    };

    // Versions of one key must be added in rising order; a second addition of a key at one version wins.
    void put(std::string_view key, Version version, std::string_view value);
    void erase(std::string_view key, Version version);

    // The newest entry of `key` whose version is at most `up_to`. On another thread than the adding one: of what
    // was added before `up_to` was published.
    Found find(std::string_view key, Version up_to) const;

    bool empty() const { return count() == 0; }
    std::size_t count() const { return count_.load(std::memory_order_relaxed); }
    std::size_t bytes() const { return arena_.bytes(); }

    // Walks the newest entries up to a version, one per key, erased ones included.
    class Cursor {
    public:
        Cursor(const Overlay& overlay, Version up_to) : overlay_(&overlay), up_to_(up_to) {}

        bool valid() const { return node_ != nullptr; }
        std::string_view key() const;
        Found found() const;

        void seek_at_least(std::string_view key);  // the first key >= key
        void seek_below(std::string_view key);     // the last key < key
        void next();
        void previous();

    private:
        void settle_forward(const Node* node);
        void settle_backward(const Node* node);

        const Overlay* overlay_;
        Version up_to_;
        const Node* node_ = nullptr;
    };

private:
    static constexpr int height_max = 12;
    // For the half a million keys of a full overlay one look-up in sixteen is in vain.
    static constexpr std::size_t filter_words = std::size_t{1} << 17;

    void add(std::string_view key, Version version, std::string_view value, bool erased);
    Node* make_node(std::string_view key, Version version, std::string_view value, bool erased, int height);
    int random_height();
    // The first node not before (key, version) in order; `before` gets the last node before it on each level.
    const Node* seek(std::string_view key, Version version, Node** before) const;
    const Node* last_before(std::string_view key, Version version) const;

    std::atomic<std::uint64_t>& filter_word(std::uint64_t hash) const;

    Arena arena_;
    std::unique_ptr<std::array<std::atomic<std::uint64_t>, filter_words>> filter_;
    Node* head_;
    std::atomic<int> height_{1};
    std::atomic<std::size_t> count_{0};
    std::uint64_t random_ = 0x9e3779b97f4a7c15ULL;
};

}  // namespace alcove::kv

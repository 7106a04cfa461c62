// The commits that the index does not hold yet: an ordered map in memory with many versions of a key.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "kv/overlay/arena.hpp"
#include "kv/overlay/key_tree.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

// Operation: a tree of the keys; each key's additions are a list, newest first. Entries are only ever added; the
// whole overlay goes at once when the index has caught up with it. Most keys that are looked up are not here: a bit
// for each hash of a key says so with one cache miss.
//
// Concurrency: one thread adds; any number of threads read without locks while it does. A reader names the version
// up to which it sees entries, so entries of a commit that is not yet durable can be added before it may be seen.
//
// Limitations: memory is bounded by its owner, who watches bytes().
class Overlay {
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
        Cursor(const Overlay& overlay, Version up_to) : walk_(overlay.keys_), up_to_(up_to) {}

        bool valid() const { return walk_.leaf() != nullptr; }
        std::string_view key() const { return walk_.leaf()->key(); }
        Found found() const;

        void seek_at_least(std::string_view key);  // the first key >= key
        void seek_below(std::string_view key);     // the last key < key
        void next();
        void previous();

    private:
        // Whether the walk is at a key that may be seen; else it must go on.
        bool settled();

        KeyTree::Walk walk_;
        Version up_to_;
        const Addition* seen_ = nullptr;
    };

private:
    // For the half a million keys of a full overlay one look-up in sixteen is in vain.
    static constexpr std::size_t filter_words = std::size_t{1} << 17;

    void add(std::string_view key, Version version, std::string_view value, bool erased);
    std::atomic<std::uint64_t>& filter_word(std::uint64_t hash) const;

    Arena arena_;
    std::unique_ptr<std::array<std::atomic<std::uint64_t>, filter_words>> filter_;
    KeyTree keys_{arena_};
    std::atomic<std::size_t> count_{0};
};

}  // namespace alcove::kv

// Keys in order: the adaptive radix tree that an overlay keeps its keys in.
#pragma once

#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kv/overlay/arena.hpp"

namespace alcove::kv {

// What was put at a key, see Overlay.
struct Addition;

// Operation: after Leis, Kemper and Neumann, "The Adaptive Radix Tree" (ICDE 2013). A node branches at one byte of
// the keys, to a node or to the leaf of a key, and has room for 4, 16, 48 or 256 branches. It knows the position of
// that byte, so the bytes that all keys below it share are skipped, and compared once with the key that is found.
// To find one among a million keys visits some seven nodes.
//
// Concurrency: one thread adds; any number of threads read without locks while it does. A node that must grow is
// replaced by a larger copy: who is still in the former one misses what is added from then on, and nothing else.
//
// Limitations: no key is ever removed, and the memory of former nodes stays with the arena.
class KeyTree {
public:
    class Leaf {
    public:
        explicit Leaf(std::size_t key_bytes) : key_bytes_(key_bytes) {}

        std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_bytes_}; }
        // Null until it is set for the first time.
        const Addition* newest() const { return newest_.load(std::memory_order_acquire); }
        void set_newest(const Addition* addition) { newest_.store(addition, std::memory_order_release); }

    private:
        std::atomic<const Addition*> newest_{nullptr};
        std::size_t key_bytes_;
    };

    explicit KeyTree(Arena& arena) : arena_(arena) {}
    KeyTree(const KeyTree&) = delete;
    KeyTree& operator=(const KeyTree&) = delete;

    // Leaves live as long as the arena. Null when there is none.
    const Leaf* find(std::string_view key) const;
    Leaf& find_or_add(std::string_view key);

private:
    struct Node;

    // To a node, to a leaf, or to nothing.
    class Link {
    public:
        Link() = default;
        explicit Link(Node* node) : to_(reinterpret_cast<char*>(node)) {}
        explicit Link(Leaf* leaf) : to_(reinterpret_cast<char*>(leaf) + 1) {}
        explicit operator bool() const { return to_ != nullptr; }
        bool is_leaf() const { return (reinterpret_cast<std::uintptr_t>(to_) & 1) != 0; }
        Leaf* leaf() const { return reinterpret_cast<Leaf*>(to_ - 1); }
        Node* node() const { return reinterpret_cast<Node*>(to_); }

    private:
        char* to_ = nullptr;  // one byte into a leaf: both have even addresses
    };

public:
    // Goes over the leaves in the order of their keys.
    class Walk {
    public:
        explicit Walk(const KeyTree& tree) : tree_(&tree) {}

        // Null before the first seek and behind either end.
        const Leaf* leaf() const { return leaf_; }
        void seek_at_least(std::string_view key) { seek(key, Way::up); }  // the first key >= key
        void seek_below(std::string_view key) { seek(key, Way::down); }   // the last key < key
        void next() { step(Way::up); }
        void previous() { step(Way::down); }

    private:
        friend class KeyTree;
        enum class Way : std::uint8_t { up, down };
        struct Turn {
            const Node* node;
            int branch;  // that was taken there
        };

        void seek(std::string_view key, Way way);
        void step(Way way);
        void settle(Link link, Way way);

        const KeyTree* tree_;
        const Leaf* leaf_ = nullptr;
        boost::container::small_vector<Turn, 16> path_;
    };

private:
    // A leaf that has as many bytes in common with the key as any; null in an empty tree.
    Leaf* nearest(std::string_view key) const;
    Leaf* make_leaf(std::string_view key);
    template <class Kind>
    Kind* make_node(std::size_t position, Leaf* sample, Link own);
    // To the node that `place` links to, or to a larger copy that it links to from then on.
    void add_branch(std::atomic<Link>& place, unsigned char byte, Link to);

    Arena& arena_;
    std::atomic<Link> root_{};
};

}  // namespace alcove::kv

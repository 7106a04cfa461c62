// The tree of an overlay's keys.
#include "kv/overlay/key_tree.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace alcove::kv {

namespace {

// Branches of a node, in their order: the key that ends where it branches, then the bytes.
constexpr int own_branch = -1;
constexpr int before_all = -2;
constexpr int behind_all = 256;

std::size_t common_bytes(std::string_view a, std::string_view b) {
    const std::size_t shorter = std::min(a.size(), b.size());
    std::size_t common = 0;
    while (common < shorter && a[common] == b[common])
        ++common;
    return common;
}

unsigned char byte_at(std::string_view key, std::size_t position) {
    return static_cast<unsigned char>(key[position]);
}

}  // namespace

// The part that all kinds have.
struct KeyTree::Node {
    enum class Kind : std::uint8_t { four, sixteen, middle, full };
    using AtomicLink = std::atomic<Link>;

    template <std::size_t capacity>
    struct Small;
    struct Middle;
    struct Full;

    struct Branch {
        int number;
        Link to;
    };

    Node(Kind its_kind, std::size_t branches_at, Leaf* some_leaf, Link own_leaf)
        : kind(its_kind), position(static_cast<std::uint32_t>(branches_at)), sample(some_leaf), own(own_leaf) {}

    // As the kind that it is.
    template <class Self, class Visit>
    static decltype(auto) visit(Self& self, Visit visit);

    // Null, or a place that links to nothing, when there is no such branch.
    const AtomicLink* find(unsigned char byte) const;
    Link link(unsigned char byte) const;
    // The nearest branch behind that number, or before it; to nothing when there is none.
    Branch neighbour(int number, Walk::Way way) const;
    template <class Kind>
    static Branch neighbour_of(const Kind& node, int number, Walk::Way way);
    // False when there is no room.
    bool try_add(unsigned char byte, Link to);

    const Kind kind;
    std::atomic<std::uint8_t> count{0};  // of branches; a full node does not keep it
    const std::uint32_t position;        // of the byte that it branches at
    Leaf* const sample;                  // any that is below
    AtomicLink own;                      // the leaf whose key ends at `position`
};

// Branches in the order in which they came.
template <std::size_t capacity>
struct KeyTree::Node::Small : Node {
    Small(std::size_t branches_at, Leaf* some_leaf, Link own_leaf)
        : Node(capacity == 4 ? Kind::four : Kind::sixteen, branches_at, some_leaf, own_leaf) {}

    const AtomicLink* find_here(unsigned char byte) const {
        const std::size_t filled = count.load(std::memory_order_acquire);
        for (std::size_t i = 0; i < filled; ++i) {
            if (bytes[i] == byte) return &to[i];
        }
        return nullptr;
    }
    bool try_add_here(unsigned char byte, Link link) {
        const std::size_t filled = count.load(std::memory_order_relaxed);
        if (filled == capacity) return false;
        bytes[filled] = byte;
        to[filled].store(link, std::memory_order_relaxed);
        count.store(static_cast<std::uint8_t>(filled + 1), std::memory_order_release);
        return true;
    }
    Branch neighbour_here(int number, Walk::Way way) const {
        const std::size_t filled = count.load(std::memory_order_acquire);
        const bool up = way == Walk::Way::up;
        Branch nearest{.number = up ? behind_all : own_branch, .to = {}};
        for (std::size_t i = 0; i < filled; ++i) {
            const int other = bytes[i];
            const bool nearer =
                up ? other > number && other < nearest.number : other < number && other > nearest.number;
            if (nearer) nearest = {.number = other, .to = to[i].load(std::memory_order_acquire)};
        }
        return nearest;
    }

    std::array<unsigned char, capacity> bytes{};
    std::array<AtomicLink, capacity> to{};
};

// Of a node that has them in the order of their bytes.
template <class Kind>
KeyTree::Node::Branch KeyTree::Node::neighbour_of(const Kind& node, int number, Walk::Way way) {
    const int step = way == Walk::Way::up ? 1 : -1;
    const int first = way == Walk::Way::up ? std::max(number + 1, 0) : number - 1;
    for (int other = first; other > own_branch && other < behind_all; other += step) {
        const AtomicLink* place = node.find_here(static_cast<unsigned char>(other));
        if (place == nullptr) continue;
        if (const Link to = place->load(std::memory_order_acquire)) return {.number = other, .to = to};
    }
    return {.number = number, .to = {}};
}

struct KeyTree::Node::Middle : Node {
    static constexpr std::size_t capacity = 48;

    Middle(std::size_t branches_at, Leaf* some_leaf, Link own_leaf)
        : Node(Kind::middle, branches_at, some_leaf, own_leaf) {}

    const AtomicLink* find_here(unsigned char byte) const {
        const std::size_t slot = slots[byte].load(std::memory_order_acquire);
        return slot == 0 ? nullptr : &to[slot - 1];
    }
    bool try_add_here(unsigned char byte, Link link) {
        const std::size_t filled = count.load(std::memory_order_relaxed);
        if (filled == capacity) return false;
        to[filled].store(link, std::memory_order_relaxed);
        count.store(static_cast<std::uint8_t>(filled + 1), std::memory_order_relaxed);
        slots[byte].store(static_cast<std::uint8_t>(filled + 1), std::memory_order_release);
        return true;
    }

    Branch neighbour_here(int number, Walk::Way way) const { return neighbour_of(*this, number, way); }

    std::array<std::atomic<std::uint8_t>, 256> slots{};  // of the byte's branch in `to`, plus one; 0: none
    std::array<AtomicLink, capacity> to{};
};

struct KeyTree::Node::Full : Node {
    Full(std::size_t branches_at, Leaf* some_leaf, Link own_leaf)
        : Node(Kind::full, branches_at, some_leaf, own_leaf) {}

    const AtomicLink* find_here(unsigned char byte) const { return &to[byte]; }
    bool try_add_here(unsigned char byte, Link link) {
        to[byte].store(link, std::memory_order_release);
        return true;
    }
    Branch neighbour_here(int number, Walk::Way way) const { return neighbour_of(*this, number, way); }

    std::array<AtomicLink, 256> to{};
};

template <class Self, class Visit>
decltype(auto) KeyTree::Node::visit(Self& self, Visit visit) {
    constexpr bool is_const = std::is_const_v<Self>;
    switch (self.kind) {
        case Kind::four:
            return visit(static_cast<std::conditional_t<is_const, const Small<4>, Small<4>>&>(self));
        case Kind::sixteen:
            return visit(static_cast<std::conditional_t<is_const, const Small<16>, Small<16>>&>(self));
        case Kind::middle:
            return visit(static_cast<std::conditional_t<is_const, const Middle, Middle>&>(self));
        case Kind::full:
            break;
    }
    return visit(static_cast<std::conditional_t<is_const, const Full, Full>&>(self));
}

const KeyTree::Node::AtomicLink* KeyTree::Node::find(unsigned char byte) const {
    return visit(*this, [byte](const auto& node) { return node.find_here(byte); });
}

KeyTree::Link KeyTree::Node::link(unsigned char byte) const {
    const AtomicLink* place = find(byte);
    return place == nullptr ? Link() : place->load(std::memory_order_acquire);
}

KeyTree::Node::Branch KeyTree::Node::neighbour(int number, Walk::Way way) const {
    const bool up = way == Walk::Way::up;
    if (up && number < own_branch) {
        if (const Link leaf = own.load(std::memory_order_acquire)) return {.number = own_branch, .to = leaf};
    }
    const Branch byte = visit(*this, [&](const auto& node) { return node.neighbour_here(number, way); });
    if (byte.to || up || number <= own_branch) return byte;
    return {.number = own_branch, .to = own.load(std::memory_order_acquire)};
}

bool KeyTree::Node::try_add(unsigned char byte, Link to) {
    return visit(*this, [&](auto& node) { return node.try_add_here(byte, to); });
}

template <class Kind>
Kind* KeyTree::make_node(std::size_t position, Leaf* sample, Link own) {
    return new (arena_.allocate(sizeof(Kind))) Kind(position, sample, own);
}

KeyTree::Leaf* KeyTree::make_leaf(std::string_view key) {
    char* memory = arena_.allocate(sizeof(Leaf) + key.size());
    auto* leaf = new (memory) Leaf(key.size());
    if (!key.empty()) std::memcpy(memory + sizeof(Leaf), key.data(), key.size());
    return leaf;
}

const KeyTree::Leaf* KeyTree::find(std::string_view key) const {
    Link link = root_.load(std::memory_order_acquire);
    while (link && !link.is_leaf()) {
        const Node& node = *link.node();
        if (node.position > key.size()) return nullptr;
        link = node.position == key.size() ? node.own.load(std::memory_order_acquire)
                                           : node.link(byte_at(key, node.position));
    }
    return link && link.leaf()->key() == key ? link.leaf() : nullptr;
}

KeyTree::Leaf* KeyTree::nearest(std::string_view key) const {
    Link link = root_.load(std::memory_order_acquire);
    if (!link) return nullptr;
    while (!link.is_leaf()) {
        const Node& node = *link.node();
        if (node.position > key.size()) return node.sample;
        const Link next = node.position == key.size() ? node.own.load(std::memory_order_acquire)
                                                      : node.link(byte_at(key, node.position));
        if (!next) return node.sample;
        link = next;
    }
    return link.leaf();
}

KeyTree::Leaf& KeyTree::find_or_add(std::string_view key) {
    Leaf* const near = nearest(key);
    if (near == nullptr) {
        Leaf* first = make_leaf(key);
        root_.store(Link(first), std::memory_order_release);
        return *first;
    }
    const std::size_t common = common_bytes(near->key(), key);
    if (common == key.size() && common == near->key().size()) return *near;

    // Down to where the key parts from those that are there.
    std::atomic<Link>* place = &root_;
    Link link = place->load(std::memory_order_relaxed);
    while (!link.is_leaf() && link.node()->position < common) {
        place = const_cast<std::atomic<Link>*>(link.node()->find(byte_at(key, link.node()->position)));
        link = place->load(std::memory_order_relaxed);
    }
    Leaf* const leaf = make_leaf(key);
    if (link.is_leaf() || link.node()->position > common) {
        const bool near_ends = near->key().size() == common;
        auto* fork = make_node<Node::Small<4>>(common, near, near_ends ? link : Link());
        if (!near_ends) fork->try_add_here(byte_at(near->key(), common), link);
        link = Link(fork);
        if (key.size() == common) {
            fork->own.store(Link(leaf), std::memory_order_relaxed);
        } else {
            fork->try_add_here(byte_at(key, common), Link(leaf));
        }
        place->store(link, std::memory_order_release);
    } else if (key.size() == common) {
        link.node()->own.store(Link(leaf), std::memory_order_release);
    } else {
        add_branch(*place, byte_at(key, common), Link(leaf));
    }
    return *leaf;
}

void KeyTree::add_branch(std::atomic<Link>& place, unsigned char byte, Link to) {
    Node& node = *place.load(std::memory_order_relaxed).node();
    if (node.try_add(byte, to)) return;
    const auto grow = [&]<class Larger>(Larger* larger) {
        for (auto at = node.neighbour(own_branch, Walk::Way::up); at.to;
             at = node.neighbour(at.number, Walk::Way::up))
            larger->try_add_here(static_cast<unsigned char>(at.number), at.to);
        larger->try_add_here(byte, to);
        place.store(Link(larger), std::memory_order_release);
    };
    const Link own = node.own.load(std::memory_order_relaxed);
    if (node.kind == Node::Kind::four) {
        grow(make_node<Node::Small<16>>(node.position, node.sample, own));
    } else if (node.kind == Node::Kind::sixteen) {
        grow(make_node<Node::Middle>(node.position, node.sample, own));
    } else {
        grow(make_node<Node::Full>(node.position, node.sample, own));
    }
}

void KeyTree::Walk::seek(std::string_view key, Way way) {
    path_.clear();
    leaf_ = nullptr;
    const Leaf* near = tree_->nearest(key);
    if (near == nullptr) return;
    const std::size_t common = common_bytes(near->key(), key);
    Link link = tree_->root_.load(std::memory_order_acquire);
    while (!link.is_leaf() && link.node()->position < common) {
        const Node* node = link.node();
        const unsigned char byte = byte_at(key, node->position);
        path_.push_back({.node = node, .branch = byte});
        link = node->link(byte);
    }
    const bool up = way == Way::up;
    if (!link.is_leaf() && link.node()->position == common) {
        const int absent = key.size() == common ? (up ? before_all : own_branch) : byte_at(key, common);
        path_.push_back({.node = link.node(), .branch = absent});
        step(way);
        return;
    }
    // All that is below has the same bytes up to where the key parts from it.
    if (up == (near->key() >= key)) {
        settle(link, way);
    } else {
        step(way);
    }
}

void KeyTree::Walk::step(Way way) {
    while (!path_.empty()) {
        const Node::Branch branch = path_.back().node->neighbour(path_.back().branch, way);
        if (branch.to) {
            path_.back().branch = branch.number;
            settle(branch.to, way);
            return;
        }
        path_.pop_back();
    }
    leaf_ = nullptr;
}

// At the first leaf of all that is below, or at the last.
void KeyTree::Walk::settle(Link link, Way way) {
    while (!link.is_leaf()) {
        const Node* node = link.node();
        const Node::Branch branch = node->neighbour(way == Way::up ? before_all : behind_all, way);
        path_.push_back({.node = node, .branch = branch.number});
        link = branch.to;
    }
    leaf_ = link.leaf();
}

}  // namespace alcove::kv

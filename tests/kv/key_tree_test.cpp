// The tree of an overlay's keys against std::set, over keys of every shape, and under readers while it grows.
#include "kv/overlay/key_tree.hpp"

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using alcove::kv::Arena;
using alcove::kv::KeyTree;

struct Tree {
    Arena arena;
    KeyTree keys{arena};
};

std::string print(const std::string* key) {
    return key == nullptr ? "none" : *key;
}

std::string print(const KeyTree::Leaf* leaf) {
    return leaf == nullptr ? "none" : std::string(leaf->key());
}

const std::string* first_at_least(const std::set<std::string>& model, const std::string& key) {
    const auto at = model.lower_bound(key);
    return at == model.end() ? nullptr : &*at;
}

const std::string* last_below(const std::set<std::string>& model, const std::string& key) {
    const auto at = model.lower_bound(key);
    return at == model.begin() ? nullptr : &*std::prev(at);
}

// Up to `bytes_max` bytes out of an alphabet of that size, which begins in the middle so that both signs of char
// occur; the empty key too.
std::string random_key(std::mt19937& random, std::size_t bytes_max, unsigned alphabet) {
    std::string key(random() % (bytes_max + 1), '\0');
    for (char& c : key)
        c = static_cast<char>(128 + random() % alphabet - alphabet / 2);
    return key;
}

void check_against(const KeyTree& keys, const std::set<std::string>& model, const std::string& probe) {
    BOOST_TEST((keys.find(probe) != nullptr) == model.contains(probe));
    KeyTree::Walk walk(keys);
    walk.seek_at_least(probe);
    BOOST_TEST(print(walk.leaf()) == print(first_at_least(model, probe)));
    walk.seek_below(probe);
    BOOST_TEST(print(walk.leaf()) == print(last_below(model, probe)));
}

void check_both_ways(const KeyTree& keys, const std::set<std::string>& model) {
    std::vector<std::string> up;
    KeyTree::Walk walk(keys);
    for (walk.seek_at_least(""); walk.leaf() != nullptr; walk.next())
        up.emplace_back(walk.leaf()->key());
    BOOST_TEST(std::ranges::equal(up, model));
    std::vector<std::string> down;
    for (walk.seek_below(std::string(600, '\xff')); walk.leaf() != nullptr; walk.previous())
        down.emplace_back(walk.leaf()->key());
    BOOST_TEST(std::equal(down.begin(), down.end(), model.rbegin(), model.rend()));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_tree)

BOOST_AUTO_TEST_CASE(an_empty_tree_has_nothing_anywhere) {
    Tree tree;
    check_against(tree.keys, {}, "");
    check_against(tree.keys, {}, "a");
}

BOOST_AUTO_TEST_CASE(a_key_that_is_there_is_not_added_again) {
    Tree tree;
    auto& leaf = tree.keys.find_or_add("key");
    BOOST_TEST(&tree.keys.find_or_add("key") == &leaf);
    BOOST_TEST(tree.keys.find("key") == &leaf);
    BOOST_TEST(leaf.newest() == nullptr);
}

BOOST_AUTO_TEST_CASE(keys_that_begin_other_keys_come_before_them) {
    const std::set<std::string> model = {"", "a", "ab", "abc", "abcdefgh", "abd", "b", std::string(1, '\0')};
    std::vector<std::string> order(model.begin(), model.end());
    std::mt19937 random(1);
    for (int round = 0; round < 50; ++round) {
        std::ranges::shuffle(order, random);
        Tree tree;
        for (const auto& key : order)
            tree.keys.find_or_add(key);
        check_both_ways(tree.keys, model);
        for (const char* probe : {"", "a", "aa", "abcd", "abcdefgh", "abcdefghi", "abcz", "c"})
            check_against(tree.keys, model, probe);
    }
}

// Alphabets of 2 to 256 characters make nodes of all four sizes.
BOOST_AUTO_TEST_CASE(random_keys_are_found_and_walked_as_in_a_set) {
    for (const unsigned alphabet : {2U, 4U, 5U, 16U, 17U, 48U, 49U, 200U, 256U}) {
        for (const std::size_t bytes_max : {std::size_t{2}, std::size_t{3}, std::size_t{40}}) {
            std::mt19937 random(alphabet * 100 + static_cast<unsigned>(bytes_max));
            Tree tree;
            std::set<std::string> model;
            for (int i = 0; i < 1500; ++i) {
                auto key = random_key(random, bytes_max, alphabet);
                // Many share what they begin with, as the keys of a namespace do.
                if (!model.empty() && random() % 2 == 0) {
                    const auto at = model.lower_bound(key);
                    const std::string& other = at == model.end() ? *model.begin() : *at;
                    key = other.substr(0, random() % (other.size() + 1)) + key;
                }
                tree.keys.find_or_add(key);
                model.insert(key);
                check_against(tree.keys, model, random_key(random, bytes_max, alphabet));
                if (i % 100 == 0) check_both_ways(tree.keys, model);
            }
            check_both_ways(tree.keys, model);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_longest_keys_are_kept_apart_by_their_last_byte) {
    Tree tree;
    std::set<std::string> model;
    for (int byte = 0; byte < 256; ++byte)
        model.insert(std::string(511, 'x') + static_cast<char>(byte));
    for (const auto& key : model)
        tree.keys.find_or_add(key);
    check_both_ways(tree.keys, model);
}

BOOST_AUTO_TEST_CASE(readers_find_all_that_was_there_before_while_the_tree_grows) {
    constexpr int rounds = 20'000;
    Tree tree;
    std::atomic<int> added{0};
    std::atomic<int> missed{0};
    std::atomic<int> disordered{0};
    const auto key_of = [](int number) {  // spread, so that nodes grow everywhere
        const auto mixed = static_cast<std::uint32_t>(number) * 2654435761U;
        return std::string{static_cast<char>(mixed >> 24), static_cast<char>(mixed >> 16),
                           static_cast<char>(mixed)} +
               std::to_string(number);
    };
    const auto read = [&](unsigned seed) {
        std::mt19937 random(seed);
        while (added.load() < rounds) {
            const int there = added.load();
            if (there == 0) continue;
            const std::string key = key_of(static_cast<int>(random() % static_cast<unsigned>(there)));
            if (tree.keys.find(key) == nullptr) ++missed;
            KeyTree::Walk walk(tree.keys);
            walk.seek_at_least(key);
            if (walk.leaf() == nullptr || walk.leaf()->key() != key) ++missed;
            std::string last = key;
            for (int steps = 0; steps < 20 && walk.leaf() != nullptr; ++steps, walk.next()) {
                if (walk.leaf()->key() < last) ++disordered;
                last = walk.leaf()->key();
            }
            walk.seek_below(key);
            if (walk.leaf() != nullptr && walk.leaf()->key() >= key) ++disordered;
        }
    };
    std::thread one(read, 1);
    std::thread other(read, 2);
    for (int number = 0; number < rounds; ++number) {
        tree.keys.find_or_add(key_of(number));
        added.store(number + 1);
    }
    one.join();
    other.join();
    BOOST_TEST(missed == 0);
    BOOST_TEST(disordered == 0);
}

BOOST_AUTO_TEST_SUITE_END()

// The overlay against a plain model, and under a reader while it is written.
#include "kv/overlay/overlay.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using alcove::kv::Overlay;
using alcove::kv::Version;

constexpr Version latest = std::numeric_limits<Version>::max();

std::string text(const Overlay::Found& found) {
    if (found.state == Overlay::Found::State::none) return "none";
    return found.state == Overlay::Found::State::erased ? "erased" : std::string(found.value);
}

std::string forward(const Overlay& overlay, Version up_to) {
    std::string out;
    Overlay::Cursor cursor(overlay, up_to);
    for (cursor.seek_at_least(""); cursor.valid(); cursor.next()) {
        out += std::string(cursor.key()) + "=" + text(cursor.found()) + " ";
    }
    return out;
}

std::string backward(const Overlay& overlay, Version up_to) {
    std::string out;
    Overlay::Cursor cursor(overlay, up_to);
    for (cursor.seek_below("\xff"); cursor.valid(); cursor.previous()) {
        out = std::string(cursor.key()) + "=" + text(cursor.found()) + " " + out;
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overlay)

BOOST_AUTO_TEST_CASE(a_reader_sees_the_newest_entry_up_to_its_version) {
    Overlay overlay;
    overlay.put("a", 3, "three");
    overlay.erase("a", 5);
    overlay.put("a", 7, "seven");

    BOOST_TEST(text(overlay.find("a", 2)) == "none");
    BOOST_TEST(text(overlay.find("a", 3)) == "three");
    BOOST_TEST(text(overlay.find("a", 4)) == "three");
    BOOST_TEST(text(overlay.find("a", 6)) == "erased");
    BOOST_TEST(text(overlay.find("a", latest)) == "seven");
    BOOST_TEST(text(overlay.find("", latest)) == "none");
}

BOOST_AUTO_TEST_CASE(the_last_addition_at_one_version_wins) {
    Overlay overlay;
    overlay.put("a", 3, "first");
    overlay.put("a", 3, "second");

    BOOST_TEST(text(overlay.find("a", 3)) == "second");
    BOOST_TEST(forward(overlay, latest) == "a=second ");
}

BOOST_AUTO_TEST_CASE(random_histories_read_like_a_map_at_every_version) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        std::mt19937 random(seed);
        Overlay overlay;
        std::map<std::string, std::map<Version, std::string>> model;
        for (Version version = 1; version <= 300; ++version) {
            std::string key(1 + random() % 2, static_cast<char>('a' + random() % 6));
            key += static_cast<char>('a' + random() % 6);
            const bool erase = random() % 4 == 0;
            const std::string value = erase ? "erased" : std::to_string(version);
            erase ? overlay.erase(key, version) : overlay.put(key, version, value);
            model[key][version] = value;
        }
        for (Version at = 0; at <= 300; at += 1 + random() % 30) {
            std::string expected;
            for (const auto& [key, versions] : model) {
                const auto after = versions.upper_bound(at);
                if (after != versions.begin()) expected += key + "=" + std::prev(after)->second + " ";
            }
            BOOST_TEST(forward(overlay, at) == expected, "seed " << seed << " at " << at);
            BOOST_TEST(backward(overlay, at) == expected, "seed " << seed << " at " << at);
        }
    }
}

BOOST_AUTO_TEST_CASE(seeking_lands_on_the_nearest_key_of_either_side) {
    Overlay overlay;
    overlay.put("b", 1, "1");
    overlay.put("d", 2, "2");
    overlay.put("c", 9, "9");
    Overlay::Cursor cursor(overlay, 5);

    cursor.seek_at_least("b");
    BOOST_TEST(cursor.key() == "b");
    cursor.seek_at_least("ba");
    BOOST_TEST(cursor.key() == "d");
    cursor.seek_below("d");
    BOOST_TEST(cursor.key() == "b");
    cursor.seek_below("b");
    BOOST_TEST(!cursor.valid());
}

BOOST_AUTO_TEST_CASE(readers_see_whole_versions_while_the_writer_adds) {
    Overlay overlay;
    std::atomic<Version> published{0};
    constexpr Version versions = 5000;
    std::vector<std::thread> readers;
    std::atomic<int> torn{0};
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            while (published.load() < versions) {
                const Version at = published.load();
                const std::string left = text(overlay.find("left", at));
                const std::string right = text(overlay.find("right", at));
                if (left != right || (at != 0 && left != std::to_string(at))) ++torn;
            }
        });
    }
    for (Version version = 1; version <= versions; ++version) {
        overlay.put("left", version, std::to_string(version));
        overlay.put("right", version, std::to_string(version));
        published.store(version);
    }
    for (auto& reader : readers)
        reader.join();
    BOOST_TEST(torn == 0);
}

BOOST_AUTO_TEST_SUITE_END()

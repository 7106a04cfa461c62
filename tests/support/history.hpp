// Random commits and reads over few keys that collide a lot, the same for the same seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "kv/types.hpp"

namespace alcove::test {

class HistoryGenerator {
public:
    explicit HistoryGenerator(std::uint64_t seed);

    // [0, bound)
    std::size_t below(std::size_t bound) { return random_() % bound; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    template <class T>
    const T& any_of(const std::vector<T>& choices) {
        return choices[below(choices.size())];
    }

    const std::string& key() { return any_of(keys_); }
    const std::vector<std::string>& keys() const { return keys_; }

    // Checks name versions out of `versions`, which the caller collects as it goes, or guess.
    kv::Commit commit(kv::TimeMs now_ms, const std::vector<kv::Version>& versions);
    kv::KeyRange range();
    kv::PageRequest page_request();

private:
    std::string make_key();
    std::string json();
    std::string value();
    kv::Expiry expiry(kv::TimeMs now_ms);
    kv::Operation put(kv::TimeMs now_ms);
    kv::Operation operation(kv::TimeMs now_ms);

    std::mt19937_64 random_;
    std::vector<std::string> keys_;
};

}  // namespace alcove::test

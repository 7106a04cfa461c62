// How long the loops of kills are, and which series of them: variables for longer runs and other seeds.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace alcove::test {

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace alcove::test

// Request ids: unique within the process, unlike those of another process, and free of allocation and locks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace alcove::http {

inline constexpr std::size_t request_id_bytes = 16;

// One per thread; `seed` is one random number of the process and `thread` tells its threads apart.
class RequestIds {
public:
    RequestIds(std::uint64_t seed, std::uint16_t thread) : next_(seed + (std::uint64_t{thread} << 48)) {}

    // The next id, 16 hexadecimal digits.
    std::array<char, request_id_bytes> next() {
        // The finalizer of splitmix64 is a bijection: counting up gives ids that look random and never meet.
        auto bits = next_++;
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
        bits ^= bits >> 31;
        std::array<char, request_id_bytes> text;
        for (auto& digit : text) {
            digit = "0123456789abcdef"[bits >> 60];
            bits <<= 4;
        }
        return text;
    }

private:
    std::uint64_t next_;
};

}  // namespace alcove::http

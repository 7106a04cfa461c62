// The Range header of RFC 9110, section 14.2.
#pragma once

#include <cstdint>
#include <string_view>

namespace alcove::http {

struct ByteRange {
    enum class Kind : std::uint8_t {
        whole,          // no range that is served: a unit that is not bytes, or several ranges
        part,           // `size` bytes from `offset` on, at least one
        unsatisfiable,  // it begins behind the end: 416
        malformed,      // of the unit bytes, and not what its syntax allows
    };
    Kind kind = Kind::whole;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

// Which bytes of a body of `size` bytes the header asks for. Never beyond its end. Pure.
ByteRange parse_range(std::string_view header, std::uint64_t size);

}  // namespace alcove::http

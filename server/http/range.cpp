#include "server/http/range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "server/http/text.hpp"

namespace alcove::http {
namespace {

using Kind = ByteRange::Kind;

// Digits alone; what is beyond 64 bits is behind every end.
std::optional<std::uint64_t> parse_position(std::string_view digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    std::uint64_t position = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), position);
    return parsed.ec == std::errc() ? position : std::numeric_limits<std::uint64_t>::max();
}

// The last bytes; of fewer, all.
ByteRange parse_suffix(std::string_view digits, std::uint64_t size) {
    const auto wanted = parse_position(digits);
    if (!wanted) return {.kind = Kind::malformed};
    if (*wanted == 0) return {.kind = Kind::unsatisfiable};
    if (size == 0) return {.kind = Kind::whole};
    const auto taken = std::min(*wanted, size);
    return {.kind = Kind::part, .offset = size - taken, .size = taken};
}

ByteRange parse_one(std::string_view range, std::uint64_t size) {
    const auto dash = range.find('-');
    if (dash == std::string_view::npos) return {.kind = Kind::malformed};
    if (dash == 0) return parse_suffix(range.substr(1), size);
    const auto first = parse_position(range.substr(0, dash));
    auto last = std::optional(std::numeric_limits<std::uint64_t>::max());
    if (dash + 1 < range.size()) last = parse_position(range.substr(dash + 1));
    if (!first || !last || *last < *first) return {.kind = Kind::malformed};
    if (*first >= size) return {.kind = Kind::unsatisfiable};
    return {.kind = Kind::part, .offset = *first, .size = std::min(*last, size - 1) - *first + 1};
}

}  // namespace

ByteRange parse_range(std::string_view header, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    header = trim(header);
    const auto mark = header.find('=');
    if (mark == std::string_view::npos) return {.kind = Kind::malformed};
    if (!equals(header.substr(0, mark + 1), unit)) return {};
    std::size_t ranges = 0;
    ByteRange found{.kind = Kind::malformed};
    for (auto rest = header.substr(unit.size());;) {
        const auto comma = rest.find(',');
        const auto range = trim(rest.substr(0, comma));
        if (!range.empty()) {
            found = parse_one(range, size);
            ++ranges;
            if (found.kind == Kind::malformed) return found;
        }
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    return ranges > 1 ? ByteRange{} : found;
}

}  // namespace alcove::http

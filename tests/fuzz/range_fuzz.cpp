// The Range header: the same as a plain reading of RFC 9110, section 14, and never beyond the end.
#include <algorithm>
#include <optional>
#include <string>

#include "server/http/range.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace alcove::http {
namespace {

using fuzz::require;
using Kind = ByteRange::Kind;
__extension__ using Wide = unsigned __int128;  // no sum of two positions is too large for it

std::optional<Wide> number(std::string_view digits) {
    constexpr Wide behind_every_end = UINT64_MAX;
    if (digits.empty()) return std::nullopt;
    Wide value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        value = std::min(value * 10 + static_cast<unsigned>(c - '0'), behind_every_end);
    }
    return value;
}

std::string without_blanks(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

ByteRange read_one(const std::string& range, Wide size) {
    const auto dash = range.find('-');
    if (dash == std::string::npos) return {.kind = Kind::malformed};
    const auto first = number(range.substr(0, dash));
    const auto last = number(range.substr(dash + 1));
    if ((!first && dash != 0) || (!last && dash + 1 != range.size()) || (!first && !last)) {
        return {.kind = Kind::malformed};
    }
    const auto part = [](Wide offset, Wide end) {
        return ByteRange{.kind = Kind::part,
                         .offset = static_cast<std::uint64_t>(offset),
                         .size = static_cast<std::uint64_t>(end - offset)};
    };
    if (!first) {
        if (*last == 0) return {.kind = Kind::unsatisfiable};
        if (size == 0) return {.kind = Kind::whole};
        return part(*last >= size ? 0 : size - *last, size);
    }
    if (last && *last < *first) return {.kind = Kind::malformed};
    if (*first >= size) return {.kind = Kind::unsatisfiable};
    return part(*first, !last || *last >= size ? size : *last + 1);
}

ByteRange read(const std::string& header, Wide size) {
    const auto text = without_blanks(header);
    const auto mark = text.find('=');
    if (mark == std::string::npos) return {.kind = Kind::malformed};
    std::string unit = text.substr(0, mark);
    for (auto& c : unit)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (unit != "bytes") return {};
    std::vector<ByteRange> ranges;
    for (std::size_t begin = mark + 1; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto range = without_blanks(std::string_view(text).substr(begin, end - begin));
        if (!range.empty()) ranges.push_back(read_one(range, size));
        if (!ranges.empty() && ranges.back().kind == Kind::malformed) return ranges.back();
        begin = end + 1;
    }
    if (ranges.empty()) return {.kind = Kind::malformed};
    return ranges.size() > 1 ? ByteRange{} : ranges.front();
}

}  // namespace
}  // namespace alcove::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace alcove;
    FuzzedDataProvider in(data, size);
    const auto bytes = in.ConsumeBool() ? in.ConsumeIntegral<std::uint8_t>() : in.ConsumeIntegral<std::uint64_t>();
    const auto header = in.ConsumeRemainingBytesAsString();
    const fuzz::Block block(header);
    const auto range = http::parse_range(block.view(), bytes);
    const auto plain = http::read(header, bytes);
    fuzz::require(range.kind == plain.kind, "a range is what a plain reading makes of it");
    if (range.kind != http::Kind::part) return 0;
    fuzz::require(range.offset == plain.offset && range.size == plain.size, "a part is where it is asked for");
    fuzz::require(range.size > 0 && range.offset < bytes && range.size <= bytes - range.offset, "within the body");
    return 0;
}

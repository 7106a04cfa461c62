#include "scopes/json_writer.hpp"

namespace alcove::scopes::json {

namespace {

// Zeroed at once: enough to be rare, little enough to be still in the cache when it is printed into.
constexpr std::size_t room_bytes = 1024;

bool must_be_escaped(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// Passes over blocks that hold nothing to escape. A block is looked at as a whole, which the compiler turns into a
// few instructions.
template <std::size_t Block>
std::size_t skip_blocks(std::string_view text, std::size_t begin) {
    for (; begin + Block <= text.size(); begin += Block) {
        bool any = false;
        for (std::size_t i = 0; i < Block; ++i)
            any |= must_be_escaped(text[begin + i]);
        if (any) break;
    }
    return begin;
}

// Where the first character that must be escaped stands, or the end.
std::size_t first_to_escape(std::string_view text, std::size_t begin) {
    begin = skip_blocks<8>(text, skip_blocks<16>(text, begin));
    while (begin < text.size() && !must_be_escaped(text[begin]))
        ++begin;
    return begin;
}

}  // namespace

Writer& Writer::string(std::string_view text) {
    std::size_t end = first_to_escape(text, 0);
    if (end == text.size()) return plain_string(text);
    separate();
    *take(1) = '"';
    put(text.substr(0, end));
    while (end < text.size()) {
        put_escape(text[end]);
        const std::size_t begin = end + 1;
        end = first_to_escape(text, begin);
        put(text.substr(begin, end - begin));
    }
    *take(1) = '"';
    return *this;
}

void Writer::put_escape(char c) {
    switch (c) {
        case '"':
            return put("\\\"");
        case '\\':
            return put("\\\\");
        case '\n':
            return put("\\n");
        case '\r':
            return put("\\r");
        case '\t':
            return put("\\t");
        default: {
            constexpr std::string_view digits = "0123456789abcdef";
            const auto code = static_cast<unsigned char>(c);
            put("\\u00");
            *take(1) = digits[code >> 4];
            *take(1) = digits[code & 15];
        }
    }
}

void Writer::grow(std::size_t bytes) {
    const std::size_t least = size_ + bytes;
    const std::size_t room = open_ == 0 ? 0 : room_bytes;  // outside containers nobody would cut it off
    out_.resize(std::min(least + room, std::max(least, out_.capacity())));
}

}  // namespace alcove::scopes::json

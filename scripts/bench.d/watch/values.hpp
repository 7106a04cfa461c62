// Values that say when and as which they were sent, and how they are found again in whatever a server makes of
// them.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "template.hpp"

// What a value says of itself.
struct Stamp {
    std::uint64_t sent_ns = 0;
    std::uint64_t number = 0;
};

class Values {
public:
    // Of 36 bytes or more. With `base64` they are looked for in base64, as etcd tells them.
    Values(std::size_t bytes, bool base64) : bytes_(bytes), base64_(base64) {}

    // at:<21 digits>no:<9 digits>xxx…
    std::string make(Stamp stamp) const {
        std::string value(bytes_, 'x');
        std::memcpy(value.data(), "at:", 3);
        put_digits(value.data() + 3, 21, stamp.sent_ns);
        std::memcpy(value.data() + 24, "no:", 3);
        put_digits(value.data() + 27, 9, stamp.number);
        return value;
    }

    // Calls found(Stamp) for each value in the text. Returns how much of it is done with: what is left is the
    // beginning of another value, and must come again with more behind it.
    template <class Found>
    std::size_t scan(std::string_view text, Found&& found) const {
        const std::string_view mark = base64_ ? "YXQ6MDAw" : "at:0000";
        const std::size_t head = base64_ ? head_bytes / 3 * 4 : head_bytes;
        const std::size_t whole = base64_ ? (bytes_ + 2) / 3 * 4 : bytes_;
        std::size_t at = 0;
        while (at < text.size()) {
            const void* hit = ::memmem(text.data() + at, text.size() - at, mark.data(), mark.size());
            if (hit == nullptr) return text.size() - begun(text.substr(at), mark);
            at = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
            if (text.size() - at < head) return at;
            found(base64_ ? decoded(text.data() + at) : read(text.data() + at));
            at += whole;
        }
        return text.size();
    }

private:
    static constexpr std::size_t head_bytes = 36;

    // How many bytes at the end of the text may be the beginning of the mark.
    static std::size_t begun(std::string_view text, std::string_view mark) {
        std::size_t count = std::min(text.size(), mark.size() - 1);
        while (count > 0 && !text.ends_with(mark.substr(0, count)))
            --count;
        return count;
    }

    static void put_digits(char* to, int count, std::uint64_t number) {
        for (int i = count - 1; i >= 0; --i, number /= 10)
            to[i] = static_cast<char>('0' + number % 10);
    }

    static std::uint64_t digits(const char* from, int count) {
        std::uint64_t number = 0;
        for (int i = 0; i < count; ++i)
            number = number * 10 + static_cast<std::uint64_t>(from[i] - '0');
        return number;
    }

    static Stamp read(const char* head) { return {digits(head + 3, 21), digits(head + 27, 9)}; }

    static Stamp decoded(const char* text) {
        static const std::array<std::uint8_t, 256> bits = [] {
            std::array<std::uint8_t, 256> table{};
            for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
                table[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
            return table;
        }();
        const auto at = [&](std::size_t i) { return bits[static_cast<unsigned char>(text[i])]; };
        char head[head_bytes];
        for (std::size_t from = 0, to = 0; to < head_bytes; from += 4, to += 3) {
            const int group = at(from) << 18 | at(from + 1) << 12 | at(from + 2) << 6 | at(from + 3);
            head[to] = static_cast<char>(group >> 16);
            head[to + 1] = static_cast<char>(group >> 8);
            head[to + 2] = static_cast<char>(group);
        }
        return read(head);
    }

    std::size_t bytes_;
    bool base64_;
};

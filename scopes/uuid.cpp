#include "scopes/uuid.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "scopes/secret.hpp"

namespace alcove::scopes {
namespace {

constexpr std::size_t text_length = 36;
constexpr std::uint16_t counter_max = 0x0fff;

bool is_dash_position(std::size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != text_length) return std::nullopt;
    Uuid id{};
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text_length; ++i) {
        if (is_dash_position(i)) {
            if (text[i] != '-') return std::nullopt;
            continue;
        }
        const int digit = hex_digit(text[i]);
        if (digit < 0) return std::nullopt;
        auto& byte = id.data[nibble / 2];
        byte = static_cast<std::uint8_t>(byte << 4 | digit);
        ++nibble;
    }
    return id;
}

std::string format_uuid(const Uuid& id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(text_length);
    for (const auto byte : id) {
        if (is_dash_position(text.size())) text += '-';
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string uuid_bytes(const Uuid& id) {
    return {id.begin(), id.end()};
}

Uuid uuid_of_bytes(std::string_view bytes) {
    Uuid id{};
    if (bytes.size() == id.size()) std::copy(bytes.begin(), bytes.end(), id.begin());
    return id;
}

UuidMaker::UuidMaker(std::function<TimeMs()> clock) : clock_(std::move(clock)) {}

Uuid UuidMaker::make() {
    Uuid id{};
    fill_random(id.begin(), id.size());
    const TimeMs now = clock_();
    TimeMs ms = 0;
    std::uint16_t counter = 0;
    {
        const std::lock_guard lock(mutex_);
        if (now > last_ms_) {
            last_ms_ = now;
            counter_ = id.data[6];  // starts low, so that one millisecond holds thousands
        } else if (counter_ == counter_max) {
            ++last_ms_;  // borrowed from the future rather than out of order
            counter_ = 0;
        } else {
            ++counter_;
        }
        ms = last_ms_;
        counter = counter_;
    }
    for (std::size_t i = 0; i < 6; ++i)
        id.data[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    id.data[6] = static_cast<std::uint8_t>(0x70 | counter >> 8);
    id.data[7] = static_cast<std::uint8_t>(counter & 0xff);
    id.data[8] = static_cast<std::uint8_t>(0x80 | (id.data[8] & 0x3f));
    return id;
}

}  // namespace alcove::scopes

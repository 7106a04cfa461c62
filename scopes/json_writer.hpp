// Prints JSON straight into one string.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace alcove::scopes::json {

// Puts the commas by itself. Strings must be valid UTF-8, names must need no escape; who opens closes. While a
// container is open, the string is longer than what was printed, so that printing need not extend it piece by
// piece.
class Writer {
public:
    // Appends to `out`, which must outlive it.
    explicit Writer(std::string& out) : out_(out), size_(out.size()) {}

    Writer& open_object() { return open('{'); }
    Writer& close_object() { return close('}'); }
    Writer& open_array() { return open('['); }
    Writer& close_array() { return close(']'); }

    Writer& name(std::string_view name) {
        separate();
        char* at = take(name.size() + 3);
        *at++ = '"';
        at = std::copy(name.begin(), name.end(), at);
        *at++ = '"';
        *at = ':';
        return *this;
    }

    // A name that may need escapes.
    Writer& text_name(std::string_view name) {
        string(name);
        *take(1) = ':';
        return *this;
    }

    Writer& string(std::string_view text);
    // A string that needs no escape.
    Writer& plain_string(std::string_view text) {
        separate();
        char* at = take(text.size() + 2);
        *at++ = '"';
        at = std::copy(text.begin(), text.end(), at);
        *at = '"';
        return *this;
    }
    Writer& raw(std::string_view json) {
        separate();
        put(json);
        return *this;
    }
    Writer& null() { return raw("null"); }
    Writer& boolean(bool value) { return raw(value ? "true" : "false"); }
    Writer& number(std::integral auto value) {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, value);
        return raw({digits, static_cast<std::size_t>(end.ptr - digits)});
    }

    Writer& member(std::string_view key, std::string_view text) { return name(key).string(text); }
    Writer& optional_member(std::string_view key, const std::optional<std::string>& text) {
        return text ? name(key).string(*text) : name(key).null();
    }

private:
    Writer& open(char bracket) {
        separate();
        ++open_;
        *take(1) = bracket;
        return *this;
    }
    Writer& close(char bracket) {
        *take(1) = bracket;
        if (--open_ == 0) out_.resize(size_);
        return *this;
    }
    void separate() {
        if (size_ == 0) return;
        const char last = out_[size_ - 1];
        if (last != '{' && last != '[' && last != ':') *take(1) = ',';
    }

    void put(std::string_view text) { std::copy(text.begin(), text.end(), take(text.size())); }
    void put_escape(char c);

    // Where the next `bytes` go; they count as printed.
    char* take(std::size_t bytes) {
        if (bytes > out_.size() - size_) grow(bytes);
        return out_.data() + std::exchange(size_, size_ + bytes);
    }
    void grow(std::size_t bytes);

    std::string& out_;
    std::size_t size_;  // of what was printed; the rest of `out_` is room
    int open_ = 0;      // containers
};

}  // namespace alcove::scopes::json

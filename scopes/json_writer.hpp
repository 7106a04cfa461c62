// Prints JSON straight into one string.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace alcove::scopes::json {

// Puts the commas by itself. Strings must be valid UTF-8, names must need no escape; who opens closes.
class Writer {
public:
    // Appends to `out`, which must outlive it.
    explicit Writer(std::string& out) : out_(out) {}

    Writer& open_object() { return open('{'); }
    Writer& close_object() { return close('}'); }
    Writer& open_array() { return open('['); }
    Writer& close_array() { return close(']'); }

    Writer& name(std::string_view name) {
        separate();
        out_ += '"';
        out_ += name;
        out_ += "\":";
        return *this;
    }

    Writer& string(std::string_view text);
    Writer& raw(std::string_view json) {
        separate();
        out_ += json;
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
        out_ += bracket;
        return *this;
    }
    Writer& close(char bracket) {
        out_ += bracket;
        return *this;
    }
    void separate() {
        if (out_.empty()) return;
        const char last = out_.back();
        if (last != '{' && last != '[' && last != ':') out_ += ',';
    }

    std::string& out_;
};

}  // namespace alcove::scopes::json

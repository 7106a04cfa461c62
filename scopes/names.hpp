// The names that callers give to things, as values that are always valid.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace alcove::scopes {

inline constexpr std::size_t name_code_points_max = 255;

// Small enough to be listed a hundred at a time.
inline constexpr std::size_t metadata_bytes_max = std::size_t{16} << 10;

// The longest address that mail can carry (RFC 5321).
inline constexpr std::size_t email_bytes_max = 254;

// An end user's id in the caller's world, or the key of an external namespace: 1 to 255 code points, compared
// byte by byte, without control characters.
class ExternalId {
public:
    static std::optional<ExternalId> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const ExternalId&) const = default;

private:
    explicit ExternalId(std::string_view text) : text_(text) {}
    std::string text_;
};

// A workspace's name in paths: `^[a-z0-9][a-z0-9-]{0,62}$`, and not in the form of a UUID.
class Slug {
public:
    static std::optional<Slug> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const Slug&) const = default;

private:
    explicit Slug(std::string_view text) : text_(text) {}
    std::string text_;
};

// What people read: at most 255 code points without control characters; may be empty.
class Label {
public:
    static std::optional<Label> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const Label&) const = default;

private:
    explicit Label(std::string_view text) : text_(text) {}
    std::string text_;
};

// Something on both sides of one @, without white space.
class Email {
public:
    static std::optional<Email> parse(std::string_view text);
    const std::string& text() const { return text_; }
    bool operator==(const Email&) const = default;

private:
    explicit Email(std::string_view text) : text_(text) {}
    std::string text_;
};

// A JSON object that belongs to the caller. Empty by default.
class Metadata {
public:
    Metadata() = default;

    // `json` is the text of a JSON object, already validated. nullopt when it is too long.
    static std::optional<Metadata> parse(std::string_view json);
    const std::string& json() const { return json_; }
    bool operator==(const Metadata&) const = default;

private:
    std::string json_ = "{}";
};

}  // namespace alcove::scopes

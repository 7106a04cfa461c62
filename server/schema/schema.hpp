// Shapes of JSON values, declared once: published as JSON Schema (draft 2020-12) and enforced on what comes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scopes/json.hpp"
#include "scopes/json_writer.hpp"
#include "server/api/error.hpp"

namespace alcove::schema {

namespace json = scopes::json;

// The types that a shape allows, as bits. None at all: any value.
namespace type {
inline constexpr unsigned null = 1;
inline constexpr unsigned boolean = 2;
inline constexpr unsigned integer = 4;  // a number without a fraction, however it is written: 1.0 and 1e0 too
inline constexpr unsigned number = 8;
inline constexpr unsigned string = 16;
inline constexpr unsigned array = 32;
inline constexpr unsigned object = 64;
}  // namespace type

// What a string must look like beyond its length: the same said three times, in one place.
struct Format {
    std::string_view pattern;              // as published: a regular expression of ECMA-262
    std::string_view meaning;              // as messages say it, behind the name of the member
    bool (*holds)(std::string_view text);  // as it is enforced; nullptr: by whoever takes the text apart
};

struct Shape;

enum class Presence : std::uint8_t { optional, required };

struct Member {
    std::string_view name;
    const Shape* shape;
    Presence presence = Presence::optional;
};

// A member that an object never has, and what its sender is told: `'slug' cannot be changed`.
struct Refused {
    std::string_view name;
    std::string_view why;
};

// Members that exclude each other.
struct Pair {
    std::string_view first;
    std::string_view second;
};

// What becomes of a list that is too long.
enum class Excess : std::uint8_t { invalid, too_large };

// Tables of them are constants, so that what they point to lives for ever. Each bound counts for its type alone.
struct Shape {
    unsigned types = 0;
    std::string_view name{};  // by which a document of many shapes refers to it; empty: it is spelled out
    std::string_view description{};
    std::string_view default_json{};             // JSON text, a string without escapes; empty: none
    std::span<const std::string_view> one_of{};  // strings; empty: any
    std::optional<std::size_t> length_min{};     // of a string, in code points
    std::optional<std::size_t> length_max{};     // likewise
    std::optional<std::size_t> bytes_max{};      // of a string in UTF-8: `x-maxBytes`
    const Format* format = nullptr;              // of a string
    std::optional<std::int64_t> minimum{};       // of a number
    std::optional<std::int64_t> exclusive_minimum{};
    std::optional<std::int64_t> maximum{};
    std::optional<std::size_t> items_min{};  // of an array
    std::optional<std::size_t> items_max{};
    Excess items_excess = Excess::invalid;  // 400, or 413 TOO_LARGE
    bool items_unique = false;              // for strings alone
    const Shape* items = nullptr;           // nullptr: any
    std::span<const Member> members{};      // of an object; it has no others, unless:
    const Shape* other_members = nullptr;   // the shape of those that `members` does not name
    std::span<const Refused> refused{};
    std::optional<std::size_t> members_min{};
    std::optional<std::size_t> members_max{};
    std::optional<std::size_t> names_bytes_max{};      // of each name of other members: `x-maxBytes`
    std::optional<std::size_t> json_bytes_max{};       // of an object's JSON text, as it was sent: `x-maxJsonBytes`
    std::span<const std::string_view> one_required{};  // exactly one of these members must be there
    std::span<const Pair> exclusive{};
    // Objects, told apart by their first members: the one whose first member is there, with a value that it allows.
    std::span<const Shape* const> variants{};
};

// The schema as a document of its own, with `$schema`.
std::string to_json_schema(const Shape& shape);

// The keywords of the shape, into an object that is open. A shape inside that has a name is handed to `refer`,
// which says where it is published.
using Refer = std::function<std::string(const Shape& named)>;
void print_keywords(json::Writer& writer, const Shape& shape, const Refer& refer);
// The shape as a schema: an object, or a reference when it has a name.
void print_schema(json::Writer& writer, const Shape& shape, const Refer& refer);

// What is wrong with a value, if anything: 400 VALIDATION_ERROR whose field is under `path`, such as
// `input.keys[3]`; 413 where the shape says so. An unknown member goes before what is wrong with the known ones.
std::optional<api::Problem> refuse(const Shape& shape, const json::Document& document, const json::Value& value,
                                   std::string_view path);

// The same for a string that came without JSON around it.
std::optional<api::Problem> refuse_text(const Shape& shape, std::string_view text, std::string_view path);

// A whole number of JSON, however it is written. It must fit a shape whose bounds fit 64 bits.
std::int64_t to_integer(std::string_view number);

// How many levels of containers a document must have built, so that refuse() sees what the shape describes.
std::size_t depth_of(const Shape& shape);

}  // namespace alcove::schema

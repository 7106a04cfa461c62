// Values held against shapes.
#include "server/actions/schema.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstdlib>
#include <map>
#include <utility>

#include "scopes/text.hpp"
#include "server/api/object_reader.hpp"
#include "server/files/path.hpp"

namespace alcove::actions {
namespace {

using api::Problem;

struct TypeName {
    unsigned bit;
    std::string_view article;
};

constexpr std::array<TypeName, 7> type_names = {{
    {type::null, "null"},
    {type::boolean, "true or false"},
    {type::integer, "a whole number"},
    {type::number, "a number"},
    {type::string, "a string"},
    {type::array, "a list"},
    {type::object, "an object"},
}};

bool is_visible_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool has_no_nul(std::string_view text) {
    return text.find('\0') == std::string_view::npos;
}

// Up to 19 digits always fit 64 bits, and no store lives to see the 20th.
bool is_version(std::string_view text) {
    constexpr std::size_t digits_max = 19;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > digits_max || !std::ranges::all_of(text, is_digit)) return false;
    return text == "0" || text.front() != '0';
}

Problem must(const std::string& path, std::string_view what) {
    return api::invalid_field(path, "'" + path + "' must " + std::string(what));
}

double to_double(std::string_view number) {
    return std::strtod(std::string(number).c_str(), nullptr);
}

bool is_whole(std::string_view number) {
    if (number.find_first_of(".eE") == std::string_view::npos) return true;
    const double value = to_double(number);
    return std::trunc(value) == value;
}

// Exact for integers of any length; other numbers count as the nearest double.
std::strong_ordering compare(std::string_view number, std::int64_t bound) {
    std::int64_t integer = 0;
    const auto* end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, integer);
    if (parsed.ec == std::errc() && parsed.ptr == end) return integer <=> bound;
    const double value = to_double(number);
    constexpr double beyond = 0x1p63;
    if (value >= beyond) return std::strong_ordering::greater;
    if (value < -beyond) return std::strong_ordering::less;
    const double whole = std::trunc(value);
    integer = static_cast<std::int64_t>(whole);
    if (integer != bound) return integer <=> bound;
    if (value == whole) return std::strong_ordering::equal;
    return value > whole ? std::strong_ordering::greater : std::strong_ordering::less;
}

unsigned types_of(const json::Value& value) {
    switch (value.type) {
        case json::Type::null:
            return type::null;
        case json::Type::boolean:
            return type::boolean;
        case json::Type::number:
            return is_whole(value.raw) ? type::number | type::integer : type::number;
        case json::Type::string:
            return type::string;
        case json::Type::array:
            return type::array;
        case json::Type::object:
            return type::object;
    }
    return 0;
}

std::string wanted(unsigned types) {
    std::string text = "be ";
    unsigned left = types;
    for (const auto& one : type_names) {
        if ((types & one.bit) == 0) continue;
        left &= ~one.bit;
        text += one.article;
        if (left != 0) text += " or ";
    }
    return text;
}

std::string counted(std::string_view text, auto number) {
    return std::string(text) + std::to_string(number);
}

std::optional<Problem> refuse_number(const Shape& shape, std::string_view number, const std::string& path) {
    if (shape.minimum && compare(number, *shape.minimum) < 0) {
        return must(path, counted("be at least ", *shape.minimum));
    }
    if (shape.exclusive_minimum && compare(number, *shape.exclusive_minimum) <= 0) {
        return must(path, counted("be above ", *shape.exclusive_minimum));
    }
    if (shape.maximum && compare(number, *shape.maximum) > 0) {
        return must(path, counted("be at most ", *shape.maximum));
    }
    return std::nullopt;
}

std::string element_path(const std::string& path, std::size_t index) {
    return path + "[" + std::to_string(index) + "]";
}

std::optional<Problem> refuse_array(const Shape& shape, const json::Document& document, const json::Value& array,
                                    const std::string& path) {
    if (array.count < shape.items_min.value_or(0)) {
        return must(path, counted("hold at least ", *shape.items_min));
    }
    if (shape.items_max && array.count > *shape.items_max) {
        return must(path, counted("hold at most ", *shape.items_max));
    }
    if (shape.items == nullptr) return std::nullopt;
    std::map<std::string_view, std::size_t> seen;
    std::size_t index = 0;
    for (const auto* item = document.first(array); item != nullptr; item = document.next(*item), ++index) {
        const auto item_path = element_path(path, index);
        if (auto problem = refuse(*shape.items, document, *item, item_path)) return problem;
        if (!shape.items_unique) continue;
        assert(shape.items->types == type::string);
        const auto [earlier, fresh] = seen.emplace(item->text, index);
        if (!fresh) return must(item_path, "differ from '" + element_path(path, earlier->second) + "'");
    }
    return std::nullopt;
}

std::optional<Problem> refuse_object(const Shape& shape, const json::Document& document, const json::Value& object,
                                     const std::string& path) {
    api::ObjectReader in(document, object, path);
    for (const auto& member : shape.members) {
        const bool required = member.presence == Presence::required;
        const auto* value = required ? in.required(member.name) : in.any(member.name);
        if (value == nullptr) continue;
        if (auto problem = refuse(*member.shape, document, *value, in.field(member.name))) {
            in.refuse(*std::move(problem));
        }
    }
    if (shape.other_members == nullptr) return in.finish();
    for (const auto* value = document.first(object); value != nullptr; value = document.next(*value)) {
        const auto is_this = [value](const Member& member) { return member.name == value->name; };
        in.any(value->name);
        if (std::ranges::any_of(shape.members, is_this)) continue;
        if (auto problem = refuse(*shape.other_members, document, *value, in.field(value->name))) {
            in.refuse(*std::move(problem));
        }
    }
    return in.finish();
}

}  // namespace

constinit const Format without_nul = {.pattern = "^[^\\u0000]*$", .meaning = "not hold a NUL", .holds = has_no_nul};
constinit const Format file_path = {
    .pattern = R"(^(?!\.{1,2}(?![^/]))(?![\s\S]*/\.{1,2}(?![^/]))[^/\u0000]+(?:/[^/\u0000]+)*$)",
    .meaning = "be a path: segments with '/' between them, none of them empty, '.' or '..'",
    .holds = [](std::string_view text) { return has_no_nul(text) && files::is_path(text); }};
constinit const Format visible_ascii = {
    .pattern = "^[\\u0020-\\u007e]*$", .meaning = "be visible ASCII", .holds = is_visible_ascii};
constinit const Format decimal_version = {
    .pattern = "^(0|[1-9][0-9]{0,18})$", .meaning = "be a version, or null", .holds = is_version};

std::optional<api::Problem> refuse(const Shape& shape, const json::Document& document, const json::Value& value,
                                   const std::string& path) {
    if (shape.types != 0 && (shape.types & types_of(value)) == 0) return must(path, wanted(shape.types));
    switch (value.type) {
        case json::Type::string:
            return refuse_text(shape, value.text, path);
        case json::Type::number:
            return refuse_number(shape, value.raw, path);
        case json::Type::array:
            return refuse_array(shape, document, value, path);
        case json::Type::object:
            // A shape for any value says nothing of its members.
            return shape.types == 0 ? std::nullopt : refuse_object(shape, document, value, path);
        case json::Type::null:
        case json::Type::boolean:
            break;
    }
    return std::nullopt;
}

std::optional<api::Problem> refuse_text(const Shape& shape, std::string_view text, const std::string& path) {
    if (!shape.one_of.empty() && std::ranges::find(shape.one_of, text) == shape.one_of.end()) {
        std::string names;
        for (const auto name : shape.one_of)
            names.append(names.empty() ? "" : ", ").append(name);
        return must(path, "be one of " + names);
    }
    if (text.empty() && shape.length_min.value_or(0) > 0) return must(path, "not be empty");
    if (shape.bytes_max && text.size() > *shape.bytes_max) {
        return must(path, counted("have at most ", *shape.bytes_max) + " bytes of UTF-8");
    }
    if (shape.length_min || shape.length_max) {
        const auto length = scopes::count_code_points(text).value_or(text.size());
        if (length < shape.length_min.value_or(0)) {
            return must(path, counted("have at least ", *shape.length_min) + " characters");
        }
        if (shape.length_max && length > *shape.length_max) {
            return must(path, counted("have at most ", *shape.length_max) + " characters");
        }
    }
    if (shape.format != nullptr && !shape.format->holds(text)) return must(path, shape.format->meaning);
    return std::nullopt;
}

std::size_t depth_of(const Shape& shape) {
    std::size_t below = 0;
    for (const auto& member : shape.members)
        below = std::max(below, depth_of(*member.shape));
    if (shape.items != nullptr) below = std::max(below, depth_of(*shape.items));
    if (shape.other_members != nullptr) below = std::max(below, depth_of(*shape.other_members));
    const bool opened = (shape.types & type::object) != 0 || shape.items != nullptr;
    return opened ? below + 1 : 0;
}

}  // namespace alcove::actions

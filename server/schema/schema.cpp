// Values held against shapes.
#include "server/schema/schema.hpp"

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

namespace alcove::schema {
namespace {

using api::Problem;
using Refusal = std::optional<Problem>;

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

// Where a value stands. Spelled out only when something is wrong there: the places above must still live.
class Place {
public:
    explicit Place(std::string_view root) : name_(root) {}

    Place member(std::string_view name) const { return {this, name, std::nullopt}; }
    Place element(std::size_t index) const { return {this, {}, index}; }

    std::string text() const {
        auto text = above_ == nullptr ? std::string() : above_->text();
        if (index_) return text + "[" + std::to_string(*index_) + "]";
        if (!text.empty()) text += '.';
        return text.append(name_);
    }

private:
    Place(const Place* above, std::string_view name, std::optional<std::size_t> index)
        : above_(above), name_(name), index_(index) {}

    const Place* above_ = nullptr;
    std::string_view name_;
    std::optional<std::size_t> index_;
};

Problem must(const Place& place, std::string_view what) {
    const auto path = place.text();
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

// `a, b, c`; each between `quote`s.
std::string listed(const auto& names, std::string_view quote = {}) {
    std::string text;
    for (const auto name : names)
        text.append(text.empty() ? "" : ", ").append(quote).append(name).append(quote);
    return text;
}

Refusal refuse_value(const Shape& shape, const json::Document& document, const json::Value& value,
                     const Place& place);

Refusal refuse_number(const Shape& shape, std::string_view number, const Place& place) {
    if (shape.minimum && compare(number, *shape.minimum) < 0) {
        return must(place, counted("be at least ", *shape.minimum));
    }
    if (shape.exclusive_minimum && compare(number, *shape.exclusive_minimum) <= 0) {
        return must(place, counted("be above ", *shape.exclusive_minimum));
    }
    if (shape.maximum && compare(number, *shape.maximum) > 0) {
        return must(place, counted("be at most ", *shape.maximum));
    }
    return std::nullopt;
}

Refusal refuse_string(const Shape& shape, std::string_view text, const Place& place) {
    if (!shape.one_of.empty() && std::ranges::find(shape.one_of, text) == shape.one_of.end()) {
        return must(place, "be one of " + listed(shape.one_of));
    }
    if (text.empty() && shape.length_min.value_or(0) > 0) return must(place, "not be empty");
    if (shape.bytes_max && text.size() > *shape.bytes_max) {
        return must(place, counted("have at most ", *shape.bytes_max) + " bytes of UTF-8");
    }
    if (shape.length_min || shape.length_max) {
        const auto length = scopes::count_code_points(text).value_or(text.size());
        if (length < shape.length_min.value_or(0)) {
            return must(place, counted("have at least ", *shape.length_min) + " characters");
        }
        if (shape.length_max && length > *shape.length_max) {
            return must(place, counted("have at most ", *shape.length_max) + " characters");
        }
    }
    const auto* format = shape.format;
    if (format != nullptr && format->holds != nullptr && !format->holds(text)) return must(place, format->meaning);
    return std::nullopt;
}

Refusal refuse_array(const Shape& shape, const json::Document& document, const json::Value& array,
                     const Place& place) {
    if (array.count < shape.items_min.value_or(0)) {
        if (array.count == 0) return must(place, "not be empty");
        return must(place, counted("have at least ", *shape.items_min) + " items");
    }
    if (shape.items_max && array.count > *shape.items_max) {
        if (shape.items_excess == Excess::too_large) return api::too_large(place.text(), *shape.items_max);
        return must(place, counted("have at most ", *shape.items_max) + " items");
    }
    if (shape.items == nullptr) return std::nullopt;
    std::map<std::string_view, std::size_t> seen;
    std::size_t index = 0;
    for (const auto* item = document.first(array); item != nullptr; item = document.next(*item), ++index) {
        const auto here = place.element(index);
        if (auto problem = refuse_value(*shape.items, document, *item, here)) return problem;
        if (!shape.items_unique) continue;
        assert(shape.items->types == type::string);
        const auto [earlier, fresh] = seen.emplace(item->text, index);
        if (!fresh) return must(here, "differ from '" + place.element(earlier->second).text() + "'");
    }
    return std::nullopt;
}

bool has_member(const Shape& shape, std::string_view name) {
    return std::ranges::any_of(shape.members, [name](const Member& member) { return member.name == name; });
}

Refusal refuse_unknown(const Shape& shape, const json::Document& document, const json::Value& object,
                       const Place& place) {
    if (shape.other_members != nullptr) return std::nullopt;
    for (const auto* value = document.first(object); value != nullptr; value = document.next(*value)) {
        if (has_member(shape, value->name)) continue;
        const auto field = place.member(value->name).text();
        for (const auto& [name, why] : shape.refused) {
            if (name == value->name) return api::invalid_field(field, "'" + field + "' " + std::string(why));
        }
        return api::unknown_field(field);
    }
    return std::nullopt;
}

// How many members there are, how long they are, and which go together.
Refusal refuse_composition(const Shape& shape, const json::Document& document, const json::Value& object,
                           const Place& place) {
    if (object.count < shape.members_min.value_or(0)) {
        return must(place, counted("have at least ", *shape.members_min) + " members");
    }
    if (shape.members_max && object.count > *shape.members_max) {
        return must(place, counted("have at most ", *shape.members_max) + " members");
    }
    if (shape.json_bytes_max && object.raw.size() > *shape.json_bytes_max) {
        return must(place, counted("have at most ", *shape.json_bytes_max) + " bytes of JSON text");
    }
    const auto has = [&](std::string_view name) { return document.member(object, name) != nullptr; };
    if (!shape.one_required.empty() && std::ranges::count_if(shape.one_required, has) != 1) {
        return api::invalid_field(place.member(shape.one_required.front()).text(),
                                  "exactly one of " + listed(shape.one_required, "'") + " is required");
    }
    for (const auto& [first, second] : shape.exclusive) {
        if (!has(first) || !has(second)) continue;
        return api::invalid_field(place.member(second).text(), "'" + std::string(first) + "' and '" +
                                                                   std::string(second) + "' exclude each other");
    }
    return std::nullopt;
}

Refusal refuse_others(const Shape& shape, const json::Document& document, const json::Value& object,
                      const Place& place) {
    for (const auto* value = document.first(object); value != nullptr; value = document.next(*value)) {
        if (has_member(shape, value->name)) continue;
        if (shape.names_bytes_max && value->name.size() > *shape.names_bytes_max) {
            return must(place, counted("have names of at most ", *shape.names_bytes_max) + " bytes");
        }
        if (auto problem = refuse_value(*shape.other_members, document, *value, place.member(value->name))) {
            return problem;
        }
    }
    return std::nullopt;
}

Refusal refuse_object(const Shape& shape, const json::Document& document, const json::Value& object,
                      const Place& place) {
    if (auto problem = refuse_unknown(shape, document, object, place)) return problem;
    for (const auto& member : shape.members) {
        const auto here = place.member(member.name);
        const auto* value = document.member(object, member.name);
        if (value == nullptr && member.presence == Presence::required) return api::missing_field(here.text());
        if (value == nullptr) continue;
        if (auto problem = refuse_value(*member.shape, document, *value, here)) return problem;
    }
    if (shape.other_members != nullptr) {
        if (auto problem = refuse_others(shape, document, object, place)) return problem;
    }
    return refuse_composition(shape, document, object, place);
}

Refusal refuse_variants(const Shape& shape, const json::Document& document, const json::Value& object,
                        const Place& place) {
    std::vector<std::string_view> allowed;
    const json::Value* tag = nullptr;
    for (const auto* variant : shape.variants) {
        const auto& first = variant->members.front();
        const auto* value = document.member(object, first.name);
        if (value == nullptr) continue;
        const auto& names = first.shape->one_of;
        const bool fits = value->type == json::Type::string && std::ranges::find(names, value->text) != names.end();
        if (names.empty() || fits) return refuse_object(*variant, document, object, place);
        tag = value;
        allowed.insert(allowed.end(), names.begin(), names.end());
    }
    const auto here = place.member(shape.variants.front()->members.front().name);
    if (tag == nullptr) return api::missing_field(here.text());
    return must(here, "be one of " + listed(allowed));
}

Refusal refuse_value(const Shape& shape, const json::Document& document, const json::Value& value,
                     const Place& place) {
    if (shape.types != 0 && (shape.types & types_of(value)) == 0) return must(place, wanted(shape.types));
    switch (value.type) {
        case json::Type::string:
            return refuse_string(shape, value.text, place);
        case json::Type::number:
            return refuse_number(shape, value.raw, place);
        case json::Type::array:
            return refuse_array(shape, document, value, place);
        case json::Type::object:
            // A shape for any value says nothing of its members.
            if (shape.types == 0) return std::nullopt;
            return shape.variants.empty() ? refuse_object(shape, document, value, place)
                                          : refuse_variants(shape, document, value, place);
        case json::Type::null:
        case json::Type::boolean:
            break;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> refuse(const Shape& shape, const json::Document& document, const json::Value& value,
                              std::string_view path) {
    return refuse_value(shape, document, value, Place(path));
}

std::optional<Problem> refuse_text(const Shape& shape, std::string_view text, std::string_view path) {
    return refuse_string(shape, text, Place(path));
}

std::int64_t to_integer(std::string_view number) {
    std::int64_t integer = 0;
    const auto* end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, integer);
    if (parsed.ec == std::errc() && parsed.ptr == end) return integer;
    return static_cast<std::int64_t>(to_double(number));
}

std::size_t depth_of(const Shape& shape) {
    std::size_t below = 0;
    for (const auto& member : shape.members)
        below = std::max(below, depth_of(*member.shape));
    for (const auto* variant : shape.variants)
        below = std::max(below, depth_of(*variant) - 1);
    if (shape.items != nullptr) below = std::max(below, depth_of(*shape.items));
    if (shape.other_members != nullptr) below = std::max(below, depth_of(*shape.other_members));
    const bool opened = (shape.types & type::object) != 0 || shape.items != nullptr;
    return opened ? below + 1 : 0;
}

}  // namespace alcove::schema

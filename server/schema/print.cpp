// Shapes as JSON Schema.
#include <array>
#include <initializer_list>

#include "server/schema/schema.hpp"

namespace alcove::schema {
namespace {

constexpr std::string_view dialect = "https://json-schema.org/draft/2020-12/schema";

struct TypeName {
    unsigned bit;
    std::string_view name;
};

constexpr std::array<TypeName, 7> type_names = {{
    {type::null, "null"},
    {type::boolean, "boolean"},
    {type::integer, "integer"},
    {type::number, "number"},
    {type::string, "string"},
    {type::array, "array"},
    {type::object, "object"},
}};

void print_types(json::Writer& writer, unsigned types) {
    if (types == 0) return;
    writer.name("type");
    const bool several = (types & (types - 1)) != 0;
    if (several) writer.open_array();
    for (const auto& one : type_names) {
        if ((types & one.bit) != 0) writer.string(one.name);
    }
    if (several) writer.close_array();
}

template <class Number>
void print_bound(json::Writer& writer, std::string_view keyword, const std::optional<Number>& bound) {
    if (bound) writer.name(keyword).number(*bound);
}

void print_names(json::Writer& writer, const auto& names) {
    writer.open_array();
    for (const auto name : names)
        writer.string(name);
    writer.close_array();
}

void print_members(json::Writer& writer, const Shape& shape, const Refer& refer) {
    writer.name("properties").open_object();
    for (const auto& member : shape.members)
        print_schema(writer.name(member.name), *member.shape, refer);
    writer.close_object().name("required").open_array();
    for (const auto& member : shape.members) {
        if (member.presence == Presence::required) writer.string(member.name);
    }
    writer.close_array().name("additionalProperties");
    if (shape.other_members == nullptr) {
        writer.boolean(false);
    } else {
        print_schema(writer, *shape.other_members, refer);
    }
    if (shape.names_bytes_max) {
        writer.name("propertyNames").open_object().name("x-maxBytes").number(*shape.names_bytes_max).close_object();
    }
    print_bound(writer, "minProperties", shape.members_min);
    print_bound(writer, "maxProperties", shape.members_max);
    print_bound(writer, "x-maxJsonBytes", shape.json_bytes_max);
}

// A schema for objects that have all of these; linters want the names declared where they are required.
void print_having(json::Writer& writer, std::initializer_list<std::string_view> names) {
    print_names(writer.open_object().name("required"), names);
    writer.name("properties").open_object();
    for (const auto name : names)
        writer.name(name).open_object().close_object();
    writer.close_object().close_object();
}

// Which members go together.
void print_composition(json::Writer& writer, const Shape& shape) {
    if (!shape.one_required.empty()) {
        writer.name("oneOf").open_array();
        for (const auto name : shape.one_required)
            print_having(writer, {name});
        writer.close_array();
    }
    if (shape.exclusive.empty()) return;
    writer.name("allOf").open_array();
    for (const auto& [first, second] : shape.exclusive) {
        print_having(writer.open_object().name("not"), {first, second});
        writer.close_object();
    }
    writer.close_array();
}

std::string never_named(const Shape&) {
    return {};
}

}  // namespace

void print_keywords(json::Writer& writer, const Shape& shape, const Refer& refer) {
    print_types(writer, shape.types);
    if (!shape.description.empty()) writer.member("description", shape.description);
    if (!shape.default_json.empty()) writer.name("default").raw(shape.default_json);
    if (!shape.one_of.empty()) print_names(writer.name("enum"), shape.one_of);
    print_bound(writer, "minLength", shape.length_min);
    print_bound(writer, "maxLength", shape.length_max);
    print_bound(writer, "x-maxBytes", shape.bytes_max);
    if (shape.format != nullptr) writer.member("pattern", shape.format->pattern);
    print_bound(writer, "minimum", shape.minimum);
    print_bound(writer, "exclusiveMinimum", shape.exclusive_minimum);
    print_bound(writer, "maximum", shape.maximum);
    print_bound(writer, "minItems", shape.items_min);
    print_bound(writer, "maxItems", shape.items_max);
    if (shape.items_unique) writer.name("uniqueItems").boolean(true);
    if (shape.items != nullptr) print_schema(writer.name("items"), *shape.items, refer);
    if (!shape.variants.empty()) {
        writer.name("oneOf").open_array();
        for (const auto* variant : shape.variants)
            print_schema(writer, *variant, refer);
        writer.close_array();
    } else if ((shape.types & type::object) != 0) {
        print_members(writer, shape, refer);
        print_composition(writer, shape);
    }
}

void print_schema(json::Writer& writer, const Shape& shape, const Refer& refer) {
    const auto reference = shape.name.empty() ? std::string() : refer(shape);
    writer.open_object();
    if (reference.empty()) {
        print_keywords(writer, shape, refer);
    } else {
        writer.member("$ref", reference);
    }
    writer.close_object();
}

std::string to_json_schema(const Shape& shape) {
    std::string text;
    json::Writer writer(text);
    writer.open_object().member("$schema", dialect);
    print_keywords(writer, shape, never_named);
    writer.close_object();
    return text;
}

}  // namespace alcove::schema

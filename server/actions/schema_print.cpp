// Shapes as JSON Schema.
#include <array>

#include "server/actions/schema.hpp"

namespace alcove::actions {
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

void print_shape(json::Writer& writer, const Shape& shape);

void print_members(json::Writer& writer, const Shape& shape) {
    writer.name("properties").open_object();
    for (const auto& member : shape.members) {
        writer.name(member.name).open_object();
        print_shape(writer, *member.shape);
        writer.close_object();
    }
    writer.close_object().name("required").open_array();
    for (const auto& member : shape.members) {
        if (member.presence == Presence::required) writer.string(member.name);
    }
    writer.close_array().name("additionalProperties");
    if (shape.other_members == nullptr) {
        writer.boolean(false);
        return;
    }
    writer.open_object();
    print_shape(writer, *shape.other_members);
    writer.close_object();
}

// The keywords of the shape, into an object that is open.
void print_shape(json::Writer& writer, const Shape& shape) {
    print_types(writer, shape.types);
    if (!shape.description.empty()) writer.member("description", shape.description);
    if (!shape.default_json.empty()) writer.name("default").raw(shape.default_json);
    if (!shape.one_of.empty()) {
        writer.name("enum").open_array();
        for (const auto text : shape.one_of)
            writer.string(text);
        writer.close_array();
    }
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
    if (shape.items != nullptr) {
        writer.name("items").open_object();
        print_shape(writer, *shape.items);
        writer.close_object();
    }
    if ((shape.types & type::object) != 0) print_members(writer, shape);
}

}  // namespace

std::string to_json_schema(const Shape& shape) {
    std::string text;
    json::Writer writer(text);
    writer.open_object().member("$schema", dialect);
    print_shape(writer, shape);
    writer.close_object();
    return text;
}

}  // namespace alcove::actions

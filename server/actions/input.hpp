// What an action was given: JSON that fits its shape.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/schema/schema.hpp"

namespace alcove::actions {

using schema::Shape;
namespace json = schema::json;

// A JSON object that fits its shape, whose members are read by name: what is absent has the shape's default.
class Input {
public:
    // `text` and `shape` must outlive it. INVALID_JSON, what refuse() says, or 413 for too many values.
    static api::Result<Input> parse(const Shape& shape, std::string_view text, std::string_view path);

    bool has(std::string_view name) const { return member(name) != nullptr; }
    // How messages spell the member.
    std::string field(std::string_view name) const { return path_ + "." + std::string(name); }

    // The JSON text of a member; empty when it is absent and has no default.
    std::string_view raw(std::string_view name) const;
    // The members by their type; only for those that must be there, or have a default.
    std::string text(std::string_view name) const;
    bool boolean(std::string_view name) const { return raw(name) == "true"; }
    std::size_t whole_number(std::string_view name) const;
    std::vector<std::string> texts(std::string_view name) const;

private:
    Input(const Shape& shape, json::Document document, std::string_view path)
        : shape_(&shape), document_(std::move(document)), path_(path) {}

    const json::Value* member(std::string_view name) const { return document_.member(document_.root(), name); }

    const Shape* shape_;
    json::Document document_;
    std::string path_;
};

}  // namespace alcove::actions

#include "server/actions/input.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "server/api/object_reader.hpp"

namespace alcove::actions {

api::Result<Input> Input::parse(const Shape& shape, std::string_view text, std::string_view path) {
    // No deeper than the shape looks: a long list in a value that may be anything is none of its business.
    auto document = json::Document::parse(text, {.built_depth_max = schema::depth_of(shape)});
    if (!document) {
        auto error = document.error();
        if (!error.path.empty()) error.path = std::string(path) + "." + error.path;
        return api::to_problem(error);
    }
    Input input(shape, std::move(*document), path);
    if (auto problem = schema::refuse(shape, input.document_, input.document_.root(), input.path_)) {
        return *std::move(problem);
    }
    return input;
}

std::string_view Input::raw(std::string_view name) const {
    if (const auto* value = member(name)) return value->raw;
    const auto is_this = [name](const schema::Member& one) { return one.name == name; };
    const auto declared = std::ranges::find_if(shape_->members, is_this);
    assert(declared != shape_->members.end());
    return declared->shape->default_json;
}

std::string Input::text(std::string_view name) const {
    if (const auto* value = member(name)) return std::string(value->text);
    const auto quoted = raw(name);
    assert(quoted.size() >= 2);
    return std::string(quoted.substr(1, quoted.size() - 2));
}

std::size_t Input::whole_number(std::string_view name) const {
    return static_cast<std::size_t>(std::strtod(std::string(raw(name)).c_str(), nullptr));
}

std::vector<std::string> Input::texts(std::string_view name) const {
    std::vector<std::string> out;
    const auto* list = member(name);
    if (list == nullptr) return out;
    for (const auto* item = document_.first(*list); item != nullptr; item = document_.next(*item))
        out.emplace_back(item->text);
    return out;
}

}  // namespace alcove::actions

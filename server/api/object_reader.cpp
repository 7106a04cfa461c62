#include "server/api/object_reader.hpp"

#include <algorithm>
#include <utility>

namespace alcove::api {

Problem to_problem(const json::ParseError& error) {
    using Kind = json::ParseError::Kind;
    if (error.kind == Kind::duplicate) return invalid_field(error.path, error.message);
    Problem problem(400, "INVALID_JSON", error.message);
    if (error.kind == Kind::too_many) {
        problem.status = 413;
        problem.code = "TOO_LARGE";
    }
    return problem;
}

ObjectReader::ObjectReader(const json::Document& document, const json::Value& object, std::string path)
    : document_(document), object_(object), path_(std::move(path)) {}

std::string ObjectReader::field(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

const json::Value* ObjectReader::any(std::string_view name) {
    known_.push_back(name);
    return document_.member(object_, name);
}

const json::Value* ObjectReader::typed(std::string_view name, json::Type type, std::string_view type_name) {
    const auto* value = any(name);
    if (value == nullptr || value->type == type) return value;
    refuse(name, "'" + field(name) + "' must be " + std::string(type_name));
    return nullptr;
}

std::optional<std::string_view> ObjectReader::string(std::string_view name) {
    const auto* value = typed(name, json::Type::string, "a string");
    if (value == nullptr) return std::nullopt;
    return value->text;
}

std::optional<bool> ObjectReader::boolean(std::string_view name) {
    const auto* value = typed(name, json::Type::boolean, "true or false");
    if (value == nullptr) return std::nullopt;
    return value->boolean;
}

const json::Value* ObjectReader::object(std::string_view name) {
    return typed(name, json::Type::object, "an object");
}

const json::Value* ObjectReader::number(std::string_view name) {
    return typed(name, json::Type::number, "a number");
}

const json::Value* ObjectReader::array(std::string_view name) {
    return typed(name, json::Type::array, "a list");
}

std::optional<std::optional<std::string_view>> ObjectReader::nullable_string(std::string_view name) {
    const auto* value = any(name);
    if (value == nullptr) return std::nullopt;
    if (value->type == json::Type::null) return std::optional<std::string_view>();
    if (value->type == json::Type::string) return std::optional<std::string_view>(value->text);
    refuse(name, "'" + field(name) + "' must be a string or null");
    return std::nullopt;
}

std::string_view ObjectReader::required_string(std::string_view name) {
    if (!has(name)) refuse(missing_field(field(name)));
    return string(name).value_or(std::string_view());
}

std::optional<std::string_view> ObjectReader::text(std::string_view name) {
    const auto given = string(name);
    if (given && given->empty()) refuse(name, "'" + field(name) + "' must not be empty");
    return given;
}

std::string_view ObjectReader::required_text(std::string_view name) {
    if (!has(name)) refuse(missing_field(field(name)));
    return text(name).value_or(std::string_view());
}

const json::Value* ObjectReader::required(std::string_view name) {
    const auto* value = any(name);
    if (value == nullptr) refuse(missing_field(field(name)));
    return value;
}

void ObjectReader::refuse(std::string_view name, std::string message) {
    refuse(invalid_field(field(name), std::move(message)));
}

void ObjectReader::refuse(Problem problem) {
    if (!problem_) problem_ = std::move(problem);
}

std::optional<Problem> ObjectReader::finish() {
    const auto is_known = [this](std::string_view name) { return std::ranges::find(known_, name) != known_.end(); };
    for (const auto* value = document_.first(object_); value != nullptr; value = document_.next(*value)) {
        if (!is_known(value->name)) return unknown_field(field(value->name));
    }
    return problem_;
}

}  // namespace alcove::api

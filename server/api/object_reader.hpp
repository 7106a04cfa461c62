// JSON objects taken apart member by member, refused by the name of what does not fit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/json.hpp"
#include "scopes/json_writer.hpp"
#include "server/api/error.hpp"

namespace alcove::api {

namespace json = scopes::json;

// 400 INVALID_JSON, or VALIDATION_ERROR for a member that occurs twice, or 413.
Problem to_problem(const json::ParseError& error);

// Takes an object apart. The first thing that does not fit is kept, later ones are ignored, so callers read all
// members and ask once, with finish().
class ObjectReader {
public:
    // `path` names the object in messages, such as `operations[3]`; empty for the root.
    ObjectReader(const json::Document& document, const json::Value& object, std::string path = {});

    // Members that may be absent.
    const json::Value* any(std::string_view name);
    std::optional<std::string_view> string(std::string_view name);
    std::optional<bool> boolean(std::string_view name);
    const json::Value* object(std::string_view name);
    const json::Value* number(std::string_view name);
    const json::Value* array(std::string_view name);
    // Refused when it is empty.
    std::optional<std::string_view> text(std::string_view name);
    // The outer nullopt: absent. The inner one: null.
    std::optional<std::optional<std::string_view>> nullable_string(std::string_view name);

    // Members that must be there; what comes back when they are not is empty and never to be used.
    std::string_view required_string(std::string_view name);
    std::string_view required_text(std::string_view name);  // refused when it is empty, too
    const json::Value* required(std::string_view name);

    bool has(std::string_view name) const { return document_.member(object_, name) != nullptr; }
    bool empty() const { return object_.count == 0; }

    // Says that a member does not fit, in the caller's words.
    void refuse(std::string_view name, std::string message);
    void refuse(Problem problem);

    // The name of a member as messages spell it.
    std::string field(std::string_view name) const;

    // What is wrong, if anything: a member that nobody asked for, else the first refusal.
    std::optional<Problem> finish();

private:
    const json::Value* typed(std::string_view name, json::Type type, std::string_view type_name);

    const json::Document& document_;
    const json::Value& object_;
    std::string path_;
    std::vector<std::string_view> known_;
    std::optional<Problem> problem_;
};

}  // namespace alcove::api

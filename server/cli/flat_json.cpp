#include "server/cli/flat_json.hpp"

#include <algorithm>

#include "scopes/json.hpp"

namespace alcove::cli {

namespace {

// Behind the string that begins here.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
    return at + 1;
}

// Behind the value that begins here, and nothing else: the text is valid.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    do {
        const char c = text[at];
        if (c == '"') {
            at = end_of_string(text, at);
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        ++at;
        // A number or a word ends where something else begins.
        if (depth == 0 && c != '}' && c != ']') return std::min(text.find_first_of(" \t\r\n,]}", at), text.size());
    } while (depth != 0);
    return at;
}

// Walks along the values between two brackets.
class Walk {
public:
    explicit Walk(std::string_view container) : text_(container) {}

    // Names and values alternate in an object. False at its end.
    bool next(std::string_view& value) {
        at_ = text_.find_first_not_of(" \t\r\n,:", at_);
        if (at_ == text_.npos || text_[at_] == '}' || text_[at_] == ']') return false;
        const auto end = end_of_value(text_, at_);
        value = text_.substr(at_, end - at_);
        at_ = end;
        return true;
    }

private:
    std::string_view text_;
    std::size_t at_ = 1;
};

}  // namespace

FlatObject::FlatObject(std::string_view raw) {
    if (!raw.starts_with('{')) return;
    Walk walk(raw);
    std::string_view name;
    std::string_view value;
    while (walk.next(name) && walk.next(value))
        members_.emplace_back(name.substr(1, name.size() - 2), value);
}

std::string_view FlatObject::raw(std::string_view name) const {
    const auto found = std::ranges::find_if(members_, [&](const auto& member) { return member.first == name; });
    return found == members_.end() ? std::string_view() : found->second;
}

std::string FlatObject::text(std::string_view name) const {
    const auto value = raw(name);
    return value.starts_with('"') ? decoded(value) : std::string();
}

std::vector<std::string_view> elements_of(std::string_view raw) {
    std::vector<std::string_view> elements;
    if (!raw.starts_with('[')) return elements;
    Walk walk(raw);
    for (std::string_view element; walk.next(element);)
        elements.push_back(element);
    return elements;
}

std::string decoded(std::string_view raw) {
    if (!raw.starts_with('"')) return std::string(raw);
    const auto document = scopes::json::Document::parse(raw);
    return std::string(document ? document->root().text : raw);  // a lone surrogate has no text
}

}  // namespace alcove::cli

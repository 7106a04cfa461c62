// JSON looked into one level at a time: deeper down stands what users stored, and it passes as it is.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alcove::cli {

// The members of an object as raw text. scopes::json::Document would refuse a stored value that has a member twice.
// `raw` must be JSON (scopes::json::is_valid) and outlive it.
class FlatObject {
public:
    explicit FlatObject(std::string_view raw);  // no object: without members

    std::string_view raw(std::string_view name) const;  // of names without escapes; empty when there is none
    std::string text(std::string_view name) const;      // of a string; empty when there is none

private:
    std::vector<std::pair<std::string_view, std::string_view>> members_{};
};

// The elements of an array as raw text; of anything else none.
std::vector<std::string_view> elements_of(std::string_view raw);

// What a string says; of anything else its raw text.
std::string decoded(std::string_view raw);

}  // namespace alcove::cli

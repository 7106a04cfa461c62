// JSON text as a tree of views: each value keeps its own text, so that what passes through is never rewritten.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alcove::scopes::json {

enum class Type : std::uint8_t { null, boolean, number, string, array, object };

struct Value {
    Type type = Type::null;
    bool boolean = false;
    std::string_view raw{};   // the value as it was written, without white space around it
    std::string_view text{};  // of a string, decoded
    std::string_view name{};  // of a member, decoded
    std::uint32_t count = 0;  // of members or elements
    std::uint32_t first = 0;  // the first member or element; 0: none, or too deep to be built
    std::uint32_t next = 0;   // the next in the same container; 0: none
};

struct ParseLimits {
    std::size_t depth_max = 64;       // deeper nesting is refused
    std::size_t built_depth_max = 4;  // values below this depth are checked, but have no Value of their own
    std::size_t values_max = 10'000;  // that are built: a body of a few bytes per value must not fill the memory
};

struct ParseError {
    enum class Kind : std::uint8_t { malformed, duplicate, too_deep, too_many };
    Kind kind = Kind::malformed;
    std::string path{};     // where, such as `operations[3].key`; empty for malformed text
    std::string message{};  // for a person
};

[[noreturn]] void throw_exception_from_error(const ParseError& error, const boost::source_location& where);

// One valid JSON text: UTF-8, no duplicate member at any level. Movable; the source must outlive it.
class Document {
public:
    static boost::system::result<Document, ParseError> parse(std::string_view source, ParseLimits limits = {});

    const Value& root() const { return values_[1]; }
    // nullptr when there is none.
    const Value* member(const Value& object, std::string_view name) const;
    const Value* first(const Value& container) const { return at(container.first); }
    const Value* next(const Value& value) const { return at(value.next); }

private:
    friend class Builder;
    const Value* at(std::uint32_t index) const { return index == 0 ? nullptr : &values_[index]; }

    std::vector<Value> values_{1};     // the first is a placeholder, so that 0 means none
    std::deque<std::string> decoded_;  // strings that held escapes
};

// Whether the bytes are one JSON text no deeper than that. Duplicate members pass.
bool is_valid(std::string_view text, std::size_t depth_max = 64);

}  // namespace alcove::scopes::json

// JSON as the operations need it: parsed within bounds, compared by value, printed compactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alcove::kv::json {

struct Member;

// RapidJSON 1.1 brings a document of its own, but that header does not compile with clang 19.
struct Value {
    using Array = std::vector<Value>;
    using Object = std::vector<Member>;

    // uint64 holds only what is beyond int64.
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> data;

    template <class T>
    T* as() {
        return std::get_if<T>(&data);
    }
    template <class T>
    const T* as() const {
        return std::get_if<T>(&data);
    }
    bool is_null() const { return as<std::nullptr_t>() != nullptr; }
    bool is_number() const { return as<std::int64_t>() || as<std::uint64_t>() || as<double>(); }
};

struct Member {
    std::string name;
    Value value;
};

enum class ParseOutcome : std::uint8_t { ok, malformed, too_deep };

// Parses one whole JSON text into `out`, which is null unless the outcome is ok. Integers from -2^63 to 2^64-1 stay
// exact, all other numbers become the nearest double. A scalar has depth 0, `[]` and `{}` have depth 1. Duplicate
// members are kept. Does not recurse, so that no text exhausts the stack.
ParseOutcome parse(std::string_view text, std::size_t depth_max, Value& out);

// Compact text of a value whose doubles are finite. A double reads back as the same double.
std::string to_text(const Value& value);

// Deep equality: numbers by their mathematical value, members without regard to their order.
bool equal(const Value& left, const Value& right);

// RFC 7396. A member that occurs twice counts with its last value.
void merge(Value::Object& target, Value::Object patch);

// "an object", "a string", …: what a message calls it.
std::string_view kind_of(const Value& value);

// application/json or any type/subtype+json; case and parameters do not matter.
bool is_json(std::string_view content_type);
bool is_text(std::string_view content_type);  // text/*

}  // namespace alcove::kv::json

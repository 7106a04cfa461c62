// JSON as the operations need it, with RapidJSON's reader and writer.
#include "kv/json.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace alcove::kv::json {

namespace {

// Numbers come as text: RapidJSON's own conversion to the nearest double reads beyond its tables for some of them.
constexpr unsigned parse_flags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;

template <class T>
std::optional<T> whole_number(const char* begin, const char* end) {
    T number{};
    const auto [stop, failed] = std::from_chars(begin, end, number);
    return failed == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

// RapidJSON takes the escape of a lone low surrogate and makes bytes of it that are no UTF-8. The text itself was
// validated, so such bytes can only come from there.
bool holds_surrogate(std::string_view text) {
    for (std::size_t at = text.find('\xed'); at != std::string_view::npos; at = text.find('\xed', at + 1)) {
        if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xa0) return true;
    }
    return false;
}

// Builds a value from the reader's events, as long as they are within bounds.
class Builder {
public:
    Builder(Value& root, std::size_t depth_max) : root_(root), depth_max_(depth_max) {}

    bool too_deep() const { return too_deep_; }

    bool Null() { return add(nullptr); }
    bool Bool(bool value) { return add(value); }
    // The reader has checked the syntax.
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        const char* end = text + size;
        if (const auto number = whole_number<std::int64_t>(text, end)) return add(*number);
        if (const auto number = whole_number<std::uint64_t>(text, end)) return add(*number);
        if (const auto number = whole_number<double>(text, end)) return add(*number);
        // Out of range: a number too small is zero, one too large is refused. from_chars does not tell which.
        const double number = std::strtod(std::string(text, size).c_str(), nullptr);
        return std::isfinite(number) && add(number);
    }
    // Not called: numbers come as text.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        return !holds_surrogate({text, size}) && add(std::string(text, size));
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        name_.assign(text, size);
        return !holds_surrogate(name_);
    }
    bool StartObject() { return open(Value::Object()); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool StartArray() { return open(Value::Array()); }
    bool EndArray(rapidjson::SizeType) { return close(); }

private:
    // Where the next value goes. The containers around it are not touched while it is filled, so pointers hold.
    Value& place() {
        if (around_.empty()) return root_;
        if (auto* array = around_.back()->as<Value::Array>()) return array->emplace_back();
        auto& object = *around_.back()->as<Value::Object>();
        return object.emplace_back(Member{.name = std::move(name_), .value = {}}).value;
    }
    template <class T>
    bool add(T data) {
        place().data = std::move(data);
        return true;
    }
    template <class Container>
    bool open(Container container) {
        too_deep_ = around_.size() >= depth_max_;
        if (too_deep_) return false;
        Value& value = place();
        value.data = std::move(container);
        around_.push_back(&value);
        return true;
    }
    bool close() {
        around_.pop_back();
        return true;
    }

    Value& root_;
    const std::size_t depth_max_;
    std::vector<Value*> around_;  // the open containers, outermost first
    std::string name_;
    bool too_deep_ = false;
};

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void write(const Value& value, Writer& writer);

void write(const Value::Array& array, Writer& writer) {
    writer.StartArray();
    for (const Value& element : array)
        write(element, writer);
    writer.EndArray();
}

void write(const Value::Object& object, Writer& writer) {
    writer.StartObject();
    for (const Member& member : object) {
        writer.Key(member.name.data(), static_cast<rapidjson::SizeType>(member.name.size()));
        write(member.value, writer);
    }
    writer.EndObject();
}

void write(const std::string& text, Writer& writer) {
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}
void write(std::nullptr_t, Writer& writer) {
    writer.Null();
}
void write(bool value, Writer& writer) {
    writer.Bool(value);
}
void write(std::int64_t value, Writer& writer) {
    writer.Int64(value);
}
void write(std::uint64_t value, Writer& writer) {
    writer.Uint64(value);
}

// RapidJSON's own digits read back as the same number too, but are not always the nearest: 0.1 + 0.2 ends in 7.
void write(double value, Writer& writer) {
    char text[32];
    char* end = std::to_chars(text, text + sizeof text, value).ptr;
    // A double stays one: 2.0 is not 2 to the next increment.
    if (std::string_view(text, end).find_first_of(".e") == std::string_view::npos) {
        *end++ = '.';
        *end++ = '0';
    }
    writer.RawValue(text, static_cast<std::size_t>(end - text), rapidjson::kNumberType);
}

void write(const Value& value, Writer& writer) {
    std::visit([&](const auto& data) { write(data, writer); }, value.data);
}

// The overloads compare numbers exactly, where comparing both as doubles is not exact.
bool same(std::int64_t left, double right) {
    return right >= -0x1p63 && right < 0x1p63 && right == std::trunc(right) &&
           static_cast<std::int64_t>(right) == left;
}
bool same(std::uint64_t left, double right) {
    return right >= 0 && right < 0x1p64 && right == std::trunc(right) && static_cast<std::uint64_t>(right) == left;
}
bool same(double left, std::int64_t right) {
    return same(right, left);
}
bool same(double left, std::uint64_t right) {
    return same(right, left);
}

bool same(const Value::Array& left, const Value::Array& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
}

std::vector<const Member*> sorted_members(const Value::Object& object) {
    std::vector<const Member*> members;
    members.reserve(object.size());
    for (const Member& member : object)
        members.push_back(&member);
    // Members of one name stay in their order.
    std::sort(members.begin(), members.end(), [](const Member* a, const Member* b) {
        const int order = a->name.compare(b->name);
        return order != 0 ? order < 0 : a < b;
    });
    return members;
}

// Sorted, because looking every member up one by one takes quadratic time.
bool same(const Value::Object& left, const Value::Object& right) {
    if (left.size() != right.size()) return false;
    const auto a = sorted_members(left);
    const auto b = sorted_members(right);
    return std::equal(a.begin(), a.end(), b.begin(), [](const Member* one, const Member* other) {
        return one->name == other->name && equal(one->value, other->value);
    });
}

template <class T>
bool same(const T& left, const T& right) {
    return left == right;
}
template <class T, class U>
bool same(const T&, const U&) {
    return false;
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string bare_type(std::string_view content_type) {
    content_type = content_type.substr(0, content_type.find(';'));
    const std::size_t last = content_type.find_last_not_of(" \t");
    std::string type(content_type.substr(0, last + 1));
    std::transform(type.begin(), type.end(), type.begin(), lower);
    return type;
}

}  // namespace

ParseOutcome parse(std::string_view text, std::size_t depth_max, Value& out) {
    out.data = nullptr;
    Builder builder(out, depth_max);
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    const bool read = !reader.Parse<parse_flags>(stream, builder).IsError();
    if (read && stream.Tell() == text.size())
        return ParseOutcome::ok;  // a zero byte looks like the end to the reader
    out.data = nullptr;
    return builder.too_deep() ? ParseOutcome::too_deep : ParseOutcome::malformed;
}

std::string to_text(const Value& value) {
    rapidjson::StringBuffer buffer;
    Writer writer(buffer);
    write(value, writer);
    return {buffer.GetString(), buffer.GetSize()};
}

bool equal(const Value& left, const Value& right) {
    return std::visit([](const auto& a, const auto& b) { return same(a, b); }, left.data, right.data);
}

void merge(Value::Object& target, Value::Object patch) {
    std::unordered_map<std::string, std::size_t> position;
    Value::Object merged;
    for (Member& member : target) {
        const auto [known, added] = position.try_emplace(member.name, merged.size());
        if (added) {
            merged.push_back(std::move(member));
        } else {
            merged[known->second].value = std::move(member.value);
        }
    }
    // Not the null itself marks what goes: the target may hold nulls of its own.
    std::vector<char> keep(merged.size(), true);
    for (Member& member : patch) {
        const auto [known, added] = position.try_emplace(member.name, merged.size());
        if (added) {
            merged.push_back({.name = std::move(member.name), .value = {}});
            keep.push_back(false);
        }
        Value& value = merged[known->second].value;
        char& kept = keep[known->second];
        if (auto* object = member.value.as<Value::Object>()) {
            if (!kept || !value.as<Value::Object>()) value.data = Value::Object();
            merge(*value.as<Value::Object>(), std::move(*object));
        } else {
            value = std::move(member.value);
        }
        kept = !value.is_null();
    }
    target.clear();
    for (std::size_t i = 0; i < merged.size(); ++i) {
        if (keep[i]) target.push_back(std::move(merged[i]));
    }
}

std::string_view kind_of(const Value& value) {
    if (value.is_null()) return "null";
    if (value.is_number()) return "a number";
    if (value.as<bool>()) return "a boolean";
    if (value.as<std::string>()) return "a string";
    return value.as<Value::Array>() ? "an array" : "an object";
}

bool is_json(std::string_view content_type) {
    const std::string type = bare_type(content_type);
    if (type == "application/json") return true;
    constexpr std::string_view suffix = "+json";
    const std::size_t slash = type.find('/');
    return type.ends_with(suffix) && slash != std::string::npos && slash > 0 &&
           slash + 1 + suffix.size() < type.size();
}

bool is_text(std::string_view content_type) {
    return bare_type(content_type).starts_with("text/");
}

}  // namespace alcove::kv::json

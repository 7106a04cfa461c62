// RapidJSON tells what comes; where it stands in the source is followed alongside.
#include "scopes/json.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <boost/throw_exception.hpp>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "scopes/text.hpp"

namespace alcove::scopes::json {

void throw_exception_from_error(const ParseError& error, const boost::source_location& where) {
    boost::throw_exception(std::runtime_error("unhandled outcome: " + error.message), where);
}

namespace {

// Numbers come as text: RapidJSON's own conversion to a double reads beyond its tables for some of them.
constexpr unsigned parse_flags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;

// Most readers know no larger numbers, and would take them for infinity.
bool fits_double(std::string_view number) {
    constexpr std::size_t surely = 300;  // digits, without an exponent
    if (number.size() < surely && number.find_first_of("eE") == std::string_view::npos) return true;
    return std::isfinite(std::strtod(std::string(number).c_str(), nullptr));
}

}  // namespace

// Handler of RapidJSON's events. A false return ends the parse with error().
class Builder {
public:
    Builder(std::string_view source, ParseLimits limits, Document& document)
        : source_(source), limits_(limits), document_(document) {}

    const std::optional<ParseError>& error() const { return error_; }

    bool Null() { return scalar({.type = Type::null, .raw = word()}); }
    bool Bool(bool value) { return scalar({.type = Type::boolean, .boolean = value, .raw = word()}); }
    bool RawNumber(const char*, rapidjson::SizeType, bool) { return number(); }
    // Not called: numbers come as text.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    bool String(const char* decoded, rapidjson::SizeType size, bool) {
        const auto raw = quoted();
        const auto text = unquote(raw, {decoded, size});
        return text && scalar({.type = Type::string, .raw = raw, .text = *text});
    }

    bool Key(const char* decoded, rapidjson::SizeType size, bool) {
        const auto name = unquote(quoted(), {decoded, size});
        if (!name) return false;
        auto& level = levels_.back();
        level.name = *name;
        level.names.push_back(*name);
        return true;
    }

    bool StartObject() { return open(Type::object); }
    bool StartArray() { return open(Type::array); }
    bool EndArray(rapidjson::SizeType) { return close(); }
    bool EndObject(rapidjson::SizeType) {
        auto& names = levels_.back().names;
        std::ranges::sort(names);
        const auto twice = std::ranges::adjacent_find(names);
        if (twice == names.end()) return close();
        levels_.back().name = *twice;
        return fail(ParseError::Kind::duplicate, "the member '" + std::string(*twice) + "' occurs twice");
    }

private:
    struct Level {
        Type type = Type::object;
        std::size_t begin = 0;    // in the source
        std::uint32_t index = 0;  // of its Value; 0: not built
        std::uint32_t last = 0;   // its last child's Value
        std::uint32_t count = 0;  // of children begun
        std::string_view name;    // of the member that is under way
        std::vector<std::string_view> names;
    };

    // To the begin of the next token: between tokens stand only white space and separators.
    void skip() { position_ = std::min(source_.find_first_not_of(" \t\r\n,:", position_), source_.size()); }

    std::string_view take(std::size_t size) {
        const auto raw = source_.substr(position_, size);
        position_ += size;
        return raw;
    }

    std::string_view word() {  // also a number
        skip();
        return take(std::min(source_.find_first_of(" \t\r\n,:]}", position_), source_.size()) - position_);
    }

    std::string_view quoted() {
        skip();
        std::size_t end = position_ + 1;
        while (source_[end] != '"')
            end += source_[end] == '\\' ? 2 : 1;
        return take(end + 1 - position_);
    }

    // The decoded text, as a view that stays.
    std::optional<std::string_view> unquote(std::string_view raw, std::string_view decoded) {
        const auto plain = raw.substr(1, raw.size() - 2);
        if (plain.find('\\') == std::string_view::npos) return plain;
        if (!is_utf8(decoded)) {  // RapidJSON lets the escape of a lone low surrogate pass
            fail(ParseError::Kind::malformed, "a string holds a surrogate without its other half");
            return std::nullopt;
        }
        return document_.decoded_.emplace_back(decoded);
    }

    bool number() {
        const auto raw = word();
        if (!fits_double(raw)) return fail(ParseError::Kind::malformed, "a number is out of range");
        return scalar({.type = Type::number, .raw = raw});
    }

    bool scalar(Value value) {
        std::uint32_t index = 0;
        return add(value, index);
    }

    // Appends to the container that is open. `index` stays 0 when the value is too deep to be built.
    bool add(Value value, std::uint32_t& index) {
        if (!levels_.empty()) {
            auto& parent = levels_.back();
            ++parent.count;
            if (parent.index == 0) return true;
            document_.values_[parent.index].count = parent.count;
            if (levels_.size() > limits_.built_depth_max) return true;
            value.name = parent.name;
        }
        auto& values = document_.values_;
        if (values.size() > limits_.values_max) {
            return fail(ParseError::Kind::too_many, "the JSON text holds too many values");
        }
        index = static_cast<std::uint32_t>(values.size());
        values.push_back(value);
        if (levels_.empty()) return true;
        auto& parent = levels_.back();
        (parent.last == 0 ? values[parent.index].first : values[parent.last].next) = index;
        parent.last = index;
        return true;
    }

    bool open(Type type) {
        skip();
        std::uint32_t index = 0;
        if (!add({.type = type}, index)) return false;
        if (levels_.size() == limits_.depth_max) {
            return fail(ParseError::Kind::too_deep,
                        "the JSON text is nested deeper than " + std::to_string(limits_.depth_max));
        }
        levels_.push_back({.type = type, .begin = position_, .index = index, .name = {}, .names = {}});
        ++position_;
        return true;
    }

    bool close() {
        skip();
        ++position_;
        const auto& level = levels_.back();
        if (level.index != 0) {
            document_.values_[level.index].raw = source_.substr(level.begin, position_ - level.begin);
        }
        levels_.pop_back();
        return true;
    }

    bool fail(ParseError::Kind kind, std::string message) {
        error_ = ParseError{.kind = kind, .path = path(), .message = std::move(message)};
        return false;
    }

    std::string path() const {
        std::string path;
        for (const auto& level : levels_) {
            if (level.type == Type::array) {
                path += '[' + std::to_string(level.count == 0 ? 0 : level.count - 1) + ']';
            } else if (!level.name.empty()) {
                if (!path.empty()) path += '.';
                path += level.name;
            }
        }
        return path;
    }

    std::string_view source_;
    ParseLimits limits_;
    Document& document_;
    std::size_t position_ = 0;
    std::vector<Level> levels_;
    std::optional<ParseError> error_;
};

boost::system::result<Document, ParseError> Document::parse(std::string_view source, ParseLimits limits) {
    // RapidJSON takes a NUL for the end.
    if (source.find('\0') != std::string_view::npos) {
        return ParseError{.path = {}, .message = "the JSON text holds a NUL"};
    }
    Document document;
    Builder builder(source, limits, document);
    rapidjson::MemoryStream stream(source.data(), source.size());
    rapidjson::Reader reader;
    const auto outcome = reader.Parse<parse_flags>(stream, builder);
    if (builder.error()) return *builder.error();
    if (outcome.IsError()) {
        return ParseError{.path = {},
                          .message = std::string("not valid JSON at byte ") + std::to_string(outcome.Offset()) +
                                     ": " + rapidjson::GetParseError_En(outcome.Code())};
    }
    return document;
}

const Value* Document::member(const Value& object, std::string_view name) const {
    for (const auto* value = first(object); value != nullptr; value = next(*value)) {
        if (value->name == name) return value;
    }
    return nullptr;
}

namespace {

// Accepts every event; counts only the depth.
struct DepthLimit : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthLimit> {
    std::size_t left = 0;
    bool StartObject() { return left-- > 0; }
    bool StartArray() { return left-- > 0; }
    bool EndObject(rapidjson::SizeType) { return ++left > 0; }
    bool EndArray(rapidjson::SizeType) { return ++left > 0; }
};

}  // namespace

bool is_valid(std::string_view text, std::size_t depth_max) {
    if (text.find('\0') != std::string_view::npos) return false;
    DepthLimit handler;
    handler.left = depth_max;
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    // It recurses, no deeper than the handler allows.
    constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseNumbersAsStringsFlag;
    return !reader.Parse<flags>(stream, handler).IsError();
}

}  // namespace alcove::scopes::json

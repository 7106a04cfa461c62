// The JSON text of the system namespace's records: one flat object each.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/error.hpp"
#include "scopes/json.hpp"
#include "scopes/json_writer.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

// Prints one flat object.
class RecordPrinter {
public:
    RecordPrinter() { writer_.open_object(); }

    RecordPrinter& string(std::string_view name, std::string_view value) {
        writer_.member(name, value);
        return *this;
    }
    RecordPrinter& optional_string(std::string_view name, const std::optional<std::string>& value) {
        writer_.optional_member(name, value);
        return *this;
    }
    RecordPrinter& strings(std::string_view name, const std::vector<std::string>& values) {
        writer_.name(name).open_array();
        for (const auto& value : values)
            writer_.string(value);
        writer_.close_array();
        return *this;
    }
    RecordPrinter& raw(std::string_view name, std::string_view json) {
        writer_.name(name).raw(json);
        return *this;
    }
    RecordPrinter& number(std::string_view name, std::int64_t value) {
        writer_.name(name).number(value);
        return *this;
    }
    RecordPrinter& optional_number(std::string_view name, const std::optional<std::int64_t>& value) {
        return value ? number(name, *value) : raw(name, "null");
    }
    RecordPrinter& optional_strings(std::string_view name, const std::optional<std::vector<std::string>>& values) {
        return values ? strings(name, *values) : raw(name, "null");
    }
    RecordPrinter& optional_uuid(std::string_view name, const std::optional<Uuid>& id) {
        return id ? string(name, format_uuid(*id)) : raw(name, "null");
    }
    RecordPrinter& optional_uuids(std::string_view name, const std::optional<std::vector<Uuid>>& ids) {
        if (!ids) return raw(name, "null");
        std::vector<std::string> texts;
        for (const auto& id : *ids)
            texts.push_back(format_uuid(id));
        return strings(name, texts);
    }
    std::string done() {
        writer_.close_object();
        return std::move(text_);
    }

private:
    std::string text_;
    json::Writer writer_{text_};
};

// Reads one flat object; whatever does not fit is damage.
class RecordReader {
public:
    explicit RecordReader(std::string_view text) : document_(parse(text)) {}

    bool has(std::string_view name) const { return document_.member(document_.root(), name) != nullptr; }
    std::string string(std::string_view name) const { return text(member(name), name); }
    std::optional<std::string> optional_string(std::string_view name) const {
        const auto& value = member(name);
        if (value.type == json::Type::null) return std::nullopt;
        return text(value, name);
    }
    std::string raw(std::string_view name) const { return std::string(member(name).raw); }
    std::optional<std::string> optional_raw(std::string_view name) const {
        if (member(name).type == json::Type::null) return std::nullopt;
        return raw(name);
    }
    std::optional<std::int64_t> optional_number(std::string_view name) const {
        if (member(name).type == json::Type::null) return std::nullopt;
        return number(name);
    }
    Uuid uuid(std::string_view name) const { return uuid(member(name), name); }
    std::optional<Uuid> optional_uuid(std::string_view name) const {
        const auto& value = member(name);
        if (value.type == json::Type::null) return std::nullopt;
        return uuid(value, name);
    }
    std::vector<std::string> strings(std::string_view name) const {
        std::vector<std::string> texts;
        for (const auto* value : elements(name))
            texts.push_back(text(*value, name));
        return texts;
    }
    std::optional<std::vector<std::string>> optional_strings(std::string_view name) const {
        if (member(name).type == json::Type::null) return std::nullopt;
        return strings(name);
    }
    std::int64_t number(std::string_view name) const {
        const auto& value = member(name);
        std::int64_t number = 0;
        const auto* end = value.raw.data() + value.raw.size();
        const auto parsed = std::from_chars(value.raw.data(), end, number);
        if (parsed.ec != std::errc() || parsed.ptr != end) damaged("has no number in", name);
        return number;
    }
    std::optional<std::vector<Uuid>> optional_uuids(std::string_view name) const {
        if (member(name).type == json::Type::null) return std::nullopt;
        std::vector<Uuid> ids;
        for (const auto* value : elements(name))
            ids.push_back(uuid(*value, name));
        return ids;
    }

private:
    [[noreturn]] static void damaged(std::string_view why, std::string_view name) {
        throw kv::StoreFailure("a record of the system namespace " + std::string(why) + " " + std::string(name));
    }
    static json::Document parse(std::string_view text) {
        auto document = json::Document::parse(text, {.values_max = std::numeric_limits<std::size_t>::max()});
        if (!document || document->root().type != json::Type::object) damaged("is not", "a JSON object");
        return std::move(*document);
    }
    static std::string text(const json::Value& value, std::string_view name) {
        if (value.type != json::Type::string) damaged("has no text in", name);
        return std::string(value.text);
    }
    static Uuid uuid(const json::Value& value, std::string_view name) {
        const auto id = parse_uuid(text(value, name));
        if (!id) damaged("has no UUID in", name);
        return *id;
    }
    const json::Value& member(std::string_view name) const {
        const auto* found = document_.member(document_.root(), name);
        if (found == nullptr) damaged("lacks", name);
        return *found;
    }
    std::vector<const json::Value*> elements(std::string_view name) const {
        const auto& list = member(name);
        if (list.type != json::Type::array) damaged("has no list in", name);
        std::vector<const json::Value*> values;
        for (const auto* value = document_.first(list); value != nullptr; value = document_.next(*value)) {
            values.push_back(value);
        }
        return values;
    }

    json::Document document_;
};

}  // namespace alcove::scopes

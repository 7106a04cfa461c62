#include "server/api/operations.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <utility>
#include <variant>

#include "server/api/parameters.hpp"
#include "server/api/values.hpp"

namespace alcove::api {
namespace {

// What the parsers of single operations share. They read the members that they know; who calls finishes the reader.
struct Source {
    ObjectReader& in;
    std::string key;
    kv::TimeMs now_ms;
};

std::string required_json(ObjectReader& in, std::string_view name) {
    return std::string(in.required(name)->raw);
}

kv::Expiry read_expiry(Source& source) {
    auto& in = source.in;
    const auto* ttl = in.number("ttl");
    const auto expires_at = in.string("expiresAt");
    Result<kv::Expiry> expiry = kv::Expiry::never();
    if (ttl != nullptr) expiry = parse_ttl(in.field("ttl"), ttl->raw);
    if (expires_at) expiry = parse_expires_at(in.field("expiresAt"), *expires_at, source.now_ms);
    if (expiry) return *expiry;
    in.refuse(expiry.error());
    return kv::Expiry::never();
}

kv::Operation read_get(Source& source) {
    return kv::Get{.key = std::move(source.key)};
}

kv::Operation read_put(Source& source) {
    auto& in = source.in;
    kv::Put put;
    put.key = std::move(source.key);
    read_value(in, put);
    put.expiry = read_expiry(source);
    return put;
}

kv::Operation read_delete(Source& source) {
    return kv::Delete{.key = std::move(source.key)};
}

kv::Operation read_increment(Source& source) {
    kv::Increment increment;
    increment.key = std::move(source.key);
    const auto* by = source.in.number("by");
    if (by == nullptr) return increment;
    const auto amount = parse_amount(source.in.field("by"), by->raw);
    if (amount) {
        increment.by = *amount;
    } else {
        source.in.refuse(amount.error());
    }
    return increment;
}

kv::Operation read_append(Source& source) {
    kv::Append append;
    append.key = std::move(source.key);
    append.value = source.in.required_string("value");
    append.separator = source.in.string("separator").value_or("");
    return append;
}

kv::Operation read_add_to_list(Source& source) {
    kv::AddToList add;
    add.key = std::move(source.key);
    add.value_json = required_json(source.in, "value");
    add.unique = source.in.boolean("unique").value_or(false);
    return add;
}

kv::Operation read_remove_from_list(Source& source) {
    kv::RemoveFromList remove;
    remove.key = std::move(source.key);
    remove.value_json = required_json(source.in, "value");
    return remove;
}

kv::Operation read_merge(Source& source) {
    kv::Merge merge;
    merge.key = std::move(source.key);
    merge.patch_json = source.in.required("value")->raw;
    return merge;
}

kv::Operation read_touch(Source& source) {
    kv::Touch touch;
    touch.key = std::move(source.key);
    const auto* ttl = source.in.required("ttl");
    if (ttl->type == json::Type::null) return touch;
    const auto expiry = parse_ttl(source.in.field("ttl"), ttl->raw);
    if (expiry) {
        touch.expiry = *expiry;
    } else {
        source.in.refuse(expiry.error());
    }
    return touch;
}

struct Kind {
    std::string_view name;
    kv::Operation (*read)(Source& source);
};

constexpr std::array<Kind, 9> kinds = {{
    {"get", read_get},
    {"put", read_put},
    {"delete", read_delete},
    {"increment", read_increment},
    {"append", read_append},
    {"addToList", read_add_to_list},
    {"removeFromList", read_remove_from_list},
    {"merge", read_merge},
    {"touch", read_touch},
}};

Result<kv::Operation> finish(ObjectReader& in, kv::Operation operation) {
    if (auto problem = in.finish()) return *std::move(problem);
    return operation;
}

Result<kv::Operation> read_delete_prefix(ObjectReader& in) {
    kv::DeletePrefix operation;
    operation.prefix = in.required_string("prefix");
    return finish(in, std::move(operation));
}

// `path_key`: the key, when the path has named it.
Result<kv::Operation> parse_operation(ObjectReader& in, std::optional<std::string_view> path_key,
                                      kv::TimeMs now_ms) {
    const auto name = in.required_string("op");
    if (name == "deletePrefix") return read_delete_prefix(in);
    const auto* kind = std::ranges::find(kinds, name, &Kind::name);
    assert(kind != kinds.end());
    Source source{.in = in, .key = std::string(path_key ? *path_key : in.required_string("key")), .now_ms = now_ms};
    auto operation = kind->read(source);
    return finish(in, std::move(operation));
}

Result<kv::Check> parse_check(ObjectReader& in) {
    kv::Check check;
    check.key = in.required_string("key");
    if (const auto version = in.nullable_string("version").value()) {
        check.kind = kv::Check::Kind::version;
        std::from_chars(version->data(), version->data() + version->size(), check.version);
    }
    if (auto problem = in.finish()) return *std::move(problem);
    return check;
}

// The elements of an optional list, each read by `parse` and handed to `keep`.
template <class Parse, class Keep>
std::optional<Problem> parse_list(const json::Document& document, ObjectReader& in, std::string_view name,
                                  Parse parse, Keep keep) {
    const auto* list = in.array(name);
    if (list == nullptr) return std::nullopt;
    std::size_t index = 0;
    for (const auto* value = document.first(*list); value != nullptr; value = document.next(*value), ++index) {
        ObjectReader element(document, *value, std::string(name) + "[" + std::to_string(index) + "]");
        auto parsed = parse(element);
        if (!parsed) return parsed.error();
        keep(std::move(*parsed));
    }
    return std::nullopt;
}

}  // namespace

void read_value(ObjectReader& in, kv::Put& put) {
    const auto* value = in.any("value");
    const auto text = in.string("text");
    const auto base64 = in.string("base64");
    const int given = (in.has("value") ? 1 : 0) + (in.has("text") ? 1 : 0) + (in.has("base64") ? 1 : 0);
    if (given != 1) in.refuse("value", "exactly one of 'value', 'text' and 'base64' is required");
    if (value != nullptr) {
        put.value = value->raw;
        put.content_type = json_content_type;
    } else if (text) {
        put.value = *text;
        put.content_type = text_content_type;
    } else if (base64) {
        auto bytes = decode_base64(*base64);
        if (!bytes) in.refuse("base64", "'" + in.field("base64") + "' must be padded base64");
        put.value = std::move(bytes).value_or(std::string());
        put.content_type = default_content_type;
    }
    const auto content_type = in.string("contentType");
    if (content_type && !is_content_type(*content_type)) {
        in.refuse("contentType", "'" + in.field("contentType") + "' must be 1 to 255 visible ASCII characters");
    }
    if (content_type) put.content_type = *content_type;
}

Result<kv::Commit> parse_transaction(const json::Document& document, kv::TimeMs now_ms) {
    kv::Commit commit;
    ObjectReader in(document, document.root());
    auto problem = parse_list(document, in, "checks", parse_check,
                              [&commit](kv::Check check) { commit.checks.push_back(std::move(check)); });
    if (problem) return *std::move(problem);
    const auto parse = [now_ms](ObjectReader& element) { return parse_operation(element, std::nullopt, now_ms); };
    problem = parse_list(document, in, "operations", parse,
                         [&commit](kv::Operation operation) { commit.operations.push_back(std::move(operation)); });
    if (problem) return *std::move(problem);
    if (problem = in.finish(); problem) return *std::move(problem);
    if (commit.checks.empty() && commit.operations.empty()) {
        return invalid_field("operations", "'checks' and 'operations' must not both be empty");
    }
    return commit;
}

Result<kv::Operation> parse_single_operation(const json::Document& document, std::string_view key,
                                             kv::TimeMs now_ms) {
    ObjectReader in(document, document.root());
    return parse_operation(in, key, now_ms);
}

Shape shape_of(const kv::Operation& operation) {
    if (std::holds_alternative<kv::Put>(operation)) return Shape::version;
    if (std::holds_alternative<kv::Get>(operation)) return Shape::entry;
    if (std::holds_alternative<kv::Delete>(operation)) return Shape::existed;
    if (std::holds_alternative<kv::DeletePrefix>(operation)) return Shape::deleted;
    return Shape::value;
}

bool is_missing(Shape shape, const kv::OperationResult& result) {
    return shape != Shape::existed && shape != Shape::deleted && !result.entry;
}

void print_result(json::Writer& writer, Shape shape, const kv::OperationResult& result) {
    writer.open_object();
    if (shape == Shape::existed) {
        writer.name("existed").boolean(result.existed);
    } else if (shape == Shape::deleted) {
        writer.name("deleted").number(result.deleted);
    } else {
        if (shape != Shape::version)
            print_value(writer.name("value"), result.entry->content_type, result.entry->value);
        writer.member("version", std::to_string(result.entry->version));
        if (shape == Shape::entry) writer.member("contentType", result.entry->content_type);
    }
    writer.close_object();
}

Problem checks_failed(const std::vector<kv::Check>& checks, const kv::Error& error) {
    Problem problem(409, "CHECK_FAILED", "a check did not hold; nothing changed");
    json::Writer writer(problem.details);
    writer.name("failed").open_array();
    for (const auto& failed : error.failed) {
        const auto& check = checks[failed.index];
        writer.open_object().name("index").number(failed.index).member("key", check.key).name("version");
        check.kind == kv::Check::Kind::version ? writer.string(std::to_string(check.version)) : writer.null();
        writer.name("currentVersion");
        failed.current_version ? writer.string(std::to_string(*failed.current_version)) : writer.null();
        writer.close_object();
    }
    writer.close_array();
    return problem;
}

}  // namespace alcove::api

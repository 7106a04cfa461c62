#include "server/watch/request.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "server/api/parameters.hpp"

namespace alcove::watch {
namespace {

using api::invalid_field;

constexpr std::array<std::pair<std::string_view, kv::Change::Kind>, 3> operation_names = {
    {{"put", kv::Change::Kind::put}, {"delete", kv::Change::Kind::remove}, {"expire", kv::Change::Kind::expire}}};

bool add_operation(Operations& operations, std::string_view name) {
    for (const auto& [each, kind] : operation_names) {
        if (each != name) continue;
        operations.add(kind);
        return true;
    }
    return false;
}

std::optional<Mode> parse_mode(std::string_view text) {
    if (text == "every") return Mode::every;
    if (text == "latest") return Mode::latest;
    return std::nullopt;
}

constexpr std::string_view bad_operations = "'operations' must be one or more of put, delete and expire";
constexpr std::string_view bad_from = "'from' must be now, snapshot or a cursor that a watch gave";
constexpr std::string_view bad_mode = "'mode' must be every or latest";

From read_from(api::ObjectReader& in, const api::json::Document& document) {
    const auto* value = in.any("from");
    if (value == nullptr) return {};
    std::optional<From> from;
    if (value->type == api::json::Type::object) {
        api::ObjectReader inner(document, *value, "from");
        const auto text = inner.required_text("cursor");
        if (auto problem = inner.finish()) in.refuse(*std::move(problem));
        from = parse_from(text);
        if (from && from->kind != From::Kind::cursor) from.reset();
    } else if (value->text == "now" || value->text == "snapshot") {
        from = parse_from(value->text);
    }
    if (!from) in.refuse("from", std::string(bad_from));
    return from.value_or(From());
}

Operations read_operations(api::ObjectReader& in, const api::json::Document& document) {
    const auto* list = in.array("operations");
    if (list == nullptr) return Operations::all();
    Operations operations;
    for (const auto* item = document.first(*list); item != nullptr; item = document.next(*item)) {
        if (item->type == api::json::Type::string && add_operation(operations, item->text)) continue;
        in.refuse("operations", std::string(bad_operations));
    }
    if (operations.empty()) in.refuse("operations", std::string(bad_operations));
    return operations;
}

}  // namespace

std::optional<From> parse_from(std::string_view text) {
    if (text == "now") return From{.kind = From::Kind::now};
    if (text == "snapshot") return From{.kind = From::Kind::snapshot};
    auto cursor = api::parse_history_cursor(text);
    if (!cursor) return std::nullopt;
    return From{.kind = From::Kind::cursor, .cursor = std::move(*cursor)};
}

Operations Operations::all() {
    Operations operations;
    for (const auto& [name, kind] : operation_names)
        operations.add(kind);
    return operations;
}

WatchRequest read_watch_request(api::ObjectReader& in, const api::json::Document& document) {
    WatchRequest request;
    request.prefix = in.string("prefix").value_or("");
    if (auto problem = api::refuse_prefix("prefix", request.prefix)) in.refuse(*std::move(problem));
    request.from = read_from(in, document);
    if (const auto text = in.string("mode")) {
        const auto mode = parse_mode(*text);
        if (!mode) in.refuse("mode", std::string(bad_mode));
        request.mode = mode.value_or(Mode::every);
    }
    if (!in.boolean("values").value_or(true)) request.values = Values::omit;
    request.previous = in.boolean("previous").value_or(false);
    request.operations = read_operations(in, document);
    return request;
}

api::Result<WatchRequest> take_watch_request(http::Query& query) {
    WatchRequest request;
    request.prefix = query.take("prefix").value_or("");
    if (auto problem = api::refuse_prefix("prefix", request.prefix)) return *std::move(problem);
    if (const auto text = query.take("from")) {
        const auto from = parse_from(*text);
        if (!from) return invalid_field("from", std::string(bad_from));
        request.from = *from;
    }
    if (const auto text = query.take("mode")) {
        const auto mode = parse_mode(*text);
        if (!mode) return invalid_field("mode", std::string(bad_mode));
        request.mode = *mode;
    }
    const auto values = api::take_flag(query, "values", true);
    if (!values) return values.error();
    if (!*values) request.values = Values::omit;
    const auto previous = api::take_flag(query, "previous");
    if (!previous) return previous.error();
    request.previous = *previous;
    if (const auto text = query.take("operations")) {
        request.operations = {};
        for (std::string_view rest = *text;;) {
            const auto comma = rest.find(',');
            if (!add_operation(request.operations, rest.substr(0, comma)))
                return invalid_field("operations", std::string(bad_operations));
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return request;
}

api::NamespaceSelector read_namespace(api::ObjectReader& in, const api::json::Document& document) {
    api::NamespaceSelector selector;
    const auto* object = in.required("namespace");
    if (object != nullptr && object->type != api::json::Type::object) {
        in.refuse("namespace", "'" + in.field("namespace") + "' must be an object");
        object = nullptr;
    }
    if (object == nullptr) return selector;
    api::ObjectReader inner(document, *object, "namespace");
    selector.workspace = inner.required_text("workspace");
    const auto end_user = inner.text("endUserId");
    const auto external = inner.text("externalId");
    const auto integration = inner.text("integrationAlias");
    if (external && (end_user || integration)) {
        inner.refuse("externalId", "'namespace.externalId' stands alone beside the workspace");
    }
    if (integration) {
        selector.form = api::NamespaceForm::integration;
        selector.subject = *integration;
        if (end_user) selector.end_user_id = std::string(*end_user);
    } else if (end_user) {
        selector.form = api::NamespaceForm::end_user;
        selector.subject = *end_user;
    } else if (external) {
        selector.form = api::NamespaceForm::external;
        selector.subject = *external;
    }
    if (auto problem = inner.finish()) in.refuse(*std::move(problem));
    return selector;
}

}  // namespace alcove::watch

// Cursors of lists: opaque to clients, and good only for the list that they came from.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"
#include "scopes/json_writer.hpp"
#include "scopes/uuid.hpp"

namespace alcove::api {

// What a cursor belongs to: the list and the parameters that choose its items, in a fixed order.
using CursorScope = std::initializer_list<std::string_view>;

// `position` is the layer's below; it must not be empty.
std::string print_cursor(CursorScope scope, std::string_view position);

// nullopt when it is no cursor, or one of another list.
std::optional<std::string> parse_cursor(CursorScope scope, std::string_view cursor);

// Calls `use` with the scope of a list inside a namespace; `parts` are the parameters that choose its items.
template <class Use, class... Parts>
auto with_namespace_scope(std::string_view list, const kv::NamespaceName& name, Use use, const Parts&... parts) {
    const auto scope = std::to_string(static_cast<int>(name.scope));
    const auto workspace = scopes::format_uuid(name.workspace);
    return use(CursorScope{list, scope, workspace, name.subject, parts...});
}

// `"prefixes":[…],"cursor":…,"complete":…` and the end of the object: how an answer with a page of entries ends.
void print_page_end(scopes::json::Writer& writer, CursorScope scope, const kv::Page& page);

// A place in a namespace's history: everything up to that version. Means nothing in another epoch.
std::string print_history_cursor(std::string_view epoch, std::uint64_t version);

struct HistoryCursor {
    std::string epoch;
    std::uint64_t version = 0;
};
// nullopt when it is none.
std::optional<HistoryCursor> parse_history_cursor(std::string_view cursor);

}  // namespace alcove::api

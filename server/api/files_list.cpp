// Listing files.
#include <utility>

#include "server/api/cursor.hpp"
#include "server/api/files.hpp"
#include "server/api/json.hpp"
#include "server/api/limits.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"

namespace alcove::api {
namespace {

struct ListParameters {
    kv::KeyRange range;
    kv::PageRequest page;
};

// A cursor holds for the namespace and the range; the size of a page may change on the way.
template <class Use>
auto with_cursor_scope(const Call& call, const kv::KeyRange& range, Use use) {
    return with_namespace_scope("files", *call.namespace_name, use, range.prefix, range.delimiter);
}

Problem bad_cursor() {
    return invalid_field("cursor", "'cursor' is not one of this list");
}

Result<ListParameters> take_parameters(const Call& call) {
    ListParameters parameters;
    auto query = parse_query(call);
    if (!query) return query.error();
    for (auto [name, field] :
         {std::pair{"prefix", &parameters.range.prefix}, {"delimiter", &parameters.range.delimiter}}) {
        *field = query->take(name).value_or("");
        if (auto problem = refuse_prefix(name, *field)) return *std::move(problem);
    }
    const auto limit = take_number(*query, "limit", 1, limits::files_per_page_max, limits::files_per_page_default);
    if (!limit) return limit.error();
    parameters.page.entries_max = *limit;
    const auto cursor = query->take("cursor");
    if (auto problem = refuse_unknown(*query)) return *std::move(problem);
    if (!cursor) return parameters;
    auto position = with_cursor_scope(call, parameters.range,
                                      [&cursor](CursorScope scope) { return parse_cursor(scope, *cursor); });
    if (!position) return bad_cursor();
    parameters.page.after = std::move(*position);
    return parameters;
}

void print_item(json::Writer& writer, const kv::Item& item) {
    const auto& entry = item.entry;
    writer.open_object().member("path", item.key);
    writer.name("version").plain_string(std::to_string(entry.version));
    writer.name("size").number(item.value_size).member("contentType", entry.content_type);
    print_time(writer, "createdAt", entry.created_ms);
    print_time(writer, "updatedAt", entry.updated_ms);
    writer.close_object();
}

}  // namespace

asio::awaitable<void> list_files(Call& call) {
    const auto parameters = take_parameters(call);
    if (!parameters) co_return call.fail(parameters.error());
    const auto& [range, request] = *parameters;
    const auto page = co_await call.services.store.list(*call.namespace_name, range, request, kv::Collection::file);
    const bool resumed = !request.after.empty();
    if (!page && page.error().code == kv::Errc::invalid && resumed) co_return call.fail(bad_cursor());
    if (!page) co_return call.fail(to_problem(page.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("items").open_array();
    for (const auto& item : page->items)
        print_item(writer, item);
    writer.close_array();
    with_cursor_scope(call, range, [&](CursorScope scope) { print_page_end(writer, scope, *page); });
}

}  // namespace alcove::api

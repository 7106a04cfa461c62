#include "server/actions/common.hpp"

#include <string>
#include <utility>

#include "server/api/cursor.hpp"

namespace alcove::actions {
namespace {

template <class Use>
auto with_cursor_scope(const ActionContext& context, std::string_view action_name, Use use) {
    return api::with_namespace_scope(action_name, context.namespace_name, use, context.input.text("prefix"));
}

}  // namespace

api::Problem to_problem(kv::Error error) {
    error.operation.reset();
    return api::to_problem(error);
}

asio::awaitable<api::Result<kv::Page>> read_page(ActionContext& context, std::string_view action_name,
                                                 kv::Collection collection) {
    const auto& in = context.input;
    const auto bad_cursor =
        api::invalid_field(in.field("cursor"), "'" + in.field("cursor") + "' is not one of this list");
    const kv::KeyRange range{.prefix = in.text("prefix"), .start = {}, .end = {}, .delimiter = {}};
    kv::PageRequest request{.entries_max = in.whole_number("limit")};
    if (in.has("cursor")) {
        const auto cursor = in.text("cursor");
        auto position = with_cursor_scope(
            context, action_name, [&cursor](api::CursorScope scope) { return api::parse_cursor(scope, cursor); });
        if (!position) co_return bad_cursor;
        request.after = std::move(*position);
    }
    auto page = co_await context.store.list(context.namespace_name, range, request, collection);
    if (page) co_return std::move(*page);
    if (page.error().code == kv::Errc::invalid && !request.after.empty()) co_return bad_cursor;
    co_return to_problem(page.error());
}

void print_cursor(json::Writer& writer, const ActionContext& context, std::string_view action_name,
                  const kv::Page& page) {
    if (page.next.empty()) {
        writer.null();
        return;
    }
    writer.string(with_cursor_scope(
        context, action_name, [&page](api::CursorScope scope) { return api::print_cursor(scope, page.next); }));
}

asio::awaitable<api::Result<std::vector<std::string>>> list_options(kv::Store& store,
                                                                    const kv::NamespaceName& namespace_name,
                                                                    std::string_view search,
                                                                    kv::Collection collection) {
    const kv::KeyRange range{.prefix = std::string(search), .start = {}, .end = {}, .delimiter = {}};
    const kv::PageRequest request{.entries_max = options_max};
    auto page = co_await store.list(namespace_name, range, request, collection);
    if (!page) co_return to_problem(page.error());
    std::vector<std::string> names;
    for (const auto& item : page->items)
        names.emplace_back(item.key);
    co_return names;
}

}  // namespace alcove::actions

// Listing keys, and deleting them by prefix.
#include <utility>

#include "server/api/cursor.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/kv.hpp"
#include "server/api/limits.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/api/values.hpp"

namespace alcove::api {
namespace {

// What a listed key takes beside its name and value, for one reservation of the body.
constexpr std::size_t item_bytes = 224;

struct ListParameters {
    kv::KeyRange range;
    kv::PageRequest page;
};

std::string_view text_of(bool value) {
    return value ? "true" : "false";
}

// A cursor holds for the namespace and the range; the size of a page and its values may change on the way.
template <class Use>
auto with_cursor_scope(const Call& call, const ListParameters& parameters, Use use) {
    const auto& range = parameters.range;
    const auto order = text_of(parameters.page.order == kv::Order::descending);
    return with_namespace_scope("kv", *call.namespace_name, use, range.prefix, range.start, range.end,
                                range.delimiter, order);
}

Result<ListParameters> take_parameters(const Call& call) {
    ListParameters parameters;
    auto query = parse_query(call);
    if (!query) return query.error();
    for (auto [name, field] : {std::pair{"prefix", &parameters.range.prefix},
                               {"start", &parameters.range.start},
                               {"end", &parameters.range.end},
                               {"delimiter", &parameters.range.delimiter}}) {
        *field = query->take(name).value_or("");
        // The ends of a range are no keys: `start=a%00` means behind "a".
        const bool is_end = field == &parameters.range.start || field == &parameters.range.end;
        if (is_end && field->size() <= kv::limits::key_bytes_max) continue;
        if (auto problem = refuse_prefix(name, *field)) return *std::move(problem);
    }
    const auto limit = take_number(*query, "limit", 1, limits::keys_per_page_max, limits::keys_per_page_default);
    if (!limit) return limit.error();
    const auto reverse = take_flag(*query, "reverse");
    if (!reverse) return reverse.error();
    const auto values = take_flag(*query, "values");
    if (!values) return values.error();
    const auto cursor = query->take("cursor");
    if (auto problem = refuse_unknown(*query)) return *std::move(problem);

    parameters.page.entries_max = *limit;
    parameters.page.order = *reverse ? kv::Order::descending : kv::Order::ascending;
    parameters.page.values = *values ? kv::Values::include : kv::Values::omit;
    if (!cursor) return parameters;
    auto position =
        with_cursor_scope(call, parameters, [&cursor](CursorScope scope) { return parse_cursor(scope, *cursor); });
    if (!position) return invalid_field("cursor", "'cursor' is not one of this list");
    parameters.page.after = std::move(*position);
    return parameters;
}

void print_item(json::Writer& writer, const kv::Item& item, kv::Values values) {
    const auto& entry = item.entry;
    writer.open_object().member("key", item.key);
    writer.name("version").plain_string(std::to_string(entry.version));
    writer.name("size").number(item.value_size).member("contentType", entry.content_type);
    print_time(writer, "createdAt", entry.created_ms);
    print_time(writer, "updatedAt", entry.updated_ms);
    if (entry.expires_ms) {
        print_time(writer, "expiresAt", *entry.expires_ms);
    } else {
        writer.name("expiresAt").null();
    }
    if (values == kv::Values::include) print_value(writer.name("value"), entry.content_type, entry.value);
    writer.close_object();
}

std::size_t expected_bytes(const kv::Page& page) {
    std::size_t bytes = item_bytes;
    for (const auto& item : page.items)
        bytes += item_bytes + item.key.size() + item.entry.value.size() * 4 / 3;
    return bytes;
}

}  // namespace

asio::awaitable<void> list_keys(Call& call) {
    auto parameters = take_parameters(call);
    if (!parameters) co_return call.fail(parameters.error());
    auto page = co_await call.services.store.list(*call.namespace_name, parameters->range, parameters->page);
    if (!page && page.error().code == kv::Errc::invalid && !parameters->page.after.empty()) {
        co_return call.fail(invalid_field("cursor", "'cursor' is not one of this list"));
    }
    if (!page) co_return call.fail(to_problem(page.error()));

    call.begin_json(200);
    call.response.body.reserve(expected_bytes(*page));
    json::Writer writer(call.response.body);
    writer.open_object().name("items").open_array();
    for (const auto& item : page->items)
        print_item(writer, item, parameters->page.values);
    writer.close_array();
    with_cursor_scope(call, *parameters, [&](CursorScope scope) { print_page_end(writer, scope, *page); });
}

asio::awaitable<void> delete_keys(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    const auto prefix = query->take("prefix");
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    if (!prefix) co_return call.fail(missing_field("prefix"));
    if (auto problem = refuse_prefix("prefix", *prefix)) co_return call.fail(*problem);
    auto request_id = take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());

    kv::Commit commit;
    commit.request_id = std::move(*request_id);
    commit.operations.emplace_back(kv::DeletePrefix{
        .prefix = std::string(*prefix), .keys_max = kv::limits::prefix_deletes_per_commit_max, .partial = true});
    auto outcome = co_await call.services.store.commit(*call.namespace_name, std::move(commit));
    if (!outcome) co_return call.fail(to_problem(outcome.error()));

    const auto& result = outcome->results.front();
    set_replayed(call.response, outcome->replayed);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("deleted").number(result.deleted);
    writer.name("complete").boolean(result.complete).close_object();
}

}  // namespace alcove::api

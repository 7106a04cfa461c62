#include "server/deck/surface.hpp"

#include <algorithm>
#include <utility>

#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/deck/limits.hpp"

namespace alcove::deck {

asio::awaitable<api::Result<scopes::Uuid>> enter(api::Call& call) {
    if (call.principal->end_user) {
        co_return api::Problem(403, "FORBIDDEN", "a token that acts as an end user has no business here");
    }
    auto workspace = co_await api::bind_workspace(call);
    co_return workspace;
}

std::string print_id(std::string_view prefix, const scopes::Uuid& id) {
    auto digits = scopes::format_uuid(id);
    std::erase(digits, '-');
    return std::string(prefix).append(digits);
}

std::optional<scopes::Uuid> parse_id(std::string_view prefix, std::string_view text) {
    constexpr std::size_t digits_length = 32;
    if (!text.starts_with(prefix) || text.size() != prefix.size() + digits_length) return std::nullopt;
    auto uuid = std::string(text.substr(prefix.size()));
    for (const std::size_t dash : {8, 13, 18, 23})
        uuid.insert(dash, 1, '-');
    const auto id = scopes::parse_uuid(uuid);
    if (!id || print_id(prefix, *id) != text) return std::nullopt;  // upper case spells another id
    return id;
}

api::Result<scopes::ListRequest> take_page(http::Query& query, api::CursorScope scope) {
    const auto limit = api::take_number(query, "limit", 1, limits::page_limit_max, limits::page_limit_default);
    if (!limit) return limit.error();
    scopes::ListRequest page{.limit = *limit, .total = scopes::Total::skip};
    const auto cursor = query.take("cursor");
    if (!cursor) return page;
    auto position = api::parse_cursor(scope, *cursor);
    if (!position) {
        auto problem = api::invalid_field("cursor", "'cursor' is not one of this list with these filters");
        problem.fine_code = "cursor_invalid";
        return problem;
    }
    page.cursor = *std::move(position);
    return page;
}

void print_page_end(api::Call& call, scopes::json::Writer& writer, api::CursorScope scope, std::string_view next) {
    writer.close_array().name("has_more").boolean(!next.empty()).name("next_cursor");
    next.empty() ? writer.null() : writer.string(api::print_cursor(scope, next));
    writer.member("request_id", call.request.id).close_object();
}

}  // namespace alcove::deck

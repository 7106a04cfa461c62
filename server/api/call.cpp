#include "server/api/call.hpp"

#include <limits>
#include <utility>

#include "scopes/json_writer.hpp"

namespace alcove::api {

Problem forbidden(scopes::Permission permission) {
    std::string details;
    scopes::json::Writer(details).member("permission", to_string(permission));
    return Problem(403, "FORBIDDEN", "the key lacks the permission " + std::string(to_string(permission)),
                   std::move(details));
}

Problem body_problem(http::BodyError error, std::size_t bytes_max) {
    switch (error) {
        case http::BodyError::too_large:
            return too_large("body", bytes_max);
        case http::BodyError::timeout:
            return Problem(408, "REQUEST_TIMEOUT", "the body did not arrive in time");
        case http::BodyError::malformed:
        case http::BodyError::closed:
            break;
    }
    return invalid_field("body", "the body is not framed as HTTP/1.1 asks for");
}

asio::awaitable<Result<std::string_view>> read_body(Call& call, std::size_t bytes_max) {
    auto body = co_await call.exchange.read_body(bytes_max);
    if (body) co_return *body;
    co_return body_problem(body.error(), bytes_max);
}

asio::awaitable<void> drop_rest_of_body(Call& call) {
    constexpr std::uint64_t dropped_bytes_max = std::uint64_t{64} << 20;
    for (std::uint64_t dropped = 0; dropped < dropped_bytes_max;) {
        auto piece = co_await call.exchange.read_some(std::numeric_limits<std::uint64_t>::max());
        if (!piece || piece->empty()) co_return;
        dropped += piece->size();
    }
}

Result<http::Query> parse_query(const Call& call) {
    auto query = http::Query::parse(call.request.query);
    if (!query) return invalid_field(query.error().name, query.error().message);
    if (call.form == NamespaceForm::integration) query->take(end_user_parameter);
    return std::move(*query);
}

std::optional<Problem> refuse_unknown(const http::Query& query) {
    const auto unknown = query.first_unknown();
    if (!unknown) return std::nullopt;
    return unknown_field(*unknown);
}

std::optional<std::string_view> plain_end_user(const Call& call) {
    const auto query = call.request.query;
    constexpr auto name_size = end_user_parameter.size();
    if (call.form != NamespaceForm::integration || !query.starts_with(end_user_parameter)) return std::nullopt;
    if (query.size() <= name_size || query[name_size] != '=') return std::nullopt;
    const auto value = query.substr(name_size + 1);
    if (value.find_first_of("%+&") != std::string_view::npos) return std::nullopt;
    return value;
}

std::optional<Problem> refuse_query(const Call& call) {
    if (call.request.query.empty() || plain_end_user(call)) return std::nullopt;
    auto query = parse_query(call);
    if (!query) return query.error();
    return refuse_unknown(*query);
}

}  // namespace alcove::api

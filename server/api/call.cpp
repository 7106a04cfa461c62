#include "server/api/call.hpp"

#include <utility>

namespace alcove::api {

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

Result<http::Query> parse_query(const Call& call) {
    auto query = http::Query::parse(call.request.query);
    if (!query) return invalid_field(query.error().name, query.error().message);
    return std::move(*query);
}

std::optional<Problem> refuse_unknown(const http::Query& query) {
    const auto unknown = query.first_unknown();
    if (!unknown) return std::nullopt;
    return unknown_field(*unknown);
}

std::optional<Problem> refuse_query(const Call& call) {
    if (call.request.query.empty()) return std::nullopt;
    auto query = parse_query(call);
    if (!query) return query.error();
    return refuse_unknown(*query);
}

}  // namespace alcove::api

#include "server/deck/error.hpp"

#include <array>

#include "scopes/json_writer.hpp"

namespace alcove::deck {
namespace {

struct Kind {
    std::string_view type;
    std::string_view code;
};

struct Row {
    unsigned status;
    std::string_view native_code;  // empty: whatever it is
    Kind kind;
};

// The first that fits. Types and the codes auth_invalid, idempotency_error, input_missing, cursor_invalid,
// rate_limit_exceeded and api_error are Deck's.
constexpr std::array<Row, 15> rows = {{
    {401, {}, {"auth", "auth_invalid"}},
    {403, "QUOTA_EXCEEDED", {"request", "limit_exceeded"}},
    {403, {}, {"auth", "forbidden"}},
    {404, {}, {"request", "not_found"}},
    {405, {}, {"request", "method_not_allowed"}},
    {408, {}, {"request", "timeout"}},
    {409, "IDEMPOTENCY_CONFLICT", {"idempotency", "idempotency_error"}},
    {409, {}, {"request", "conflict"}},
    {413, {}, {"request", "too_large"}},
    {414, {}, {"request", "too_large"}},
    {415, {}, {"request", "unsupported_media_type"}},
    {429, {}, {"rate_limit", "rate_limit_exceeded"}},
    {431, {}, {"request", "too_large"}},
    {503, {}, {"api", "unavailable"}},
    {507, {}, {"api", "unavailable"}},
}};

Kind kind_of(const api::Problem& problem) {
    if (problem.status == 400 && problem.field == "Idempotency-Key")
        return {"idempotency", "idempotency_key_error"};
    if (!problem.fine_code.empty()) return {"request", problem.fine_code};
    for (const auto& [status, native_code, kind] : rows) {
        if (status == problem.status && (native_code.empty() || native_code == problem.code)) return kind;
    }
    return problem.status < 500 ? Kind{"request", "input_invalid"} : Kind{"api", "api_error"};
}

}  // namespace

void print_problem(const http::Request& request, http::Response& response, const api::Problem& problem) {
    const auto [type, code] = kind_of(problem);
    scopes::json::Writer writer(response.body);
    writer.open_object().name("errors").open_array().open_object();
    writer.member("type", type).member("code", code);
    if (!problem.field.empty()) writer.member("field", problem.field);
    writer.member("message", problem.message).close_object().close_array();
    writer.member("request_id", request.id).close_object();
}

}  // namespace alcove::deck

#include "server/api/error.hpp"

#include <array>
#include <boost/throw_exception.hpp>
#include <cstddef>
#include <stdexcept>

#include "scopes/json_writer.hpp"
#include "server/api/journal.hpp"

namespace alcove::api {
namespace {

using scopes::json::Writer;

template <class Errc>
struct Row {
    Errc outcome;
    unsigned status;
    std::string_view code;
};

constexpr std::array<Row<kv::Errc>, 13> rows = {{
    {kv::Errc::not_found, 404, "NOT_FOUND"},
    {kv::Errc::check_failed, 409, "CHECK_FAILED"},
    {kv::Errc::type_mismatch, 409, "TYPE_MISMATCH"},
    {kv::Errc::too_large, 413, "TOO_LARGE"},
    {kv::Errc::invalid, 400, "VALIDATION_ERROR"},
    {kv::Errc::idempotency_conflict, 409, "IDEMPOTENCY_CONFLICT"},
    {kv::Errc::compacted, 410, "COMPACTED"},
    {kv::Errc::quota_exceeded, 403, "QUOTA_EXCEEDED"},
    {kv::Errc::rate_limited, 429, "RATE_LIMITED"},
    {kv::Errc::overloaded, 503, "OVERLOADED"},
    {kv::Errc::store_full, 507, "STORE_FULL"},
    {kv::Errc::shutting_down, 503, "SHUTTING_DOWN"},
    {kv::Errc::outcome_unknown, 500, "INTERNAL_ERROR"},
}};

constexpr std::array<Row<scopes::Errc>, 16> scope_rows = {{
    {scopes::Errc::workspace_not_found, 404, "NOT_FOUND"},
    {scopes::Errc::end_user_not_found, 404, "END_USER_NOT_FOUND"},
    {scopes::Errc::connection_not_found, 404, "CONNECTION_NOT_FOUND"},
    {scopes::Errc::integration_not_found, 404, "INTEGRATION_NOT_FOUND"},
    {scopes::Errc::token_not_found, 404, "NOT_FOUND"},
    {scopes::Errc::event_not_found, 404, "NOT_FOUND"},
    {scopes::Errc::webhook_not_found, 404, "NOT_FOUND"},
    {scopes::Errc::slug_exists, 409, "SLUG_EXISTS"},
    {scopes::Errc::alias_conflict, 409, "ALIAS_CONFLICT"},
    {scopes::Errc::duplicate, 409, "DUPLICATE"},
    {scopes::Errc::ambiguous_integration, 400, "AMBIGUOUS_INTEGRATION"},
    {scopes::Errc::connection_terminated, 409, "CONNECTION_TERMINATED"},
    {scopes::Errc::connection_required, 400, "CONNECTION_REQUIRED"},
    {scopes::Errc::invalid, 400, "VALIDATION_ERROR"},
    {scopes::Errc::too_many, 403, "QUOTA_EXCEEDED"},
    {scopes::Errc::bad_cursor, 400, "VALIDATION_ERROR"},
}};

void print_exceeded(std::string& details, const kv::ExceededQuota& exceeded) {
    const bool bytes = exceeded.kind == kv::ExceededQuota::Kind::bytes;
    Writer writer(details);
    writer.member("quota", bytes ? "bytes" : "keys").name("used").number(exceeded.used);
    writer.name("limit").number(exceeded.limit);
}

}  // namespace

void throw_exception_from_error(const Problem& problem, const boost::source_location& where) {
    boost::throw_exception(std::runtime_error("unhandled outcome: " + problem.message), where);
}

Problem invalid_field(std::string_view field, std::string message) {
    Problem problem(400, "VALIDATION_ERROR", std::move(message));
    problem.field = field;
    return problem;
}

Problem unknown_field(std::string_view field) {
    return invalid_field(field, "'" + std::string(field) + "' is not known here");
}

Problem missing_field(std::string_view field) {
    auto problem = invalid_field(field, "'" + std::string(field) + "' is required");
    problem.fine_code = "input_missing";
    return problem;
}

Problem not_found(std::string message) {
    return Problem(404, "NOT_FOUND", std::move(message));
}

Problem too_large(std::string_view what, std::size_t max) {
    Problem problem(413, "TOO_LARGE", std::string(what) + " exceeds its limit of " + std::to_string(max));
    problem.field = what;
    Writer(problem.details).name("max").number(max);
    return problem;
}

Problem precondition_failed(std::optional<kv::Version> current) {
    std::string details;
    Writer writer(details);
    writer.name("version");
    current ? writer.string(std::to_string(*current)) : writer.null();
    return Problem(412, "PRECONDITION_FAILED", "the entry is not in the state that was asked for",
                   std::move(details));
}

Problem to_problem(const kv::Error& error) {
    for (const auto& row : rows) {
        if (row.outcome != error.code) continue;
        Problem out(row.status, row.code, error.message);
        if (out.message.empty()) out.message = kv::to_string(error.code);
        if (row.status == 500) {
            out.cause = out.message;
            out.message = "the outcome is unknown";
        }
        if (error.exceeded) print_exceeded(out.details, *error.exceeded);
        if (error.retry_after_ms > 0)
            out.retry_after_s = (static_cast<std::uint64_t>(error.retry_after_ms) + 999) / 1000;
        if (error.operation) {
            const auto index = std::to_string(*error.operation);
            out.field = "operations[" + index + "]";
            Writer(out.details).name("index").raw(index);
        }
        return out;
    }
    Problem out(500, "INTERNAL_ERROR", "something broke");
    out.cause = error.message;
    return out;
}

Problem to_problem(const scopes::Error& error) {
    for (const auto& row : scope_rows) {
        if (row.outcome != error.code) continue;
        Problem out(row.status, row.code, error.message);
        out.field = error.field;
        if (error.code == scopes::Errc::bad_cursor) out.fine_code = "cursor_invalid";
        if (!error.names.empty()) {
            Writer writer(out.details);
            writer.name("aliases").open_array();
            for (const auto& name : error.names)
                writer.string(name);
            writer.close_array();
        }
        return out;
    }
    return error.cause ? to_problem(*error.cause) : Problem(500, "INTERNAL_ERROR", "something broke");
}

void print_problem(const http::Request&, http::Response& response, const Problem& problem) {
    Writer writer(response.body);
    writer.open_object().member("error", problem.message).member("code", problem.code);
    writer.name("details").open_object();
    if (!problem.field.empty()) writer.member("field", problem.field);
    if (!problem.details.empty()) writer.raw(problem.details);
    writer.close_object().close_object();
}

void answer(const http::Request& request, http::Response& response, const Problem& problem, PrintProblem print) {
    const auto status = problem.status;
    if (status == 500)  // 503 and 507 are states, which readiness tells
        journal_failure(request, problem.code, problem.cause.empty() ? problem.message : problem.cause);
    response.status = status;
    response.body.clear();
    response.set("Content-Type", "application/json");
    if (status == 429 || status == 503) response.set("Retry-After", std::to_string(problem.retry_after_s));
    if (status == 401) response.set("WWW-Authenticate", "Bearer");
    print(request, response, problem);
}

}  // namespace alcove::api

// What can be wrong with a request, the one table from outcomes of the layers below to HTTP, and the native error
// shape.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kv/error.hpp"
#include "kv/types.hpp"
#include "scopes/error.hpp"
#include "server/http/message.hpp"

namespace alcove::api {

// What the client is told. Natively: `{"error":message,"code":code,"details":{"field":field,…}}`.
struct Problem {
    Problem() = default;

    // `with_code` must be a literal.
    Problem(unsigned of_status, std::string_view with_code, std::string text, std::string members = {})
        : status(of_status), code(with_code), message(std::move(text)), details(std::move(members)) {}

    unsigned status = 500;
    std::string_view code = "INTERNAL_ERROR";
    std::string message;
    std::string field;                // the part of the request that it is about, if it is about one
    std::string details;              // further members of the object, as JSON text; empty: none
    std::string_view fine_code;       // for dialects that tell more apart: "input_missing", "cursor_invalid"
    std::string cause;                // for the log only
    std::uint64_t retry_after_s = 1;  // for 429 and 503
};

// Called by result::value() on an error; callers that test first never meet it.
[[noreturn]] void throw_exception_from_error(const Problem& problem, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Problem>;

// 400 VALIDATION_ERROR with details.field.
Problem invalid_field(std::string_view field, std::string message);
Problem unknown_field(std::string_view field);
Problem missing_field(std::string_view field);

Problem not_found(std::string message);                     // 404 NOT_FOUND
Problem too_large(std::string_view what, std::size_t max);  // 413 TOO_LARGE
Problem precondition_failed(std::optional<kv::Version> current);

Problem to_problem(const kv::Error& error);
Problem to_problem(const scopes::Error& error);

// The shape of an error on one surface: fills the body; status and common headers are set.
using PrintProblem = void (*)(const http::Request& request, http::Response& response, const Problem& problem);

// Of the native surface.
void print_problem(const http::Request& request, http::Response& response, const Problem& problem);

// Fills the response. A problem of status 500 is logged with its cause.
void answer(const http::Request& request, http::Response& response, const Problem& problem, PrintProblem print);

}  // namespace alcove::api

#include "server/braze/error.hpp"

#include "scopes/json_writer.hpp"

namespace alcove::braze {

void print_problem(const http::Request&, http::Response& response, const api::Problem& problem) {
    const std::string_view message = problem.status == 401 ? "Invalid API key" : std::string_view(problem.message);
    scopes::json::Writer(response.body).open_object().member("message", message).close_object();
}

}  // namespace alcove::braze

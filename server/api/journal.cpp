#include "server/api/journal.hpp"

#include <cstdio>
#include <string>

namespace alcove::api {
namespace {

void print_line(const std::string& line) {
    std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace

void journal_failure(const http::Request& request, std::string_view code, std::string_view cause) {
    print_line("failure " + std::string(request.id) + " " + std::string(code) + ": " + std::string(cause));
}

void journal_access(const http::Request& request, unsigned status, std::size_t bytes, std::int64_t duration_us) {
    print_line("access " + std::string(request.id) + " " + std::string(request.method_text) + " " +
               std::string(request.path) + " " + std::to_string(status) + " " + std::to_string(bytes) + " " +
               std::to_string(duration_us));
}

void journal_notice(std::string_view text) {
    print_line("notice " + std::string(text));
}

}  // namespace alcove::api

#include "server/api/journal.hpp"

#include "server/log.hpp"

namespace alcove::api {

void journal_failure(const http::Request& request, std::string_view code, std::string_view cause) {
    log::error("request_failed", {{"request", request.id},
                                  {"method", request.method_text},
                                  {"path", request.path},
                                  {"code", code},
                                  {"cause", cause}});
}

void journal_access(const http::Request& request, unsigned status, std::size_t bytes,
                    std::chrono::nanoseconds duration) {
    const std::int64_t duration_us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    log::info("request", {{"request", request.id},
                          {"remote", request.remote},
                          {"method", request.method_text},
                          {"path", request.path},
                          {"status", std::int64_t{status}},
                          {"bytes", static_cast<std::int64_t>(bytes)},
                          {"duration_us", duration_us}});
}

void journal_notice(std::string_view text) {
    log::warn("identity", {{"notice", text}});
}

}  // namespace alcove::api

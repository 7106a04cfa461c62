#include "server/api/cors.hpp"

#include <algorithm>

namespace alcove::api {

bool allows_origin(const Settings& settings, std::string_view origin) {
    return std::ranges::any_of(settings.allowed_origins,
                               [origin](const std::string& each) { return each == "*" || each == origin; });
}

bool answer_origin(const Settings& settings, const http::Request& request, http::Response& response) {
    if (settings.allowed_origins.empty()) return false;
    response.set("Vary", "Origin");
    const auto origin = request.header("origin");
    if (!origin || !allows_origin(settings, *origin)) return false;
    response.set("Access-Control-Allow-Origin", *origin);
    response.set("Access-Control-Expose-Headers",
                 "ETag, Alcove-Expires-At, X-Request-Id, Last-Modified, Retry-After, Idempotent-Replayed, "
                 "Accept-Ranges, Content-Range, Content-Disposition, Repr-Digest, X-RateLimit-Limit, "
                 "X-RateLimit-Remaining, X-RateLimit-Reset");
    if (request.method != http::Method::options || !request.header("access-control-request-method")) return false;
    response.status = 204;
    response.set("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, PATCH, DELETE");
    response.set("Access-Control-Allow-Headers",
                 "Authorization, Content-Type, If-Match, If-None-Match, If-Modified-Since, Idempotency-Key, "
                 "Last-Event-ID, Alcove-Workspace, Range, If-Range, Content-Digest, Repr-Digest");
    response.set("Access-Control-Max-Age", "600");
    return true;
}

}  // namespace alcove::api

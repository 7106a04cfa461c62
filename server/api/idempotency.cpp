#include "server/api/idempotency.hpp"

#include <initializer_list>
#include <string>

#include "scopes/secret.hpp"
#include "scopes/text.hpp"

namespace alcove::api {
namespace {

std::string digest(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const auto part : parts)
        text.append(std::to_string(part.size())).append(":").append(part);
    return scopes::sha256_hex(text);
}

bool is_key(std::string_view text) {
    return !text.empty() && scopes::count_code_points(text).value_or(text.size()) <= idempotency_key_length_max;
}

}  // namespace

Result<std::optional<kv::RequestId>> take_request_id(const Call& call, std::string_view body,
                                                     std::optional<std::string_view> key_in_body) {
    const auto& request = call.request;
    const auto key_in_header = request.header("idempotency-key");
    if (key_in_header && (!is_key(*key_in_header) || request.count("idempotency-key") > 1)) {
        return invalid_field("Idempotency-Key", "Idempotency-Key must be one header of 1 to 256 characters");
    }
    if (key_in_body && !is_key(*key_in_body)) {
        return invalid_field("idempotencyKey", "'idempotencyKey' must have 1 to 256 characters");
    }
    if (key_in_header && key_in_body && *key_in_header != *key_in_body) {
        return invalid_field("idempotencyKey", "'idempotencyKey' differs from the header Idempotency-Key");
    }
    const auto key = key_in_header ? key_in_header : key_in_body;
    if (!key) return std::optional<kv::RequestId>();
    const auto who = scopes::format_uuid(call.principal->id);
    const auto if_match = request.header("if-match").value_or("");
    const auto if_none_match = request.header("if-none-match").value_or("");
    const auto workspace = call.bound_workspace ? scopes::format_uuid(*call.bound_workspace) : std::string();
    return std::optional<kv::RequestId>(
        kv::RequestId{.id = digest({who, request.method_text, request.path, *key}),
                      .digest = digest({request.query, if_match, if_none_match, workspace, body}),
                      .note = {}});
}

void set_replayed(http::Response& response, bool replayed) {
    if (replayed) response.set("Idempotent-Replayed", "true");
}

}  // namespace alcove::api

#include "server/api/json.hpp"

#include <utility>

#include "server/api/resources.hpp"
#include "server/api/values.hpp"
#include "server/schema/schema.hpp"

namespace alcove::api {

asio::awaitable<Result<json::Document>> read_any_object(Call& call, json::ParseLimits limits) {
    const auto content_type = call.request.header("content-type");
    if (content_type && !has_media_type(*content_type, "application/json")) {
        co_return Problem(415, "UNSUPPORTED_MEDIA_TYPE", "the body must be application/json");
    }
    auto body = co_await read_body(call, json_body_bytes_max);
    if (!body) co_return body.error();
    auto document = json::Document::parse(*body, limits);
    if (!document) co_return to_problem(document.error());
    if (document->root().type != json::Type::object) {
        co_return invalid_field("body", "the body must be a JSON object");
    }
    co_return std::move(*document);
}

asio::awaitable<Result<json::Document>> read_json(Call& call, json::ParseLimits limits) {
    auto document = co_await read_any_object(call, limits);
    if (!document) co_return document.error();
    const auto& root = document->root();
    const auto& shape = *call.body_shape;
    if (root.count < shape.members_min.value_or(0)) co_return no_updates();
    if (auto problem = schema::refuse(shape, *document, root, {})) co_return *std::move(problem);
    co_return std::move(*document);
}

asio::awaitable<std::optional<Problem>> refuse_members(Call& call) {
    if (!call.exchange.has_body()) co_return std::nullopt;
    auto document = co_await read_any_object(call);
    if (!document) co_return document.error();
    co_return ObjectReader(*document, document->root()).finish();
}

}  // namespace alcove::api

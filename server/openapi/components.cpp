#include "server/openapi/components.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "server/api/idempotency.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape code = {.types = type::string, .description = "For programs."};
constexpr Shape message = {.types = type::string, .description = "For people."};
constexpr Shape field = {.types = type::string, .description = "The part of the request that it is about."};
constexpr Member detail_members[] = {optional("field", field)};
constexpr Shape details = {.types = type::object,
                           .description = "Depends on the code.",
                           .members = detail_members,
                           .other_members = &any_value};
constexpr Member error_members[] = {required("error", message), required("code", code),
                                    required("details", details)};
constexpr Shape error = {.types = type::object, .name = "Error", .members = error_members};

constexpr std::string_view deck_types[] = {"api", "auth", "idempotency", "rate_limit", "request"};
constexpr Shape deck_type = {.types = type::string, .one_of = deck_types};
constexpr Member deck_item_members[] = {required("type", deck_type), required("code", code),
                                        optional("field", field), required("message", message)};
constexpr Shape deck_item = {.types = type::object, .members = deck_item_members};
constexpr Shape deck_items = {.types = type::array, .items_min = 1, .items = &deck_item};
constexpr Member deck_members[] = {required("errors", deck_items), required("request_id", text)};
constexpr Shape deck_error = {.types = type::object, .name = "DeckError", .members = deck_members};

constexpr Member braze_members[] = {required("message", message)};
constexpr Shape braze_error = {.types = type::object, .name = "BrazeError", .members = braze_members};

constexpr std::array<std::pair<unsigned, std::string_view>, 16> meanings = {{
    {any_other_error, "Any other error."},
    {400, "The request is malformed; the field says where."},
    {401, "No valid token."},
    {403, "The token may not do that, or a quota is used up."},
    {404, "What the request names is not there."},
    {409, "It does not go with what is there."},
    {410, "Its time is over."},
    {412, "A condition does not hold."},
    {413, "Something is longer than its limit."},
    {415, "The body is of another type."},
    {416, "No byte is in the range."},
    {426, "The path speaks WebSocket, version 13."},
    {429, "Too often; `Retry-After` says when to try again."},
    {500, "Something broke."},
    {503, "Not now; `Retry-After` says when to try again."},
    {507, "The store is full."},
}};

constexpr std::pair<std::string_view, std::string_view> header_meanings[] = {
    {"Accept-Ranges", "`bytes`."},
    {"Alcove-Expires-At", "When the key goes, in ISO-8601; absent when it stays."},
    {"Content-Range", "Which part it is, of how many bytes."},
    {"ETag", "The version, in quotes."},
    {"Last-Modified", "When it was last written."},
    {"Repr-Digest", "The SHA-256 of the whole content (RFC 9530)."},
    {"Sec-WebSocket-Accept", "As RFC 6455 has it."},
    {"Sec-WebSocket-Protocol", "`alcove.v1`, when it was offered."},
    {"Upgrade", "`websocket`."},
    {"X-RateLimit-Limit", "How many requests a minute of the clock has."},
    {"X-RateLimit-Remaining", "How many are left of it."},
    {"X-RateLimit-Reset", "The second at which the next minute begins, since 1970."},
};

constexpr std::string_view idempotency_meaning =
    "1 to 256 characters. A success is remembered for 24 hours in the very commit that had the effect, and given "
    "again "
    "to the same request, without any secret; the same key with another request is 409.";

constexpr Shape idempotency_key = {
    .types = type::string, .length_min = 1, .length_max = api::idempotency_key_length_max};

constexpr std::string_view token_meaning =
    "An API key (`alc_…`), or a token that acts as an end user (`eut_…`, `mcp_…`).";

// The shape of every error body of a surface.
const Shape& error_shape(Surface surface) {
    switch (surface) {
        case Surface::deck:
            return deck_error;
        case Surface::braze:
            return braze_error;
        case Surface::alcove:
            break;
    }
    return error;
}

std::string error_name(Surface surface, unsigned status) {
    std::string name(error_shape(surface).name);
    return status == any_other_error ? name : name + std::to_string(status);
}

std::string_view meaning_of(unsigned status) {
    const auto* found = std::ranges::find(meanings, status, [](const auto& row) { return row.first; });
    if (found == meanings.end()) throw std::logic_error("nothing is said of the status " + std::to_string(status));
    return found->second;
}

}  // namespace

std::string Components::refer(const Shape& shape) {
    const auto found = std::ranges::find(named_, shape.name, [](const Shape* each) { return each->name; });
    if (found == named_.end()) {
        named_.push_back(&shape);
    } else if (*found != &shape) {
        throw std::logic_error("two shapes are named " + std::string(shape.name));
    }
    return "#/components/schemas/" + std::string(shape.name);
}

std::string Components::refer_to_error(Surface surface, unsigned status) {
    errors_.insert({surface, status});
    return "#/components/responses/" + error_name(surface, status);
}

std::string Components::refer_to_header(std::string_view name) {
    headers_.insert(name);
    return "#/components/headers/" + std::string(name);
}

void Components::print(Writer& writer) {
    writer.name("components").open_object();
    writer.name("securitySchemes").open_object().name("bearer").open_object();
    writer.member("type", "http").member("scheme", "bearer").member("description", token_meaning);
    writer.close_object().close_object();
    writer.name("parameters").open_object().name("IdempotencyKey").open_object();
    writer.member("name", "Idempotency-Key").member("in", "header").member("description", idempotency_meaning);
    writer.name("schema").open_object();
    print_keywords(writer, idempotency_key, refer_);
    writer.close_object().close_object().close_object();
    print_headers(writer);
    print_errors(writer);
    print_named_shapes(writer);
    writer.close_object();
}

void Components::print_headers(Writer& writer) const {
    writer.name("headers").open_object();
    for (const auto& [name, meaning] : header_meanings) {
        if (!headers_.contains(name)) continue;
        writer.name(name).open_object().member("description", meaning);
        writer.name("schema").open_object().member("type", "string").close_object().close_object();
    }
    writer.close_object();
}

void Components::print_errors(Writer& writer) {
    writer.name("responses").open_object();
    for (const auto& [surface, status] : errors_) {
        writer.name(error_name(surface, status)).open_object().member("description", meaning_of(status));
        writer.name("content").open_object().name("application/json").open_object().name("schema");
        print_schema(writer, error_shape(surface), refer_);
        writer.close_object().close_object().close_object();
    }
    writer.close_object();
}

// Printing one may bring up others.
void Components::print_named_shapes(Writer& writer) {
    writer.name("schemas").open_object();
    for (std::size_t i = 0; i < named_.size(); ++i) {
        const auto& shape = *named_[i];
        print_keywords(writer.name(shape.name).open_object(), shape, refer_);
        writer.close_object();
    }
    writer.close_object();
}

}  // namespace alcove::openapi

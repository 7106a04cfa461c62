// What is said of an endpoint beside its row in the route table: what it takes, what it answers, an example.
#pragma once

#include <span>
#include <string_view>

#include "server/api/routes.hpp"
#include "server/schema/schema.hpp"

namespace alcove::openapi {

using schema::Member;
using schema::Presence;
using schema::Shape;

enum class In : std::uint8_t { query, header };

// What a request has beside its path and body.
struct Parameter {
    std::string_view name;
    const Shape* shape;  // its description says what the parameter is for
    In in = In::query;
    Presence presence = Presence::optional;
    bool repeated = false;       // may come several times
    std::string_view example{};  // decoded; sent with the example of the operation
};

// One way in which it ends well.
struct Answer {
    unsigned status = 200;
    std::string_view meaning;
    const Shape* body = nullptr;                  // of JSON; nullptr: see media_type
    std::string_view media_type{};                // of a body that is no JSON; empty: none comes
    std::span<const std::string_view> headers{};  // beside those that every answer has
};

// The dialect of its errors.
enum class Surface : std::uint8_t { alcove, deck, braze };

enum class IdempotencyKey : std::uint8_t { taken, not_taken };
enum class Tickets : std::uint8_t { refused, taken };

// Its handler joins it to the row of the table. `body` is what the body of its requests is held against.
struct Operation {
    api::Handler handler;
    std::string_view id;       // `getKey`; on the paths of `NS` the form is put behind: `getKeyOfEndUser`
    std::string_view summary;  // one line
    std::string_view description{};
    std::span<const Parameter> parameters{};
    const Shape* body = nullptr;         // of JSON
    std::string_view media_type{};       // of a body that is no JSON
    std::string_view example{};          // the body, as it is sent
    std::span<const Answer> answers;     // at least one
    std::span<const unsigned> errors{};  // statuses beyond 400 and what tokens and paths bring with them
    IdempotencyKey idempotency_key = IdempotencyKey::taken;  // counts for POST, PATCH and DELETE
    Tickets tickets = Tickets::refused;
};

// The operations of one resource.
struct Group {
    std::string_view tag;
    std::string_view description;
    std::span<const Operation> operations;
    Surface surface = Surface::alcove;
};

// All of them, in the order of the document.
std::span<const Group* const> groups();

struct Found {
    const Group* group = nullptr;  // nullptr: nothing is said of that handler
    const Operation* operation = nullptr;
};
Found find_operation(api::Handler handler);

}  // namespace alcove::openapi

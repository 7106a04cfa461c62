// Watches.
#include "server/api/watches.hpp"

#include "server/openapi/groups.hpp"
#include "server/openapi/shapes.hpp"
#include "server/watch/watch.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape integration_alias = {.types = type::string,
                                     .description =
                                         "The workspace's integration by its alias or id; with "
                                         "`endUserId` where its policy asks for one.",
                                     .length_min = 1};
constexpr Member namespace_members[] = {
    required("workspace", selected_workspace), optional("endUserId", selected_end_user),
    optional("externalId", external_id), optional("integrationAlias", integration_alias)};
constexpr schema::Pair alone[] = {{"endUserId", "externalId"}, {"integrationAlias", "externalId"}};
constexpr Shape watched = {.types = type::object, .members = namespace_members, .exclusive = alone};
constexpr Member ticket_members[] = {required("namespace", watched)};
constexpr Shape ticket_body = {.types = type::object, .members = ticket_members};

constexpr Shape ticket_text = {.types = type::string, .description = "Good for one connection within 30 seconds."};
constexpr Member ticket_members_out[] = {required("ticket", ticket_text), required("expiresAt", time)};
constexpr Shape ticket_out = {.types = type::object, .members = ticket_members_out};

constexpr Shape from = {.types = type::string,
                        .description = "`now`, `snapshot`, or a cursor behind which it begins.",
                        .default_json = "\"now\""};
constexpr std::string_view mode_names[] = {"every", "latest"};
constexpr Shape mode = {.types = type::string,
                        .description = "Each event, or of those that wait together only the last of each key.",
                        .default_json = "\"every\"",
                        .one_of = mode_names};
constexpr Shape values = {.types = type::boolean, .description = "With values.", .default_json = "true"};
constexpr Shape previous = {
    .types = type::boolean, .description = "With what was there before.", .default_json = "false"};
constexpr Shape operations_in = {.types = type::string,
                                 .description =
                                     "Some of `put`, `delete` and `expire`, with commas between; all of "
                                     "them by default."};
constexpr Shape ticket_in = {.types = type::string,
                             .description = "In place of a token, for pages that cannot send one."};
constexpr Shape last_event = {.types = type::string,
                              .description = "The cursor with which an `EventSource` resumes; goes before `from`."};
constexpr Parameter watch_parameters[] = {
    {.name = "prefix", .shape = &prefix_shape}, {.name = "from", .shape = &from, .example = "snapshot"},
    {.name = "mode", .shape = &mode},           {.name = "values", .shape = &values},
    {.name = "previous", .shape = &previous},   {.name = "operations", .shape = &operations_in},
    {.name = "ticket", .shape = &ticket_in},    {.name = "Last-Event-ID", .shape = &last_event, .in = In::header},
};

constexpr std::string_view upgrade_headers[] = {"Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"};
constexpr Answer socket{.status = 101,
                        .meaning = "A WebSocket with the subprotocol `alcove.v1`, when the request asks for one.",
                        .headers = upgrade_headers};
constexpr Answer socket_answers[] = {socket};
constexpr Answer watch_answers[] = {
    socket,
    {.status = 200,
     .meaning = "Server-sent events, without an upgrade: `event` is the frame's `t`, "
                "`data` the frame, `id` its cursor.",
     .media_type = "text/event-stream"}};
constexpr Answer ticket_answers[] = {{.status = 201, .meaning = "It was given out.", .body = &ticket_out}};
constexpr unsigned socket_errors[] = {403, 426};

constexpr Operation operations[] = {
    {.handler = api::open_watch_socket,
     .id = "openWatchSocket",
     .summary = "Open a WebSocket for many watches",
     .description = "Frames are JSON texts, described in the documentation of watches. Who sends no token with the "
                    "upgrade sends it in the first frame.",
     .answers = socket_answers,
     .errors = socket_errors,
     .tickets = Tickets::taken},
    {.handler = api::watch_namespace,
     .id = "watchNamespace",
     .summary = "Watch a namespace, as server-sent events or over a WebSocket",
     .parameters = watch_parameters,
     .answers = watch_answers,
     .errors = socket_errors,
     .tickets = Tickets::taken},
    {.handler = api::create_watch_ticket,
     .id = "createWatchTicket",
     .summary = "Make a ticket with which a browser watches a namespace",
     .body = &ticket_body,
     .example = R"({"namespace":{"workspace":"acme","endUserId":"user_123"}})",
     .answers = ticket_answers,
     .idempotency_key = IdempotencyKey::not_taken},
};

}  // namespace

constinit const Group watches = {
    .tag = "Watches",
    .description = "Every change of a namespace, whole, once and in order; from a snapshot or a cursor.",
    .operations = operations};

}  // namespace alcove::openapi

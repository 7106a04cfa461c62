// Event destinations in the dialect of Deck.
#include "server/deck/destinations.hpp"

#include "scopes/limits.hpp"
#include "server/deck/limits.hpp"
#include "server/openapi/deck_shapes.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"
#include "server/webhooks/limits.hpp"

namespace alcove::openapi {
namespace {

using deck::has_more;
using deck::limit_parameter;
using deck::request_id;
namespace surface = alcove::deck;

constexpr std::string_view type_names[] = {"webhook"};
constexpr Shape destination_type = {.types = type::string, .one_of = type_names};
constexpr Shape url = {.types = type::string,
                       .description = "`http` or `https`, without user, password and fragment.",
                       .bytes_max = webhooks::limits::url_bytes_max,
                       .format = &schema::web_url};
constexpr Shape custom_headers = {.types = type::string | type::object,
                                  .description =
                                      "Names and values, or the JSON text of such an object; sent with "
                                      "every message and never shown. Together at most 8 KiB.",
                                  .other_members = &text,
                                  .members_max = webhooks::limits::headers_max};
constexpr Shape event_type = {
    .types = type::string, .bytes_max = scopes::limits::event_type_bytes_max, .format = &schema::event_filter};
constexpr Shape events = {.types = type::array,
                          .description = "Types, or `*` for all of them.",
                          .items_min = 1,
                          .items_max = surface::limits::event_types_max,
                          .items = &event_type};
constexpr std::string_view status_names[] = {"active", "inactive"};
constexpr Shape status = {.types = type::string, .one_of = status_names};

constexpr Member create_webhook_members[] = {required("url", url), optional("custom_headers", custom_headers)};
constexpr Shape create_webhook = {.types = type::object, .members = create_webhook_members};
constexpr Member create_members[] = {required("name", required_label), required("type", destination_type),
                                     required("webhook", create_webhook), required("events", events),
                                     optional("status", status)};
constexpr Shape create_body = {.types = type::object, .members = create_members};
constexpr Member update_webhook_members[] = {optional("url", url), optional("custom_headers", custom_headers)};
constexpr Shape update_webhook = {.types = type::object, .members = update_webhook_members};
constexpr Member update_members[] = {optional("name", required_label), optional("type", destination_type),
                                     optional("webhook", update_webhook), optional("events", events),
                                     optional("status", status)};
constexpr Shape update_body = {.types = type::object, .members = update_members, .members_min = 1};

constexpr std::string_view object_name[] = {"event_destination"};
constexpr Shape object = {.types = type::string, .one_of = object_name};
constexpr Shape evtd_id = {.types = type::string, .description = "`evtd_` and 32 hexadecimal digits."};
constexpr Shape redacted = {
    .types = type::object, .description = "Names alone: values are redacted.", .other_members = &text};
constexpr Member webhook_members[] = {required("url", text), required("custom_headers", redacted)};
constexpr Shape webhook = {.types = type::object, .members = webhook_members};
constexpr Member delivery_members[] = {required("pending", pending),
                                       required("failures", failures),
                                       required("last_success_at", time_or_null),
                                       required("last_failure_at", time_or_null),
                                       required("last_error", text_or_null),
                                       required("next_attempt_at", time_or_null),
                                       required("inactive_because", text_or_null)};
constexpr Shape delivery = {.types = type::object, .members = delivery_members};
constexpr Shape secret = {.types = type::string,
                          .description =
                              "Signs the messages; shown when it was made, not in an answer that is given "
                              "again."};
constexpr Member destination_members[] = {required("id", evtd_id),
                                          required("object", object),
                                          required("name", text),
                                          required("type", destination_type),
                                          required("webhook", webhook),
                                          required("events", texts),
                                          required("status", status),
                                          required("delivery", delivery),
                                          required("created_at", time),
                                          required("updated_at", time),
                                          required("request_id", request_id),
                                          optional("secret", secret)};
constexpr Shape item = {.types = type::object,
                        .name = "DeckEventDestinationItem",
                        .members = std::span(destination_members).first(std::size(destination_members) - 2)};
constexpr Shape one = {.types = type::object,
                       .name = "DeckEventDestination",
                       .members = std::span(destination_members).first(std::size(destination_members) - 1)};
constexpr Shape with_secret = {
    .types = type::object, .name = "DeckEventDestinationWithSecret", .members = destination_members};
constexpr Shape items = {.types = type::array, .items = &item};
constexpr Member list_members[] = {required("data", items), required("has_more", has_more),
                                   required("next_cursor", cursor_or_null), required("request_id", request_id)};
constexpr Shape list = {.types = type::object, .members = list_members};
constexpr Member deleted_members_out[] = {required("id", evtd_id), required("object", object),
                                          required("deleted", always_true), required("request_id", request_id)};
constexpr Shape deleted_out = {.types = type::object, .members = deleted_members_out};

constexpr Parameter list_parameters[] = {workspace_header, limit_parameter, cursor_parameter};

constexpr Answer one_answers[] = {{.status = 200, .meaning = "The destination.", .body = &one}};
constexpr Answer made_answers[] = {{.status = 201, .meaning = "It was made.", .body = &with_secret}};
constexpr Answer rotated_answers[] = {{.status = 200, .meaning = "With its new secret.", .body = &with_secret}};
constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer removed_answers[] = {{.status = 200, .meaning = "It is gone.", .body = &deleted_out}};
constexpr unsigned create_errors[] = {404, 409};
constexpr unsigned list_errors[] = {404};

constexpr Operation operations[] = {
    {.handler = surface::create_destination,
     .id = "deckCreateEventDestination",
     .summary = "Have a webhook told of the events of the workspace",
     .parameters = in_workspace,
     .body = &create_body,
     .example = R"({"name":"Production","type":"webhook","webhook":{"url":"https://hooks.example/alcove",)"
                R"("custom_headers":{"Authorization":"Bearer s3cret"}},"events":["*"]})",
     .answers = made_answers,
     .errors = create_errors},
    {.handler = surface::list_destinations,
     .id = "deckListEventDestinations",
     .summary = "List event destinations",
     .parameters = list_parameters,
     .answers = list_answers,
     .errors = list_errors},
    {.handler = surface::get_destination,
     .id = "deckGetEventDestination",
     .summary = "Get an event destination",
     .parameters = in_workspace,
     .answers = one_answers},
    {.handler = surface::update_destination,
     .id = "deckUpdateEventDestination",
     .summary = "Change, stop or resume an event destination",
     .parameters = in_workspace,
     .body = &update_body,
     .example = R"({"events":["connection.created","connection.terminated"],"status":"inactive"})",
     .answers = one_answers,
     .errors = conflict},
    {.handler = surface::delete_destination,
     .id = "deckDeleteEventDestination",
     .summary = "Delete an event destination",
     .parameters = in_workspace,
     .answers = removed_answers,
     .errors = conflict},
    {.handler = surface::rotate_destination_secret,
     .id = "deckRotateEventDestinationSecret",
     .summary = "Make a new signing secret",
     .description = "The former one signs too for 24 hours.",
     .parameters = in_workspace,
     .answers = rotated_answers,
     .errors = conflict},
};

}  // namespace

constinit const Group deck_destinations = {
    .tag = "Deck event destinations",
    .description = "Webhooks that are told of a workspace's events, under the names of Deck's API.",
    .operations = operations,
    .surface = Surface::deck};

}  // namespace alcove::openapi

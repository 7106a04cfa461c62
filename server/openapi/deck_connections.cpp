// Connections and events in the dialect of Deck.
#include "server/deck/connections.hpp"

#include "scopes/events.hpp"
#include "scopes/limits.hpp"
#include "server/deck/events.hpp"
#include "server/openapi/deck_shapes.hpp"
#include "server/openapi/groups.hpp"

namespace alcove::openapi {
namespace {

using deck::has_more;
using deck::limit_parameter;
using deck::request_id;
namespace surface = alcove::deck;

constexpr Shape auth_method = {.types = type::string, .one_of = scopes::auth_method_names};
constexpr Shape auth_credentials = {
    .types = type::object | type::null,
    .description = "Kept sealed, at most 64 KiB of JSON text; the method `none` takes none.",
    .other_members = &any_value,
    .members_max = scopes::credentials_members_max,
    .names_bytes_max = scopes::credential_name_bytes_max,
    .json_bytes_max = scopes::credentials_bytes_max};
constexpr Member create_members[] = {required("source_id", integration_name), optional("external_id", label),
                                     required("auth_method", auth_method),
                                     optional("auth_credentials", auth_credentials)};
constexpr Shape create_body = {.types = type::object, .members = create_members};
constexpr Member update_members[] = {optional("source_id", integration_name), optional("external_id", label),
                                     optional("auth_method", auth_method),
                                     optional("auth_credentials", auth_credentials)};
constexpr Shape update_body = {.types = type::object, .members = update_members, .members_min = 1};

constexpr Shape reported_type = {.types = type::string,
                                 .description =
                                     "Words joined by `.`, such as `task_run.completed`; not one of those "
                                     "that the server tells by itself.",
                                 .bytes_max = scopes::limits::event_type_bytes_max,
                                 .format = &schema::event_type};
constexpr Shape reported_data = {.types = type::object,
                                 .description = "At most 64 KiB of JSON text.",
                                 .other_members = &any_value,
                                 .json_bytes_max = scopes::event_data_bytes_max};
constexpr Member report_members[] = {required("type", reported_type), optional("data", reported_data)};
constexpr Shape report_body = {.types = type::object, .members = report_members};

constexpr std::string_view connection_name[] = {"connection"}, event_name[] = {"event"};
constexpr Shape connection_object = {.types = type::string, .one_of = connection_name};
constexpr Shape event_object = {.types = type::string, .one_of = event_name};
constexpr Shape status = {.types = type::string, .one_of = scopes::connection_status_names};
constexpr Shape redacted = {
    .types = type::object | type::null, .description = "Names alone: values are redacted.", .other_members = &text};
constexpr Shape conn_id = {.types = type::string, .description = "`conn_` and 32 hexadecimal digits."};
constexpr Shape evt_id = {.types = type::string, .description = "`evt_` and its place."};
constexpr Member connection_members[] = {required("id", conn_id),
                                         required("object", connection_object),
                                         required("status", status),
                                         required("external_id", text_or_null),
                                         required("source_id", text),
                                         required("auth_method", auth_method),
                                         required("auth_credentials", redacted),
                                         required("created_at", time),
                                         required("updated_at", time),
                                         required("request_id", request_id)};
constexpr Shape one = {.types = type::object, .name = "DeckConnection", .members = connection_members};
constexpr Shape item = {.types = type::object,
                        .name = "DeckConnectionItem",
                        .members = std::span(connection_members).first(std::size(connection_members) - 1)};
constexpr Shape items = {.types = type::array, .items = &item};
constexpr Member list_members[] = {required("data", items), required("has_more", has_more),
                                   required("next_cursor", cursor_or_null), required("request_id", request_id)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Member event_members[] = {required("id", evt_id), required("object", event_object),
                                    required("type", text), required("data", any_object),
                                    required("created_at", time)};
constexpr Shape event = {.types = type::object, .name = "DeckEvent", .members = event_members};
constexpr Shape event_items = {.types = type::array, .items = &event};
constexpr Member event_list_members[] = {required("data", event_items), required("has_more", has_more),
                                         required("next_cursor", cursor_or_null),
                                         required("request_id", request_id)};
constexpr Shape event_list = {.types = type::object, .members = event_list_members};

constexpr Shape exactly = {.types = type::string, .description = "Only those with exactly this one."};
constexpr Shape status_filter = {.types = type::string,
                                 .description = "May be repeated: any of them.",
                                 .one_of = scopes::connection_status_names};
constexpr Shape type_filter = {.types = type::string,
                               .description = "May be repeated: any of them.",
                               .bytes_max = scopes::limits::event_type_bytes_max,
                               .format = &schema::event_type};
constexpr Parameter list_parameters[] = {workspace_header,
                                         {.name = "external_id", .shape = &exactly, .example = "user_123"},
                                         {.name = "source_id", .shape = &exactly},
                                         {.name = "status", .shape = &status_filter, .repeated = true},
                                         limit_parameter,
                                         cursor_parameter};
constexpr Parameter event_parameters[] = {
    workspace_header,
    {.name = "type", .shape = &type_filter, .repeated = true, .example = "connection.created"},
    {.name = "connection_id", .shape = &conn_id},
    {.name = "external_id", .shape = &exactly},
    limit_parameter,
    cursor_parameter};

constexpr Answer one_answers[] = {{.status = 200, .meaning = "The connection.", .body = &one}};
constexpr Answer made_answers[] = {{.status = 201, .meaning = "It was made.", .body = &one}};
constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer event_answers[] = {{.status = 200, .meaning = "The event.", .body = &event}};
constexpr Answer reported_answers[] = {{.status = 201, .meaning = "It was told.", .body = &event}};
constexpr Answer event_list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &event_list}};
constexpr unsigned create_errors[] = {404, 409};
constexpr unsigned list_errors[] = {404};

constexpr Operation operations[] = {
    {.handler = surface::create_connection,
     .id = "deckCreateConnection",
     .summary = "Make a connection",
     .parameters = in_workspace,
     .body = &create_body,
     .example = R"({"source_id":"src_hn","external_id":"user_123","auth_method":"none"})",
     .answers = made_answers,
     .errors = create_errors},
    {.handler = surface::list_connections,
     .id = "deckListConnections",
     .summary = "List connections, oldest first",
     .parameters = list_parameters,
     .answers = list_answers,
     .errors = list_errors},
    {.handler = surface::get_connection,
     .id = "deckGetConnection",
     .summary = "Get a connection",
     .parameters = in_workspace,
     .answers = one_answers},
    {.handler = surface::update_connection,
     .id = "deckUpdateConnection",
     .summary = "Change a connection",
     .description = "null clears. With another method or other credentials its status begins anew.",
     .parameters = in_workspace,
     .body = &update_body,
     .example = R"({"external_id":"user_456","auth_method":"username_password",)"
                R"("auth_credentials":{"username":"ada","password":"s3cret"}})",
     .answers = one_answers,
     .errors = conflict},
    {.handler = surface::delete_connection,
     .id = "deckDeleteConnection",
     .summary = "Terminate a connection",
     .parameters = in_workspace,
     .answers = one_answers,
     .errors = conflict},
    {.handler = surface::disconnect_connection,
     .id = "deckDisconnectConnection",
     .summary = "Disconnect a connection",
     .parameters = in_workspace,
     .answers = one_answers,
     .errors = conflict},
    {.handler = surface::report_on_connection,
     .id = "deckReportOnConnection",
     .summary = "Report an event of a connection",
     .description = "`connection.connected`, `.interaction_required` and `.disconnected` move its status.",
     .parameters = in_workspace,
     .body = &report_body,
     .example = R"({"type":"task_run.completed","data":{"task_run_id":"trun_1","items":3}})",
     .answers = reported_answers,
     .errors = conflict},
    {.handler = surface::list_events,
     .id = "deckListEvents",
     .summary = "List events, oldest first",
     .description = "They are kept for 30 days. With rare filters a page may be short or empty while more follow.",
     .parameters = event_parameters,
     .answers = event_list_answers,
     .errors = list_errors},
    {.handler = surface::get_event,
     .id = "deckGetEvent",
     .summary = "Get an event",
     .parameters = in_workspace,
     .answers = event_answers},
};

}  // namespace

constinit const Group deck_connections = {
    .tag = "Deck connections",
    .description = "Connections and their events under the names of Deck's API.",
    .operations = operations,
    .surface = Surface::deck};

}  // namespace alcove::openapi

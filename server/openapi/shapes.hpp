// Shapes, parameters and answers that several resources share.
#pragma once

#include "kv/limits.hpp"
#include "scopes/connections.hpp"
#include "scopes/names.hpp"
#include "server/openapi/operation.hpp"
#include "server/schema/formats.hpp"

namespace alcove::openapi {

namespace type = schema::type;

constexpr Member required(std::string_view name, const Shape& shape) {
    return {.name = name, .shape = &shape, .presence = Presence::required};
}
constexpr Member optional(std::string_view name, const Shape& shape) {
    return {.name = name, .shape = &shape};
}

// ---- plain values

inline constexpr Shape any_value = {.description = "Any JSON value."};
inline constexpr Shape boolean = {.types = type::boolean};
inline constexpr Shape count = {.types = type::integer, .minimum = 0};
inline constexpr Shape text = {.types = type::string};
inline constexpr Shape some_text = {.types = type::string, .length_min = 1};
inline constexpr Shape text_or_null = {.types = type::string | type::null};
inline constexpr Shape texts = {.types = type::array, .items = &text};
inline constexpr Shape any_object = {.types = type::object, .other_members = &any_value};

inline constexpr Shape id = {.types = type::string, .description = "A UUID.", .format = &schema::uuid};
inline constexpr Shape id_or_null = {
    .types = type::string | type::null, .description = "A UUID.", .format = &schema::uuid};
inline constexpr Shape time = {
    .types = type::string, .description = "ISO-8601 in UTC, with milliseconds.", .format = &schema::utc_time};
inline constexpr Shape time_or_null = {.types = type::string | type::null,
                                       .description = "ISO-8601 in UTC, with milliseconds.",
                                       .format = &schema::utc_time};
inline constexpr Shape version = {
    .types = type::string, .description = "64 bits as decimal text.", .format = &schema::decimal_version};
inline constexpr Shape always_true = {.types = type::boolean, .description = "Always true."};

// ---- what callers name things

inline constexpr Shape label = {.types = type::string | type::null,
                                .description = "For people to read; null: none.",
                                .length_max = scopes::name_code_points_max,
                                .format = &schema::plain_text};
inline constexpr Shape required_label = {.types = type::string,
                                         .description = "For people to read.",
                                         .length_min = 1,
                                         .length_max = scopes::name_code_points_max,
                                         .format = &schema::plain_text};
inline constexpr Shape external_id = {.types = type::string,
                                      .description =
                                          "Your id: 1 to 255 characters, none of them a control "
                                          "character, compared byte by byte.",
                                      .length_min = 1,
                                      .length_max = scopes::name_code_points_max,
                                      .format = &schema::plain_text};
inline constexpr Shape external_id_or_null = {.types = type::string | type::null,
                                              .description = "Your id of 1 to 255 characters; null: none.",
                                              .length_min = 1,
                                              .length_max = scopes::name_code_points_max,
                                              .format = &schema::plain_text};
inline constexpr Shape integration_name = {.types = type::string,
                                           .description = "What the integration is called everywhere.",
                                           .format = &schema::integration};
inline constexpr Shape workspace_selector = {.types = type::string,
                                             .description = "The id or the slug of the workspace."};
inline constexpr Shape metadata = {.types = type::object,
                                   .description = "An object of yours, at most 16 KiB of JSON text.",
                                   .other_members = &any_value,
                                   .json_bytes_max = scopes::metadata_bytes_max};
inline constexpr Shape credentials = {
    .types = type::object | type::null,
    .description = "What the connection needs, kept sealed: at most 64 KiB of JSON text; null: nothing.",
    .other_members = &any_value,
    .members_max = scopes::credentials_members_max,
    .names_bytes_max = scopes::credential_name_bytes_max,
    .json_bytes_max = scopes::credentials_bytes_max};

inline constexpr Shape key_shape = {.types = type::string,
                                    .description = "A key: at most 480 bytes of UTF-8, none of them NUL.",
                                    .length_min = 1,
                                    .length_max = kv::limits::key_bytes_max,
                                    .bytes_max = kv::limits::key_bytes_max,
                                    .format = &schema::without_nul};
inline constexpr Shape prefix_shape = {.types = type::string,
                                       .description = "What all of them begin with.",
                                       .length_max = kv::limits::key_bytes_max,
                                       .bytes_max = kv::limits::key_bytes_max,
                                       .format = &schema::without_nul};
inline constexpr Shape content_type = {.types = type::string,
                                       .description = "The content type under which it is kept.",
                                       .length_min = 1,
                                       .length_max = kv::limits::content_type_bytes_max,
                                       .format = &schema::visible_ascii};

// ---- the selectors of an execution

inline constexpr Shape selected_integration = {
    .types = type::string, .description = "The integration by its name.", .length_min = 1};
inline constexpr Shape selected_alias = {
    .types = type::string, .description = "The workspace's integration by its alias.", .length_min = 1};
inline constexpr Shape selected_id = {
    .types = type::string, .description = "The workspace's integration by its id.", .length_min = 1};
inline constexpr Shape selected_end_user = {
    .types = type::string, .description = "The end user by an external id, never by a UUID.", .length_min = 1};
inline constexpr Shape selected_connection = {
    .types = type::string, .description = "The connection by its `externalId`.", .length_min = 1};
inline constexpr Shape selected_workspace = {
    .types = type::string, .description = "The id or the slug of the workspace.", .length_min = 1};

// Whose data is meant is decided by the integration that was set up, never by who uses it.
inline constexpr std::string_view own_scope_refused =
    "is refused: a request must not carry its own scope, which the settings of the workspace's integration alone "
    "decide";
inline constexpr schema::Refused refused_scopes[] = {
    {"scope", own_scope_refused}, {"externalId", own_scope_refused}, {"persistence", own_scope_refused}};

// ---- lists

inline constexpr Shape cursor_or_null = {.types = type::string | type::null,
                                         .description = "For the next page; null: nothing follows."};
inline constexpr Shape total = {
    .types = type::integer, .description = "How many there are on all pages together.", .minimum = 0};

inline constexpr Shape limit_shape = {.types = type::integer,
                                      .description = "How many a page has at most.",
                                      .default_json = "50",
                                      .minimum = 1,
                                      .maximum = scopes::list_limit_max};
inline constexpr Shape offset_shape = {.types = type::integer,
                                       .description = "How many are skipped; not together with `cursor`.",
                                       .default_json = "0",
                                       .minimum = 0,
                                       .maximum = scopes::list_offset_max};
inline constexpr Shape cursor_shape = {.types = type::string,
                                       .description = "The cursor of the page before, with the same parameters."};
inline constexpr Parameter limit_parameter = {.name = "limit", .shape = &limit_shape};
inline constexpr Parameter offset_parameter = {.name = "offset", .shape = &offset_shape};
inline constexpr Parameter cursor_parameter = {.name = "cursor", .shape = &cursor_shape};
inline constexpr Parameter page_parameters[] = {limit_parameter, offset_parameter, cursor_parameter};
inline constexpr Parameter workspace_parameter = {
    .name = "workspaceId", .shape = &workspace_selector, .presence = Presence::required, .example = "acme"};
inline constexpr Parameter workspace_page_parameters[] = {workspace_parameter, limit_parameter, offset_parameter,
                                                          cursor_parameter};

// ---- conditions

inline constexpr Shape if_match_shape = {.types = type::string,
                                         .description = "`\"<version>\"` or `*`: what it must be at, else 412."};
inline constexpr Shape if_none_match_shape = {.types = type::string,
                                              .description = "`*`: only when there is none yet, else 412."};
inline constexpr Shape known_tags_shape = {.types = type::string,
                                           .description = "Tags that the client has; 304 when it is one of them."};
inline constexpr Shape known_date_shape = {
    .types = type::string, .description = "A date; 304 when it has not changed since. Not beside `If-None-Match`."};
inline constexpr Parameter if_match = {.name = "If-Match", .shape = &if_match_shape, .in = In::header};
inline constexpr Parameter if_none_match = {
    .name = "If-None-Match", .shape = &if_none_match_shape, .in = In::header};
inline constexpr Parameter known_tags = {.name = "If-None-Match", .shape = &known_tags_shape, .in = In::header};
inline constexpr Parameter known_date = {.name = "If-Modified-Since", .shape = &known_date_shape, .in = In::header};
inline constexpr Parameter write_conditions[] = {if_match, if_none_match};

inline constexpr Answer not_modified = {.status = 304, .meaning = "The client has it already."};

// ---- the workspace of requests whose paths name none

inline constexpr Shape workspace_header_shape = {
    .types = type::string,
    .description = "The id or the slug of the workspace. May be left out when the key is held to one."};
inline constexpr Parameter workspace_header = {
    .name = "Alcove-Workspace", .shape = &workspace_header_shape, .in = In::header, .example = "acme"};
inline constexpr Parameter in_workspace[] = {workspace_header};

// ---- deletions

inline constexpr Member deleted_members[] = {required("deleted", always_true), required("id", id)};
inline constexpr Shape deleted = {.types = type::object, .name = "Deleted", .members = deleted_members};
inline constexpr Answer deleted_answers[] = {{.status = 200, .meaning = "It is gone.", .body = &deleted}};

// ---- errors, beyond those that follow from the path and the token

inline constexpr unsigned conflict[] = {409};
inline constexpr unsigned conflict_or_condition[] = {409, 412};

}  // namespace alcove::openapi

// What the resources of identity look like in answers.
#pragma once

#include "server/openapi/shapes.hpp"

namespace alcove::openapi {

inline constexpr Member workspace_members[] = {required("id", id), required("name", text), required("slug", text),
                                               required("createdAt", time), required("updatedAt", time)};
inline constexpr Shape workspace = {.types = type::object, .name = "Workspace", .members = workspace_members};

inline constexpr Shape connection_count = {
    .types = type::integer, .description = "How many connections it has.", .minimum = 0};
inline constexpr Member end_user_members[] = {
    required("id", id),
    required("workspaceId", id),
    required("externalId", text),
    required("deprecatedExternalIds", texts),
    required("displayName", text_or_null),
    required("email", text_or_null),
    required("metadata", any_object),
    required("connectionCount", connection_count),
    required("createdAt", time),
    required("updatedAt", time),
};
inline constexpr Shape end_user = {.types = type::object, .name = "EndUser", .members = end_user_members};

inline constexpr std::string_view connection_scope_names[] = {"workspace", "end_user"};
inline constexpr Shape connection_scope = {.types = type::string, .one_of = connection_scope_names};
inline constexpr Shape connection_status = {.types = type::string, .one_of = scopes::connection_status_names};
inline constexpr Member connection_members[] = {
    required("id", id),
    required("workspaceId", id),
    required("integrationName", text),
    required("externalId", text_or_null),
    required("ownerExternalId", text_or_null),
    required("displayName", text_or_null),
    required("scope", connection_scope),
    required("endUserId", text_or_null),
    required("status", connection_status),
    required("createdAt", time),
    required("updatedAt", time),
};
inline constexpr Shape connection = {.types = type::object, .name = "Connection", .members = connection_members};
inline constexpr Shape connection_items = {.types = type::array, .items = &connection};

inline constexpr Shape connection_strategy = {.types = type::string,
                                              .description = "Whose connection the integration works with.",
                                              .one_of = scopes::connection_strategy_names};
inline constexpr Shape enabled_actions_out = {
    .types = type::array | type::null, .description = "null: all of them.", .items = &text};
inline constexpr Shape persistence_scope = {.types = type::string, .one_of = scopes::persistence_scope_names};
inline constexpr Member persistence_members[] = {required("scope", persistence_scope),
                                                 optional("externalId", text)};
inline constexpr Shape persistence_out = {.types = type::object, .members = persistence_members};
inline constexpr Member settings_members[] = {required("persistence", persistence_out)};
inline constexpr Shape settings_out = {.types = type::object, .members = settings_members};
inline constexpr Shape sort_order_out = {.types = type::integer};
inline constexpr Member workspace_integration_members[] = {
    required("id", id),
    required("workspaceId", id),
    required("integrationName", text),
    required("alias", text),
    required("displayName", text_or_null),
    required("connectionStrategy", connection_strategy),
    required("connectionId", id_or_null),
    required("enabledActions", enabled_actions_out),
    required("settings", settings_out),
    required("sortOrder", sort_order_out),
    required("createdAt", time),
    required("updatedAt", time),
};
inline constexpr Shape workspace_integration = {
    .types = type::object, .name = "WorkspaceIntegration", .members = workspace_integration_members};

// How far a webhook was told; each surface spells the members in its way.
inline constexpr Shape pending = {
    .types = type::integer, .description = "What waits to be told; counted up to 100.", .minimum = 0};
inline constexpr Shape failures = {.types = type::integer, .description = "In a row.", .minimum = 0};

}  // namespace alcove::openapi

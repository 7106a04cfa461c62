// The catalog of integrations, and the execution of actions.
#include "server/api/actions.hpp"

#include "server/api/catalog.hpp"
#include "server/api/idempotency.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape action_name = {
    .types = type::string, .description = "Of an action of the integration.", .length_min = 1};
constexpr Shape input = {.types = type::object,
                         .description = "What fits the action's `inputSchema` in the catalog.",
                         .other_members = &any_value};
constexpr Shape idempotency_key = {.types = type::string,
                                   .description = "As good as the header `Idempotency-Key`.",
                                   .length_min = 1,
                                   .length_max = api::idempotency_key_length_max};
constexpr Member execute_members[] = {
    required("workspaceId", selected_workspace),  required("integrationName", selected_integration),
    optional("integrationAlias", selected_alias), optional("workspaceIntegrationId", selected_id),
    optional("endUserId", selected_end_user),     optional("connectionExternalId", selected_connection),
    required("actionName", action_name),          required("input", input),
    optional("idempotencyKey", idempotency_key)};
constexpr Shape execute_body = {.types = type::object, .members = execute_members, .refused = refused_scopes};

constexpr Shape property = {.types = type::string, .description = "Of an input.", .length_min = 1};
constexpr Shape search = {.types = type::string,
                          .description = "What the values begin with.",
                          .default_json = "\"\"",
                          .length_max = kv::limits::key_bytes_max,
                          .bytes_max = kv::limits::key_bytes_max,
                          .format = &schema::without_nul};
constexpr Member options_members[] = {
    required("workspaceId", selected_workspace),  optional("integrationName", selected_integration),
    optional("integrationAlias", selected_alias), optional("workspaceIntegrationId", selected_id),
    optional("endUserId", selected_end_user),     optional("connectionExternalId", selected_connection),
    required("propertyName", property),           optional("searchValue", search)};
constexpr Shape options_body = {.types = type::object, .members = options_members, .refused = refused_scopes};

constexpr Shape duration = {.types = type::integer, .description = "In milliseconds.", .minimum = 0};
constexpr Shape output = {.description = "What fits the action's `outputSchema` in the catalog."};
constexpr Member executed_members[] = {required("success", always_true), required("output", output),
                                       required("duration", duration)};
constexpr Shape executed = {.types = type::object, .members = executed_members};

constexpr Member option_members[] = {required("label", text), required("value", text)};
constexpr Shape option = {.types = type::object, .members = option_members};
constexpr Shape options = {.types = type::array, .items = &option};
constexpr Member options_members_out[] = {required("options", options), required("disabled", boolean)};
constexpr Shape options_out = {.types = type::object, .members = options_members_out};

constexpr Shape schema_document = {.types = type::object,
                                   .description =
                                       "A JSON Schema (draft 2020-12). `x-maxBytes` is the most bytes that "
                                       "a string may have in UTF-8.",
                                   .other_members = &any_value};
constexpr Member action_members[] = {required("name", text), required("description", text),
                                     required("inputSchema", schema_document),
                                     required("outputSchema", schema_document)};
constexpr Shape action = {.types = type::object, .name = "Action", .members = action_members};
constexpr Member trigger_members[] = {required("name", text), required("displayName", text),
                                      required("description", text), required("inputSchema", schema_document)};
constexpr Shape trigger = {.types = type::object, .name = "TriggerType", .members = trigger_members};
constexpr Shape action_items = {.types = type::array, .items = &action};
constexpr Shape trigger_items = {.types = type::array, .items = &trigger};
constexpr Member integration_members[] = {required("name", text), required("displayName", text),
                                          required("description", text), required("actions", action_items),
                                          required("triggers", trigger_items)};
constexpr Shape integration = {.types = type::object, .name = "Integration", .members = integration_members};
constexpr Shape integration_items = {.types = type::array, .items = &integration};
constexpr Member list_members[] = {required("integrations", integration_items), required("total", total),
                                   required("cursor", cursor_or_null)};
constexpr Shape list = {.types = type::object, .members = list_members};
constexpr Member one_members[] = {required("integration", integration)};
constexpr Shape one = {.types = type::object, .members = one_members};

constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer one_answers[] = {{.status = 200, .meaning = "The integration.", .body = &one}};
constexpr Answer options_answers[] = {{.status = 200, .meaning = "The first 100.", .body = &options_out}};
constexpr Answer executed_answers[] = {{.status = 200, .meaning = "It was done.", .body = &executed}};
constexpr unsigned execute_errors[] = {404, 409, 413, 429, 507};

constexpr Operation operations[] = {
    {.handler = api::list_catalog,
     .id = "listIntegrations",
     .summary = "List the integrations that are built in, with the schemas of their actions",
     .parameters = page_parameters,
     .answers = list_answers},
    {.handler = api::get_catalog_entry,
     .id = "getIntegration",
     .summary = "Get an integration that is built in",
     .answers = one_answers},
    {.handler = api::list_options,
     .id = "listOptions",
     .summary = "List the values that a property of inputs can sensibly have",
     .body = &options_body,
     .example = R"({"workspaceId":"acme","endUserId":"user_123","propertyName":"key","searchValue":"c"})",
     .answers = options_answers,
     .idempotency_key = IdempotencyKey::not_taken},
    {.handler = api::execute_action,
     .id = "executeAction",
     .summary = "Execute an action",
     .description = "Whose data it is, the settings of the workspace's integration alone decide. An action that is "
                    "not enabled is 403 `ACTION_NOT_ALLOWED`.",
     .body = &execute_body,
     .example = R"({"integrationName":"kv-store","actionName":"increment","workspaceId":"acme",)"
                R"("endUserId":"user_123","input":{"key":"visits","by":2}})",
     .answers = executed_answers,
     .errors = execute_errors},
};

}  // namespace

constinit const Group actions = {
    .tag = "Actions", .description = "Integrations that are built in, and what they do.", .operations = operations};

}  // namespace alcove::openapi

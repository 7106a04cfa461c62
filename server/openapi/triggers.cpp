// Triggers: webhooks that are told of the changes of a namespace.
#include "server/api/triggers.hpp"

#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"
#include "server/webhooks/limits.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape trigger_name = {
    .types = type::string, .description = "Of a trigger of the integration.", .length_min = 1};
constexpr Shape callback_url = {.types = type::string,
                                .description = "`http` or `https`, without user, password and fragment.",
                                .bytes_max = webhooks::limits::url_bytes_max,
                                .format = &schema::web_url};
constexpr Shape callback_headers = {.types = type::object,
                                    .description =
                                        "Names and values, sent with every message and never shown. "
                                        "Together at most 8 KiB.",
                                    .other_members = &text,
                                    .members_max = webhooks::limits::headers_max};
constexpr Shape trigger_input = {.types = type::object,
                                 .description = "What fits the trigger's `inputSchema` in the catalog.",
                                 .other_members = &any_value};
constexpr Member enable_members[] = {required("workspaceId", selected_workspace),
                                     required("integrationName", selected_integration),
                                     optional("integrationAlias", selected_alias),
                                     optional("workspaceIntegrationId", selected_id),
                                     optional("endUserId", selected_end_user),
                                     optional("connectionExternalId", selected_connection),
                                     required("triggerName", trigger_name),
                                     required("callbackUrl", callback_url),
                                     optional("callbackHeaders", callback_headers),
                                     optional("callbackMetadata", metadata),
                                     optional("input", trigger_input)};
constexpr Shape enable_body = {.types = type::object, .members = enable_members, .refused = refused_scopes};

constexpr Member delivery_members[] = {required("pending", pending),
                                       required("failures", failures),
                                       required("lastSuccessAt", time_or_null),
                                       required("lastFailureAt", time_or_null),
                                       required("lastError", text_or_null),
                                       required("nextAttemptAt", time_or_null),
                                       required("inactiveBecause", text_or_null)};
constexpr Shape delivery = {.types = type::object, .members = delivery_members};
constexpr std::string_view status_names[] = {"active", "inactive", "disabled"};
constexpr Shape status = {.types = type::string, .one_of = status_names};
constexpr Shape redacted = {
    .types = type::object, .description = "Names alone: values are redacted.", .other_members = &text};
constexpr Member trigger_members[] = {
    required("id", id),
    required("workspaceId", id),
    required("workspaceIntegrationId", id),
    required("integrationName", text),
    required("triggerName", text),
    required("scope", persistence_scope),
    required("endUserId", text_or_null),
    required("callbackUrl", text),
    required("callbackHeaders", redacted),
    required("callbackMetadata", any_object),
    required("input", any_object),
    required("status", status),
    required("delivery", delivery),
    required("createdAt", time),
    required("updatedAt", time),
};
constexpr Shape trigger = {.types = type::object, .name = "Trigger", .members = trigger_members};
constexpr Shape secret = {
    .types = type::string,
    .description = "Signs the messages; shown this once, not in an answer that is given again."};
constexpr Member made_members[] = {required("triggerSource", trigger), optional("secret", secret)};
constexpr Shape made = {.types = type::object, .members = made_members};
constexpr Member one_members[] = {required("triggerSource", trigger)};
constexpr Shape one = {.types = type::object, .members = one_members};
constexpr Shape items = {.types = type::array, .items = &trigger};
constexpr Member list_members[] = {required("triggers", items), required("total", total),
                                   required("cursor", cursor_or_null)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Shape http_status = {.types = type::integer | type::null,
                               .description = "What the receiver answered; null: nothing."};
constexpr Shape duration = {.types = type::integer, .description = "In milliseconds.", .minimum = 0};
constexpr Member tested_members[] = {required("delivered", boolean), required("status", http_status),
                                     required("error", text_or_null), required("duration", duration),
                                     required("payload", any_object)};
constexpr Shape tested = {.types = type::object, .members = tested_members};

constexpr Answer made_answers[] = {{.status = 201, .meaning = "It is enabled.", .body = &made}};
constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer disabled_answers[] = {{.status = 200, .meaning = "It is gone; as it was then.", .body = &one}};
constexpr Answer tested_answers[] = {{.status = 200, .meaning = "What came of it.", .body = &tested}};
constexpr unsigned enable_errors[] = {404, 409};

constexpr Operation operations[] = {
    {.handler = api::enable_trigger,
     .id = "enableTrigger",
     .summary = "Have a webhook told of the changes of a namespace",
     .description = "It stays with the namespace that the selectors lead to now.",
     .body = &enable_body,
     .example = R"({"workspaceId":"acme","integrationName":"kv-store","endUserId":"user_123",)"
                R"("triggerName":"key_changed","callbackUrl":"https://hooks.example/alcove",)"
                R"("callbackHeaders":{"Authorization":"Bearer s3cret"},"input":{"prefix":"orders/"}})",
     .answers = made_answers,
     .errors = enable_errors},
    {.handler = api::list_triggers,
     .id = "listTriggers",
     .summary = "List the triggers of a workspace",
     .parameters = workspace_page_parameters,
     .answers = list_answers},
    {.handler = api::disable_trigger,
     .id = "disableTrigger",
     .summary = "Take a trigger away",
     .answers = disabled_answers,
     .errors = conflict},
    {.handler = api::test_trigger,
     .id = "testTrigger",
     .summary = "Send a message with `\"op\":\"test\"` now",
     .description = "It is counted nowhere.",
     .answers = tested_answers,
     .idempotency_key = IdempotencyKey::not_taken},
};

}  // namespace

constinit const Group triggers = {.tag = "Triggers",
                                  .description =
                                      "Webhooks that are told of changes of keys or files, signed as "
                                      "Standard Webhooks, at least once and in order.",
                                  .operations = operations};

}  // namespace alcove::openapi

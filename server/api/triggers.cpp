#include "server/api/triggers.hpp"

#include <string>
#include <utility>
#include <vector>

#include "server/actions/registry.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/api/selectors.hpp"
#include "server/api/webhooks.hpp"
#include "server/webhooks/deliverer.hpp"

namespace alcove::api {
namespace {

constexpr StandingNames standing_names{.pending = "pending",
                                       .failures = "failures",
                                       .last_success_at = "lastSuccessAt",
                                       .last_failure_at = "lastFailureAt",
                                       .last_error = "lastError",
                                       .next_attempt_at = "nextAttemptAt",
                                       .inactive_because = "inactiveBecause"};

enum class Status : std::uint8_t { as_delivered, disabled };

std::string_view status_of(const scopes::Webhook& trigger, Status status) {
    if (status == Status::disabled) return "disabled";
    return trigger.delivery.inactive_because ? "inactive" : "active";
}

asio::awaitable<std::optional<Problem>> print(Call& call, json::Writer& writer, const scopes::Webhook& trigger,
                                              Status status = Status::as_delivered) {
    const auto& selection = std::get<scopes::KeySelection>(trigger.selection);
    std::optional<std::string> end_user;
    if (selection.followed.scope == kv::Scope::end_user) {
        std::vector<scopes::Uuid> owner{scopes::uuid_of_bytes(selection.followed.subject)};
        auto found = co_await call.services.identity.end_users.external_ids(trigger.workspace, std::move(owner));
        if (!found) co_return to_problem(found.error());
        end_user = std::move(found->front());
    }
    DeliveryStanding standing{.record = trigger.delivery};  // of one that is disabled: nothing waits any more
    if (status != Status::disabled) {
        auto counted = co_await standing_of(call, trigger);
        if (!counted) co_return counted.error();
        standing.pending = counted->pending;
    }
    writer.open_object().member("id", scopes::format_uuid(trigger.id));
    writer.member("workspaceId", scopes::format_uuid(trigger.workspace));
    writer.member("workspaceIntegrationId", scopes::format_uuid(selection.integration));
    writer.member("integrationName", selection.integration_name).member("triggerName", selection.trigger_name);
    writer.member("scope", name_of(selection.followed.scope)).optional_member("endUserId", end_user);
    writer.member("callbackUrl", trigger.url).name("callbackHeaders");
    print_header_names(writer, trigger);
    writer.name("callbackMetadata").raw(selection.metadata_json);
    writer.name("input").open_object().member("prefix", selection.prefix).close_object();
    writer.member("status", status_of(trigger, status)).name("delivery");
    print(writer, standing, standing_names);
    print_time(writer, "createdAt", trigger.created_ms);
    print_time(writer, "updatedAt", trigger.updated_ms);
    writer.close_object();
    co_return std::nullopt;
}

struct EnableRequest {
    RequestSelectors selectors;
    std::string callback_url;
    scopes::WebhookHeaders headers;
    std::string metadata_json = "{}";
    std::string trigger_name;
    std::string prefix;
};

std::string names_of_triggers(const actions::Integration& integration) {
    std::string names;
    for (const auto& trigger : integration.triggers)
        names.append(names.empty() ? "'" : ", '").append(trigger.name).append("'");
    return names;
}

std::string names_of_integrations() {
    std::string names;
    for (const auto* integration : actions::integrations())
        names.append(names.empty() ? "'" : ", '").append(integration->name).append("'");
    return names;
}

// Held against the schema that the catalog shows.
void read_trigger(const json::Document& document, ObjectReader& in, EnableRequest& request) {
    request.trigger_name = in.required_text("triggerName");
    const auto* input = in.object("input");
    const auto* integration = actions::find_integration(request.selectors.selectors.integration_name.value_or(""));
    if (integration == nullptr) return;  // refused once it is known whether it is there
    const auto* trigger = actions::find_trigger(*integration, request.trigger_name);
    if (trigger == nullptr) {
        return in.refuse("triggerName", "'triggerName' must be " + names_of_triggers(*integration));
    }
    if (input == nullptr) return;
    if (auto problem = schema::refuse(trigger->input, document, *input, "input")) {
        return in.refuse(*std::move(problem));
    }
    if (const auto* prefix = document.member(*input, "prefix")) request.prefix = prefix->text;
}

Result<EnableRequest> parse_enable_request(const json::Document& document) {
    ObjectReader in(document, document.root());
    EnableRequest request;
    request.selectors = read_selectors(in);
    request.callback_url =
        to_callback_url(in, "callbackUrl", in.required_string("callbackUrl")).value_or(std::string());
    if (const auto* headers = in.object("callbackHeaders")) {
        request.headers = to_callback_headers(document, *headers, in, "callbackHeaders").value_or(request.headers);
    }
    if (const auto metadata = read_metadata(in, "callbackMetadata")) request.metadata_json = metadata->json();
    read_trigger(document, in, request);
    if (auto problem = in.finish()) return *std::move(problem);
    return request;
}

// The trigger of the path: 404, also for what is no UUID; 403 for what is not the key's.
asio::awaitable<Result<scopes::FollowedWebhook>> find(Call& call) {
    const auto unknown = scopes::webhook_not_found();
    const auto id = scopes::parse_uuid(call.param("uuid"));
    if (!id) co_return to_problem(unknown);
    auto found = co_await call.services.identity.webhooks.find(*id);
    if (!found) co_return to_problem(found.error());
    if (auto problem = refuse_workspace(call, found->webhook.workspace)) co_return *std::move(problem);
    if (found->webhook.kind() != scopes::WebhookKind::trigger) co_return to_problem(unknown);
    co_return std::move(*found);
}

asio::awaitable<void> answer(Call& call, unsigned status, const scopes::Webhook& trigger, Status shown,
                             std::optional<std::string> secret = {}) {
    call.begin_json(status);
    json::Writer writer(call.response.body);
    writer.open_object().name("triggerSource");
    auto problem = co_await print(call, writer, trigger, shown);
    if (problem) co_return call.fail(*problem);
    if (secret) writer.member("secret", *secret);
    writer.close_object();
}

}  // namespace

asio::awaitable<void> enable_trigger(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    auto request = parse_enable_request(*document);
    if (!request) co_return call.fail(request.error());
    auto resolution = co_await resolve_selectors(call, request->selectors);
    if (!resolution) co_return call.fail(resolution.error());
    const auto& integration = resolution->integration;
    if (actions::find_integration(integration.integration_name) == nullptr) {
        co_return call.fail(invalid_field("integrationName", "'" + integration.integration_name +
                                                                 "' has no triggers; there are those of " +
                                                                 names_of_integrations()));
    }
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    const auto secret = make_webhook_secret();
    scopes::NewWebhook trigger{.workspace = integration.workspace,
                               .url = std::move(request->callback_url),
                               .headers = std::move(request->headers),
                               .secret = secret,
                               .selection = scopes::KeySelection{.trigger_name = std::move(request->trigger_name),
                                                                 .integration_name = integration.integration_name,
                                                                 .integration = integration.id,
                                                                 .followed = resolution->namespace_name,
                                                                 .prefix = std::move(request->prefix),
                                                                 .metadata_json = request->metadata_json}};
    auto created = co_await call.services.identity.webhooks.create(std::move(trigger), std::move(*request_id));
    if (!created) co_return call.fail(to_problem(created.error()));
    set_replayed(call.response, created->replayed);
    std::optional<std::string> shown_once;
    if (!created->replayed) shown_once = secret;
    co_await answer(call, 201, created->resource, Status::as_delivered, std::move(shown_once));
}

asio::awaitable<void> list_triggers(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    auto workspace = co_await take_workspace(call, *query);
    if (!workspace) co_return call.fail(workspace.error());
    const auto workspace_text = scopes::format_uuid(*workspace);
    auto page = take_page(*query, {"triggers", workspace_text});
    if (!page) co_return call.fail(page.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    auto listing =
        co_await call.services.identity.webhooks.list(*workspace, scopes::WebhookKind::trigger, std::move(*page));
    if (!listing) co_return call.fail(to_problem(listing.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("triggers").open_array();
    for (const auto& trigger : listing->items) {
        auto problem = co_await print(call, writer, trigger);
        if (problem) co_return call.fail(*problem);
    }
    print_list_end(writer, listing->total, {"triggers", workspace_text}, listing->next);
}

asio::awaitable<void> disable_trigger(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto refused = co_await refuse_members(call);
    if (refused) co_return call.fail(*refused);
    auto request_id = take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());
    auto& webhooks = call.services.identity.webhooks;
    auto earlier = co_await webhooks.recall_removed(*request_id);  // what it removed is not found any more
    if (!earlier) co_return call.fail(to_problem(earlier.error()));
    set_replayed(call.response, earlier->has_value());
    if (*earlier) co_return co_await answer(call, 200, **earlier, Status::disabled);

    auto found = co_await find(call);
    if (!found) co_return call.fail(found.error());
    const auto& trigger = found->webhook;
    auto removed = co_await webhooks.remove(trigger.workspace, trigger.kind(), trigger.id, std::move(*request_id));
    if (!removed) co_return call.fail(to_problem(removed.error()));
    set_replayed(call.response, removed->replayed);
    co_await answer(call, 200, removed->resource, Status::disabled);
}

asio::awaitable<void> test_trigger(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    if (call.request.header("idempotency-key")) {
        co_return call.fail(
            invalid_field("Idempotency-Key", "a test takes no Idempotency-Key: it is sent each time"));
    }
    auto refused = co_await refuse_members(call);
    if (refused) co_return call.fail(*refused);
    auto found = co_await find(call);
    if (!found) co_return call.fail(found.error());
    const auto message = webhooks::test_message(found->webhook, call.services.store.now_ms());
    const auto outcome = co_await call.services.deliverer.send_once(*found, message);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("delivered").boolean(outcome.delivered()).name("status");
    outcome.status == 0 ? writer.null() : writer.number(outcome.status);
    writer.name("error");
    outcome.delivered() ? writer.null() : writer.string(outcome.error);
    writer.name("duration").number(outcome.duration.count()).name("payload").raw(message.body).close_object();
}

}  // namespace alcove::api

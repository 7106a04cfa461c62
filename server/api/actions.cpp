#include "server/api/actions.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "server/actions/registry.hpp"
#include "server/api/catalog.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"

namespace alcove::api {
namespace {

// The members of the body and no deeper: what `input` may hold is the action's to say.
constexpr json::ParseLimits body_limits = {.built_depth_max = 1};

// Whose data is meant is decided by the instance that was set up, never by who uses it.
std::optional<Problem> refuse_own_scope(const json::Document& document) {
    constexpr std::array<std::string_view, 3> names = {"scope", "externalId", "persistence"};
    for (const auto name : names) {
        if (document.member(document.root(), name) == nullptr) continue;
        return invalid_field(name, "'" + std::string(name) +
                                       "' is refused: a request must not carry its own scope, which the settings "
                                       "of the integration's instance alone decide");
    }
    return std::nullopt;
}

std::string required_name(ObjectReader& in, std::string_view name) {
    const auto text = in.required_string(name);
    if (in.has(name) && text.empty()) in.refuse(name, "'" + in.field(name) + "' must not be empty");
    return std::string(text);
}

std::optional<std::string> optional_name(ObjectReader& in, std::string_view name) {
    const auto text = in.string(name);
    if (!text) return std::nullopt;
    if (text->empty()) in.refuse(name, "'" + in.field(name) + "' must not be empty");
    return std::string(*text);
}

// All but `integrationName`.
Selectors read_selectors(ObjectReader& in) {
    Selectors selectors;
    selectors.workspace_id = required_name(in, "workspaceId");
    selectors.workspace_integration_id = optional_name(in, "workspaceIntegrationId");
    selectors.integration_alias = optional_name(in, "integrationAlias");
    selectors.end_user_id = optional_name(in, "endUserId");
    selectors.connection_external_id = optional_name(in, "connectionExternalId");
    return selectors;
}

// What makes two executions the same request, wherever their idempotency key stands.
std::string identity_of(const ExecuteRequest& request) {
    std::string text;
    json::Writer writer(text);
    const auto& selectors = request.selectors;
    writer.open_object().member("workspaceId", selectors.workspace_id);
    writer.optional_member("integrationName", selectors.integration_name);
    writer.optional_member("workspaceIntegrationId", selectors.workspace_integration_id);
    writer.optional_member("integrationAlias", selectors.integration_alias);
    writer.optional_member("endUserId", selectors.end_user_id);
    writer.optional_member("connectionExternalId", selectors.connection_external_id);
    writer.member("actionName", request.action_name).name("input").raw(request.input_json).close_object();
    return text;
}

void print_names(json::Writer& writer, const auto& names) {
    writer.open_array();
    for (const auto& name : names)
        writer.string(name);
    writer.close_array();
}

// 404 naming what there is: an integration that is not built in has no actions here.
Problem action_not_found(const ResolvedInstance& instance, std::string_view action_name) {
    const auto* integration = actions::find_integration(instance.integration_name);
    std::vector<std::string_view> names;
    if (integration != nullptr) {
        for (const auto& action : integration->actions)
            names.push_back(action.name);
    }
    Problem problem(404, "ACTION_NOT_FOUND",
                    integration == nullptr ? "the integration is not built in, so it has no actions here"
                                           : "the integration has no action of that name");
    json::Writer writer(problem.details);
    writer.member("integrationName", instance.integration_name).member("action", action_name);
    print_names(writer.name("actions"), names);
    return problem;
}

Problem action_not_allowed(std::string_view action_name, const std::vector<std::string>& enabled) {
    Problem problem(403, "ACTION_NOT_ALLOWED", "the action is not among those enabled for the integration");
    json::Writer writer(problem.details);
    writer.member("action", action_name);
    print_names(writer.name("enabledActions"), enabled);
    return problem;
}

Result<const actions::Action*> find_enabled(const ResolvedInstance& instance, std::string_view action_name) {
    const auto* integration = actions::find_integration(instance.integration_name);
    const auto* action = integration == nullptr ? nullptr : actions::find_action(*integration, action_name);
    if (action == nullptr) return action_not_found(instance, action_name);
    const auto& enabled = instance.enabled_actions;
    if (enabled && std::ranges::find(*enabled, action_name) == enabled->end()) {
        return action_not_allowed(action_name, *enabled);
    }
    return action;
}

Problem no_options(const actions::Integration& integration) {
    std::string names;
    for (const auto& source : integration.option_sources)
        names.append(names.empty() ? "" : ", ").append(source.property);
    return invalid_field("propertyName", "'propertyName' must be one of " + names);
}

}  // namespace

Result<ExecuteRequest> parse_execute_request(const json::Document& document) {
    if (auto problem = refuse_own_scope(document)) return *std::move(problem);
    ObjectReader in(document, document.root());
    ExecuteRequest request;
    const auto integration_name = required_name(in, "integrationName");
    request.action_name = required_name(in, "actionName");
    request.selectors = read_selectors(in);
    request.selectors.integration_name = integration_name;
    if (!in.has("input")) in.refuse(missing_field("input"));
    const auto* input = in.object("input");
    if (input != nullptr) request.input_json = input->raw;
    if (const auto key = in.string("idempotencyKey")) request.idempotency_key = *key;
    if (auto problem = in.finish()) return *std::move(problem);
    return request;
}

asio::awaitable<Result<ExecuteRequest>> read_execute_request(Call& call) {
    if (auto problem = refuse_query(call)) co_return *std::move(problem);
    auto document = co_await read_json(call, body_limits);
    if (!document) co_return document.error();
    co_return parse_execute_request(*document);
}

asio::awaitable<void> execute_action(Call& call, const ExecuteRequest& request, const ResolvedInstance& instance) {
    const auto action = find_enabled(instance, request.action_name);
    if (!action) co_return call.fail(action.error());
    const auto input = actions::Input::parse((*action)->input, request.input_json, "input");
    if (!input) co_return call.fail(input.error());
    auto request_id = take_request_id(call, identity_of(request), request.idempotency_key);
    if (!request_id) co_return call.fail(request_id.error());

    actions::ActionContext context{.store = call.services.store,
                                   .namespace_name = instance.namespace_name,
                                   .input = *input,
                                   .value_bytes_max = call.services.settings.value_bytes,
                                   .request_id = std::move(*request_id)};
    const auto begin = std::chrono::steady_clock::now();
    const auto output = co_await (*action)->execute(context);
    if (!output) co_return call.fail(output.error());
    const auto duration = std::chrono::steady_clock::now() - begin;

    set_replayed(call.response, output->replayed);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("success").boolean(true).name("output").raw(output->json);
    writer.name("duration").number(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    writer.close_object();
}

Result<OptionsRequest> parse_options_request(const json::Document& document, std::string_view integration_name) {
    if (auto problem = refuse_own_scope(document)) return *std::move(problem);
    ObjectReader in(document, document.root());
    OptionsRequest request;
    request.property_name = required_name(in, "propertyName");
    request.selectors = read_selectors(in);
    const auto repeated = in.string("integrationName");
    if (repeated && *repeated != integration_name) {
        in.refuse("integrationName", "'integrationName' is not that of the path");
    }
    request.selectors.integration_name = integration_name;
    request.search_value = in.string("searchValue").value_or("");
    if (auto problem = in.finish()) return *std::move(problem);
    return request;
}

asio::awaitable<Result<OptionsRequest>> read_options_request(Call& call) {
    if (auto problem = refuse_query(call)) co_return *std::move(problem);
    auto document = co_await read_json(call, body_limits);
    if (!document) co_return document.error();
    co_return parse_options_request(*document, call.param("name"));
}

asio::awaitable<void> list_options(Call& call, const OptionsRequest& request, const ResolvedInstance& instance) {
    const auto* integration = actions::find_integration(instance.integration_name);
    if (integration == nullptr) co_return call.fail(integration_not_built_in());
    const auto* source = actions::find_option_source(*integration, request.property_name);
    if (source == nullptr) co_return call.fail(no_options(*integration));
    if (auto problem = actions::refuse_text(source->search, request.search_value, "searchValue")) {
        co_return call.fail(*problem);
    }
    const auto values = co_await source->list(call.services.store, instance.namespace_name, request.search_value);
    if (!values) co_return call.fail(values.error());
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("options").open_array();
    for (const auto& value : *values)
        writer.open_object().member("label", value).member("value", value).close_object();
    writer.close_array().name("disabled").boolean(false).close_object();
}

}  // namespace alcove::api

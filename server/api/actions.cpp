#include "server/api/actions.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/actions/registry.hpp"
#include "server/api/catalog.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/rate_limits.hpp"
#include "server/api/selectors.hpp"
#include "server/metrics/busy_namespaces.hpp"

namespace alcove::api {
namespace {

// The members of the body and no deeper: what `input` may hold is the action's to say.
constexpr json::ParseLimits body_limits = {.built_depth_max = 1};

struct ExecuteRequest {
    RequestSelectors selectors;
    std::string action_name;
    std::string_view input_json;  // an object; holds as long as the body
    std::optional<std::string> idempotency_key;
};

struct OptionsRequest {
    RequestSelectors selectors;
    std::string property_name;
    std::string search_value;
};

// What makes two executions the same request, wherever their idempotency key stands.
std::string identity_of(const ExecuteRequest& request) {
    std::string text;
    json::Writer writer(text);
    const auto& selectors = request.selectors.selectors;
    writer.open_object().member("workspaceId", request.selectors.workspace);
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
Problem action_not_found(std::string_view integration_name, std::string_view action_name) {
    const auto* integration = actions::find_integration(integration_name);
    std::vector<std::string_view> names;
    if (integration != nullptr) {
        for (const auto& action : integration->actions)
            names.push_back(action.name);
    }
    Problem problem(404, "ACTION_NOT_FOUND",
                    integration == nullptr ? "the integration is not built in, so it has no actions here"
                                           : "the integration has no action of that name");
    json::Writer writer(problem.details);
    writer.member("integrationName", integration_name).member("action", action_name);
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

std::optional<Problem> refuse_disabled(const scopes::WorkspaceIntegration& integration,
                                       std::string_view action_name) {
    const auto& enabled = integration.enabled_actions;
    if (!enabled || std::ranges::find(*enabled, action_name) != enabled->end()) return std::nullopt;
    return action_not_allowed(action_name, *enabled);
}

Problem no_options(const actions::Integration& integration) {
    std::string names;
    for (const auto& source : integration.option_sources)
        names.append(names.empty() ? "" : ", ").append(source.property);
    return invalid_field("propertyName", "'propertyName' must be one of " + names);
}

Result<ExecuteRequest> parse_execute_request(const json::Document& document) {
    ObjectReader in(document, document.root());
    ExecuteRequest request;
    request.selectors = read_selectors(in);
    request.action_name = in.required_text("actionName");
    request.input_json = in.required("input")->raw;
    if (const auto key = in.string("idempotencyKey")) request.idempotency_key = *key;
    if (auto problem = in.finish()) return *std::move(problem);
    return request;
}

// `integration_name` is that of the path; the body may repeat it.
Result<OptionsRequest> parse_options_request(const json::Document& document, std::string_view integration_name) {
    ObjectReader in(document, document.root());
    OptionsRequest request;
    request.selectors = read_selectors(in);
    auto& repeated = request.selectors.selectors.integration_name;
    if (repeated && *repeated != integration_name) {
        in.refuse("integrationName", "'integrationName' is not that of the path");
    }
    repeated = integration_name;
    request.property_name = in.required_text("propertyName");
    request.search_value = in.string("searchValue").value_or("");
    if (auto problem = in.finish()) return *std::move(problem);
    return request;
}

}  // namespace

asio::awaitable<void> execute_action(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call, body_limits);
    if (!document) co_return call.fail(document.error());
    auto request = parse_execute_request(*document);
    if (!request) co_return call.fail(request.error());

    const std::string integration_name = *request->selectors.selectors.integration_name;
    const auto* integration = actions::find_integration(integration_name);
    const auto* action =
        integration == nullptr ? nullptr : actions::find_action(*integration, request->action_name);
    if (action == nullptr) {
        // What is not built in may still be there, or not.
        auto found = co_await find_selected_integration(call, request->selectors);
        if (!found) co_return call.fail(found.error());
        co_return call.fail(action_not_found(integration_name, request->action_name));
    }
    auto resolution = co_await resolve_selectors(call, request->selectors);
    if (!resolution) co_return call.fail(resolution.error());
    if (auto problem = refuse_disabled(resolution->integration, request->action_name)) {
        co_return call.fail(*problem);
    }
    call.services.busy_namespaces.count(resolution->namespace_name);
    if (auto problem = call.services.rate_limits.count_namespace(call, resolution->namespace_name)) {
        auto refusing = refuse_later(call, *std::move(problem));
        co_return co_await std::move(refusing);
    }
    const auto input = actions::Input::parse(action->input, request->input_json, "input");
    if (!input) co_return call.fail(input.error());
    auto request_id = take_request_id(call, identity_of(*request), request->idempotency_key);
    if (!request_id) co_return call.fail(request_id.error());

    actions::ActionContext context{.store = call.services.store,
                                   .namespace_name = resolution->namespace_name,
                                   .input = *input,
                                   .download_links = call.services.download_links,
                                   .value_bytes_max = call.services.settings.value_bytes,
                                   .file_bytes_max = call.services.settings.file_bytes,
                                   .request_id = std::move(*request_id)};
    const auto begin = std::chrono::steady_clock::now();
    const auto output = co_await action->execute(context);
    if (!output) co_return call.fail(output.error());
    const auto duration = std::chrono::steady_clock::now() - begin;

    set_replayed(call.response, output->replayed);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("success").boolean(true).name("output").raw(output->json);
    writer.name("duration").number(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
    writer.close_object();
}

asio::awaitable<void> list_options(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call, body_limits);
    if (!document) co_return call.fail(document.error());
    auto request = parse_options_request(*document, call.param("name"));
    if (!request) co_return call.fail(request.error());
    const auto* integration = actions::find_integration(call.param("name"));
    if (integration == nullptr) co_return call.fail(integration_not_built_in());
    const auto* source = actions::find_option_source(*integration, request->property_name);
    if (source == nullptr) co_return call.fail(no_options(*integration));
    if (auto problem = schema::refuse_text(source->search, request->search_value, "searchValue")) {
        co_return call.fail(*problem);
    }
    auto resolution = co_await resolve_selectors(call, request->selectors);
    if (!resolution) co_return call.fail(resolution.error());
    if (auto problem = call.services.rate_limits.count_namespace(call, resolution->namespace_name)) {
        auto refusing = refuse_later(call, *std::move(problem));
        co_return co_await std::move(refusing);
    }
    const auto values =
        co_await source->list(call.services.store, resolution->namespace_name, request->search_value);
    if (!values) co_return call.fail(values.error());
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("options").open_array();
    for (const auto& value : *values)
        writer.open_object().member("label", value).member("value", value).close_object();
    writer.close_array().name("disabled").boolean(false).close_object();
}

}  // namespace alcove::api

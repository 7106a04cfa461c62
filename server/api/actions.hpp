// Executing an action of an integration, and the options that a form offers for a property of its inputs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/types.hpp"
#include "server/api/call.hpp"
#include "server/api/object_reader.hpp"

namespace alcove::api {

// What names the instance, and with it whose data is meant; as the client sent it.
struct Selectors {
    std::string workspace_id;
    std::optional<std::string> integration_name;
    std::optional<std::string> workspace_integration_id;
    std::optional<std::string> integration_alias;
    std::optional<std::string> end_user_id;
    std::optional<std::string> connection_external_id;
};

// What the selectors come to.
struct ResolvedInstance {
    kv::NamespaceName namespace_name;
    std::string integration_name;
    std::optional<std::vector<std::string>> enabled_actions;  // nullopt: all
};

// `{integrationName, actionName, workspaceId, input, …selectors, idempotencyKey?}`
struct ExecuteRequest {
    Selectors selectors;
    std::string action_name;
    std::string_view input_json;  // an object; holds as long as the document's source
    std::optional<std::string> idempotency_key;
};

// 400 for what is no such body; also for `scope`, `externalId` and `persistence`, which only an instance decides.
Result<ExecuteRequest> parse_execute_request(const json::Document& document);
asio::awaitable<Result<ExecuteRequest>> read_execute_request(Call& call);

// Answers 200 `{"success":true,"output":…,"duration":<ms>}`. 404 ACTION_NOT_FOUND, 403 ACTION_NOT_ALLOWED, then
// what is wrong with the input, then what the action itself came to.
asio::awaitable<void> execute_action(Call& call, const ExecuteRequest& request, const ResolvedInstance& instance);

// `{propertyName, workspaceId, …selectors, searchValue?}`
struct OptionsRequest {
    Selectors selectors;
    std::string property_name;
    std::string search_value;
};

// `integration_name` is that of the path; the body may repeat it.
Result<OptionsRequest> parse_options_request(const json::Document& document, std::string_view integration_name);
asio::awaitable<Result<OptionsRequest>> read_options_request(Call& call);

// Answers 200 `{"options":[{"label","value"}],"disabled":false}`. 404 INTEGRATION_NOT_FOUND for an integration that
// is not built in, 400 for a property that has no options.
asio::awaitable<void> list_options(Call& call, const OptionsRequest& request, const ResolvedInstance& instance);

}  // namespace alcove::api

// Executing an action of an integration, and the options that a form offers for a property of its inputs.
#pragma once

#include "server/api/call.hpp"

namespace alcove::api {

// `{integrationName, actionName, workspaceId, input, …selectors, idempotencyKey?}` → 200
// `{"success":true,"output":…,"duration":<ms>}`. 404 ACTION_NOT_FOUND, what the selectors come to, 403
// ACTION_NOT_ALLOWED, what is wrong with the input, then what the action itself comes to.
asio::awaitable<void> execute_action(Call& call);

// `{propertyName, workspaceId, …selectors, searchValue?}` → 200 `{"options":[{"label","value"}],"disabled":false}`.
// 404 INTEGRATION_NOT_FOUND for an integration that is not built in, 400 for a property that has no options.
asio::awaitable<void> list_options(Call& call);

}  // namespace alcove::api

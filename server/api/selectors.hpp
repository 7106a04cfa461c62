// The selectors of an execution, as bodies name them.
#pragma once

#include <string_view>

#include "scopes/resolver.hpp"
#include "server/api/call.hpp"
#include "server/api/json.hpp"

namespace alcove::api {

struct RequestSelectors {
    std::string_view workspace;  // id or slug; lives as long as the body
    scopes::Selectors selectors;
};

// `workspaceId`, `integrationName`, `integrationAlias`, `workspaceIntegrationId`, `endUserId`,
// `connectionExternalId`. Refuses a body that carries a scope of its own.
RequestSelectors read_selectors(ObjectReader& in);

// What they come to, for who asks: a token that acts as an end user resolves as that one alone (403 else).
asio::awaitable<Result<scopes::Resolution>> resolve_selectors(Call& call, RequestSelectors request);

}  // namespace alcove::api

// The selectors of an execution, as bodies name them.
#pragma once

#include <string>

#include "scopes/resolver.hpp"
#include "server/api/call.hpp"
#include "server/api/object_reader.hpp"

namespace alcove::api {

struct RequestSelectors {
    std::string workspace;  // id or slug
    scopes::Selectors selectors;
};

// `workspaceId`, `integrationName`, `integrationAlias`, `workspaceIntegrationId`, `endUserId`,
// `connectionExternalId`.
RequestSelectors read_selectors(ObjectReader& in);

// What they come to, for who asks: a token that acts as an end user resolves as that one alone (403 else).
asio::awaitable<Result<scopes::Resolution>> resolve_selectors(Call& call, RequestSelectors request);

// The integration alone.
asio::awaitable<Result<scopes::WorkspaceIntegration>> find_selected_integration(Call& call,
                                                                                RequestSelectors request);

}  // namespace alcove::api

#include "server/api/selectors.hpp"

#include <algorithm>
#include <utility>

#include "server/api/namespaces.hpp"

namespace alcove::api {
namespace {

std::optional<std::string> read_text(ObjectReader& in, std::string_view name) {
    const auto text = in.text(name);
    if (!text) return std::nullopt;
    return std::string(*text);
}

asio::awaitable<std::optional<Problem>> hold_to_end_user(Call& call, scopes::Selectors& selectors) {
    const auto& principal = *call.principal;
    if (!principal.end_user) co_return std::nullopt;
    auto own = co_await call.services.identity.end_users.get(*principal.end_user);
    if (!own) co_return to_problem(own.error());
    if (selectors.end_user_id && *selectors.end_user_id != own->external_id &&
        std::ranges::find(own->deprecated_external_ids, *selectors.end_user_id) ==
            own->deprecated_external_ids.end()) {
        co_return Problem(403, "SCOPE_DENIED", "the token acts as its own end user alone");
    }
    if (!selectors.end_user_id) selectors.end_user_id = std::move(own->external_id);
    co_return std::nullopt;
}

}  // namespace

RequestSelectors read_selectors(ObjectReader& in) {
    RequestSelectors request;
    request.workspace = in.required_text("workspaceId");
    auto& selectors = request.selectors;
    selectors.integration_name = read_text(in, "integrationName");
    selectors.integration_alias = read_text(in, "integrationAlias");
    selectors.workspace_integration_id = read_text(in, "workspaceIntegrationId");
    selectors.end_user_id = read_text(in, "endUserId");
    selectors.connection_external_id = read_text(in, "connectionExternalId");
    return request;
}

asio::awaitable<Result<scopes::WorkspaceIntegration>> find_selected_integration(Call& call,
                                                                                RequestSelectors request) {
    auto workspace = co_await resolve_workspace(call, request.workspace);
    if (!workspace) co_return workspace.error();
    auto found = co_await call.services.identity.resolver.find_integration((*workspace)->workspace,
                                                                           std::move(request.selectors));
    if (!found) co_return to_problem(found.error());
    co_return std::move(*found);
}

asio::awaitable<Result<scopes::Resolution>> resolve_selectors(Call& call, RequestSelectors request) {
    auto workspace = co_await resolve_workspace(call, request.workspace);
    if (!workspace) co_return workspace.error();
    auto refused = co_await hold_to_end_user(call, request.selectors);
    if (refused) co_return *std::move(refused);
    auto resolution =
        co_await call.services.identity.resolver.resolve((*workspace)->workspace, std::move(request.selectors));
    if (!resolution) co_return to_problem(resolution.error());
    co_return std::move(*resolution);
}

}  // namespace alcove::api

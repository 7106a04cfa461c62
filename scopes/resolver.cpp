#include "scopes/resolver.hpp"

#include <algorithm>
#include <utility>

namespace alcove::scopes {
namespace {

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

Error contradiction(std::string field, std::string_view what, const WorkspaceIntegration& integration) {
    return invalid_error(std::move(field), std::string(what) + " contradicts the other selectors, which mean " +
                                               quoted(integration.alias));
}

Error connection_required(std::string message) {
    return {.code = Errc::connection_required, .message = std::move(message)};
}

std::string describe(const Persistence& persistence) {
    auto text = "the policy of the integration is the scope " + quoted(to_string(persistence.scope));
    if (persistence.external_id) text += " with the key " + quoted(*persistence.external_id);
    return text;
}

}  // namespace

bool is_built_in(std::string_view integration_name) {
    return std::ranges::find(built_in_integrations, integration_name) != std::end(built_in_integrations);
}

Result<WorkspaceIntegration> choose_integration(std::vector<WorkspaceIntegration> named) {
    if (named.empty()) return integration_not_found();
    if (named.size() == 1) return std::move(named.front());
    Error error{.code = Errc::ambiguous_integration,
                .message = "the workspace has several of that integration: name one by its alias or id"};
    for (auto& integration : named)
        error.names.push_back(std::move(integration.alias));
    return error;
}

std::optional<Error> refuse_contradiction(const Selectors& selectors, const WorkspaceIntegration& integration) {
    if (selectors.workspace_integration_id &&
        parse_uuid(*selectors.workspace_integration_id) != std::optional(integration.id)) {
        return contradiction("workspaceIntegrationId", "'workspaceIntegrationId'", integration);
    }
    if (selectors.integration_alias && *selectors.integration_alias != integration.alias) {
        return contradiction("integrationAlias", "'integrationAlias'", integration);
    }
    if (selectors.integration_name && *selectors.integration_name != integration.integration_name) {
        return contradiction("integrationName", "'integrationName'", integration);
    }
    return std::nullopt;
}

ConnectionChoice choose_connection(const WorkspaceIntegration& integration,
                                   const std::optional<EndUser>& end_user) {
    switch (integration.strategy) {
        case ConnectionStrategy::fixed:
            return {.of_end_user = false, .fixed = integration.connection};
        case ConnectionStrategy::per_user:
            return {.of_end_user = end_user.has_value(), .fixed = {}};
        case ConnectionStrategy::per_user_with_fallback:
            break;
    }
    return {.of_end_user = end_user.has_value(), .fixed = integration.connection};
}

Result<kv::NamespaceName> choose_namespace(const Persistence& persistence, const Uuid& workspace,
                                           const std::optional<Uuid>& end_user) {
    kv::NamespaceName name{.scope = kv::Scope::workspace, .workspace = workspace, .subject = {}};
    switch (persistence.scope) {
        case PersistenceScope::workspace:
            return name;
        case PersistenceScope::external:
            name.scope = kv::Scope::external;
            name.subject = *persistence.external_id;
            return name;
        case PersistenceScope::end_user:
            break;
    }
    if (!end_user) {
        return invalid_error("endUserId", "'endUserId' is required: the integration keeps its data per end user");
    }
    name.scope = kv::Scope::end_user;
    name.subject = uuid_bytes(*end_user);
    return name;
}

asio::awaitable<Result<Resolution>> Resolver::resolve(Uuid workspace, Selectors selectors) {
    auto resolution = co_await resolve_parties(workspace, std::move(selectors));
    if (!resolution) co_return resolution.error();
    std::optional<Uuid> end_user;
    if (resolution->end_user) end_user = resolution->end_user->id;
    const auto& persistence = resolution->integration.persistence;
    auto name = choose_namespace(persistence, workspace, end_user);
    if (!name) co_return name.error();
    resolution->explanation.push_back(describe(persistence));
    resolution->namespace_name = std::move(*name);
    co_return std::move(*resolution);
}

asio::awaitable<Result<WorkspaceIntegration>> Resolver::find_integration(Uuid workspace, Selectors selectors) {
    Explanation ignored;
    auto integration = co_await find_integration(workspace, selectors, ignored);
    co_return integration;
}

asio::awaitable<Result<std::optional<Connection>>> Resolver::resolve_connection(Uuid workspace,
                                                                                Selectors selectors) {
    auto resolution = co_await resolve_parties(workspace, std::move(selectors));
    if (!resolution) co_return resolution.error();
    co_return std::move(resolution->connection);
}

asio::awaitable<Result<Resolution>> Resolver::resolve_parties(Uuid workspace, Selectors selectors) {
    Resolution resolution;
    auto integration = co_await find_integration(workspace, selectors, resolution.explanation);
    if (!integration) co_return integration.error();
    resolution.integration = std::move(*integration);
    auto end_user = co_await find_end_user(workspace, selectors, resolution.explanation);
    if (!end_user) co_return end_user.error();
    resolution.end_user = std::move(*end_user);
    auto connection =
        co_await find_connection(selectors, resolution.integration, resolution.end_user, resolution.explanation);
    if (!connection) co_return connection.error();
    resolution.connection = std::move(*connection);
    co_return resolution;
}

asio::awaitable<Result<std::optional<EndUser>>> Resolver::find_end_user(Uuid workspace, const Selectors& selectors,
                                                                        Explanation& explanation) {
    if (!selectors.end_user_id) co_return std::optional<EndUser>();
    auto external_id = ExternalId::parse(*selectors.end_user_id);
    if (!external_id) co_return end_user_not_found();
    auto end_user = co_await end_users_.get_by_external_id(workspace, *std::move(external_id));
    if (!end_user) co_return end_user.error();
    const bool primary = end_user->external_id == *selectors.end_user_id;
    explanation.push_back(quoted(*selectors.end_user_id) + " is the " + (primary ? "primary" : "deprecated") +
                          " external id of the end user " + format_uuid(end_user->id));
    co_return std::optional<EndUser>(std::move(*end_user));
}

asio::awaitable<Result<WorkspaceIntegration>> Resolver::find_integration(Uuid workspace, const Selectors& selectors,
                                                                         Explanation& explanation) {
    Result<WorkspaceIntegration> found = integration_not_found();
    std::string how;
    if (selectors.workspace_integration_id) {
        if (!parse_uuid(*selectors.workspace_integration_id)) {
            co_return invalid_error("workspaceIntegrationId", "'workspaceIntegrationId' must be a UUID");
        }
        found = co_await integrations_.get(workspace, *selectors.workspace_integration_id);
        how = "its id";
    } else if (selectors.integration_alias) {
        // An id would be found as well, but here an alias is asked for.
        if (parse_uuid(*selectors.integration_alias)) co_return integration_not_found();
        found = co_await integrations_.get(workspace, *selectors.integration_alias);
        how = "its alias";
    } else if (selectors.integration_name) {
        auto named = co_await integrations_.named(workspace, *selectors.integration_name);
        if (!named) co_return named.error();
        found = choose_integration(std::move(*named));
        how = "being the only one of " + quoted(*selectors.integration_name);
    } else {
        co_return invalid_error(
            "integrationName",
            "one of 'workspaceIntegrationId', 'integrationAlias', 'integrationName' is required");
    }
    if (!found) co_return found.error();
    if (auto refused = refuse_contradiction(selectors, *found)) co_return *std::move(refused);
    explanation.push_back("the integration " + quoted(found->alias) + " (" + found->integration_name + ", " +
                          format_uuid(found->id) + ") by " + how);
    co_return std::move(*found);
}

asio::awaitable<Result<std::optional<Connection>>> Resolver::find_connection(
    const Selectors& selectors, const WorkspaceIntegration& integration, const std::optional<EndUser>& end_user,
    Explanation& explanation) {
    if (selectors.connection_external_id) {
        auto pinned = co_await connections_.get_selected(integration.workspace, integration.integration_name,
                                                         *selectors.connection_external_id);
        if (!pinned) co_return pinned.error();
        if (end_user && pinned->end_user && *pinned->end_user != end_user->id) {
            co_return invalid_error("connectionExternalId",
                                    "'connectionExternalId' is the connection of another end user");
        }
        explanation.push_back("the connection " + format_uuid(pinned->id) + " by its external id " +
                              quoted(*selectors.connection_external_id));
        co_return std::optional<Connection>(std::move(*pinned));
    }
    if (is_built_in(integration.integration_name)) {
        explanation.push_back("a built-in integration needs no connection");
        co_return std::optional<Connection>();
    }
    const auto choice = choose_connection(integration, end_user);
    const auto strategy = std::string(to_string(integration.strategy));
    if (choice.of_end_user) {
        auto own = co_await connections_.get_of(integration.workspace, end_user->id, integration.integration_name);
        if (!own && own.error().code != Errc::connection_not_found) co_return own.error();
        if (own) {
            explanation.push_back("the end user's connection " + format_uuid(own->id) + ", by the strategy " +
                                  strategy);
            co_return std::optional<Connection>(std::move(*own));
        }
    }
    if (choice.fixed) {
        auto fixed = co_await connections_.get(*choice.fixed);
        if (!fixed) co_return fixed.error();
        if (fixed->status == ConnectionStatus::terminated) co_return connection_not_found();
        explanation.push_back("the integration's own connection " + format_uuid(fixed->id) + ", by the strategy " +
                              strategy);
        co_return std::optional<Connection>(std::move(*fixed));
    }
    co_return connection_required(end_user ? "the end user has no connection of that integration"
                                           : "the integration needs a connection: name 'endUserId' or "
                                             "'connectionExternalId'");
}

}  // namespace alcove::scopes

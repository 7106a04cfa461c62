// What the selectors of an execution come to: the integration, the end user, the connection, the namespace.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/connections.hpp"
#include "scopes/end_users.hpp"
#include "scopes/error.hpp"
#include "scopes/integrations.hpp"

namespace alcove::scopes {

// Integrations that the server itself is. They need no connection.
inline constexpr std::string_view built_in_integrations[] = {"kv-store", "storage"};
bool is_built_in(std::string_view integration_name);

// As the caller wrote them.
struct Selectors {
    std::optional<std::string> workspace_integration_id;
    std::optional<std::string> integration_alias;
    std::optional<std::string> integration_name;
    std::optional<std::string> end_user_id;  // an external id, primary or deprecated; never a UUID
    std::optional<std::string> connection_external_id;
};

struct Resolution {
    WorkspaceIntegration integration;
    std::optional<EndUser> end_user;
    std::optional<Connection> connection;
    kv::NamespaceName namespace_name;
    std::vector<std::string> explanation;  // a sentence for each step, for a person
};

// The decisions, as functions of the records that were read. None falls back to a wider scope.
//
// The integration that is meant when only its name is given: the only one. integration_not_found,
// ambiguous_integration
Result<WorkspaceIntegration> choose_integration(std::vector<WorkspaceIntegration> named);

// Whether one of the other selectors means another integration than this one.
std::optional<Error> refuse_contradiction(const Selectors& selectors, const WorkspaceIntegration& integration);

// What the strategy asks for, when no connection was selected.
struct ConnectionChoice {
    bool of_end_user = false;   // the end user's, if it has one; else
    std::optional<Uuid> fixed;  // this one
};
ConnectionChoice choose_connection(const WorkspaceIntegration& integration, const std::optional<EndUser>& end_user);

// The namespace that the policy says. `invalid` with the field endUserId when it needs an end user and there is
// none.
Result<kv::NamespaceName> choose_namespace(const Persistence& persistence, const Uuid& workspace,
                                           const std::optional<Uuid>& end_user);

// Thread-safe; what it is given must outlive it. Reads records, changes nothing, remembers nothing.
class Resolver {
public:
    Resolver(EndUsers& end_users, Connections& connections, Integrations& integrations)
        : end_users_(end_users), connections_(connections), integrations_(integrations) {}

    // All of it. integration_not_found, ambiguous_integration, end_user_not_found, connection_not_found,
    // connection_required, invalid. The workspace is taken to exist, here and below.
    asio::awaitable<Result<Resolution>> resolve(Uuid workspace, Selectors selectors);

    // The integration alone. integration_not_found, ambiguous_integration, invalid
    asio::awaitable<Result<WorkspaceIntegration>> find_integration(Uuid workspace, Selectors selectors);

    // The connection, wherever data is kept; nullopt for a built-in integration. Errors as those of resolve().
    asio::awaitable<Result<std::optional<Connection>>> resolve_connection(Uuid workspace, Selectors selectors);

private:
    using Explanation = std::vector<std::string>;

    // Everything but the namespace.
    asio::awaitable<Result<Resolution>> resolve_parties(Uuid workspace, Selectors selectors);
    asio::awaitable<Result<WorkspaceIntegration>> find_integration(Uuid workspace, const Selectors& selectors,
                                                                   Explanation& explanation);
    asio::awaitable<Result<std::optional<EndUser>>> find_end_user(Uuid workspace, const Selectors& selectors,
                                                                  Explanation& explanation);
    asio::awaitable<Result<std::optional<Connection>>> find_connection(const Selectors& selectors,
                                                                       const WorkspaceIntegration& integration,
                                                                       const std::optional<EndUser>& end_user,
                                                                       Explanation& explanation);

    EndUsers& end_users_;
    Connections& connections_;
    Integrations& integrations_;
};

}  // namespace alcove::scopes

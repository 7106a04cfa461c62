// The integrations of a workspace: create, get, list, update, delete.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/error.hpp"
#include "scopes/names.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

// Choosing the only integration of a name reads them all.
inline constexpr std::size_t integrations_per_workspace_max = 1000;

inline constexpr std::size_t enabled_actions_max = 100;

// An integration as one workspace uses it: under an alias, with a policy of where it keeps things.
struct WorkspaceIntegration {
    Uuid id{};
    Uuid workspace{};
    std::string integration_name;
    std::string alias;
    std::optional<std::string> display_name;
    ConnectionStrategy strategy = ConnectionStrategy::per_user;
    std::optional<Uuid> connection;
    std::optional<std::vector<std::string>> enabled_actions;  // nullopt: all
    Persistence persistence;
    std::int64_t sort_order = 0;
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
};

struct NewIntegration {
    Uuid workspace{};
    IntegrationName integration_name;
    Alias alias;
    std::optional<Label> display_name;
    ConnectionStrategy strategy = ConnectionStrategy::per_user;
    std::optional<Uuid> connection;
    std::optional<std::vector<std::string>> enabled_actions;
    Persistence persistence;
    std::int64_t sort_order = 0;
};

// An outer nullopt leaves a field alone, an inner one clears it.
struct IntegrationChanges {
    std::optional<Alias> alias;
    std::optional<std::optional<Label>> display_name;
    std::optional<ConnectionStrategy> strategy;
    std::optional<std::optional<Uuid>> connection;
    std::optional<std::optional<std::vector<std::string>>> enabled_actions;
    std::optional<Persistence> persistence;
    std::optional<std::int64_t> sort_order;
};

// Thread-safe. `records` and `ids` must outlive it.
class Integrations {
public:
    Integrations(SystemStore& records, UuidMaker& ids) : records_(records), ids_(ids) {}

    // workspace_not_found, alias_conflict, connection_not_found, invalid, too_many
    asio::awaitable<Result<Written<WorkspaceIntegration>>> create(NewIntegration integration,
                                                                  std::optional<kv::RequestId> request = {});

    // By id or alias. integration_not_found
    asio::awaitable<Result<WorkspaceIntegration>> get(Uuid workspace, std::string selector);

    // All of a name, in the order of creation.
    asio::awaitable<Result<std::vector<WorkspaceIntegration>>> named(Uuid workspace, std::string integration_name);

    // bad_cursor
    asio::awaitable<Result<Listing<WorkspaceIntegration>>> list(Uuid workspace, ListRequest request);

    // integration_not_found, alias_conflict, connection_not_found, invalid. A former alias is free at once.
    asio::awaitable<Result<Written<WorkspaceIntegration>>> update(Uuid workspace, Uuid id,
                                                                  IntegrationChanges changes,
                                                                  std::optional<kv::RequestId> request = {});

    // integration_not_found
    asio::awaitable<Result<void>> remove(Uuid workspace, Uuid id, std::optional<kv::RequestId> request = {});

private:
    SystemStore& records_;
    UuidMaker& ids_;
};

WorkspaceIntegration to_integration(const Uuid& workspace, const Uuid& id, const kv::EntryView& entry);

Error integration_not_found();

}  // namespace alcove::scopes

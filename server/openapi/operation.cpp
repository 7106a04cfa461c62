#include "server/openapi/operation.hpp"

#include "server/openapi/groups.hpp"

namespace alcove::openapi {
namespace {

constexpr const Group* table[] = {
    &workspaces,
    &end_users,
    &connections,
    &workspace_integrations,
    &tokens,
    &namespaces,
    &keys,
    &files,
    &watches,
    &actions,
    &triggers,
    &deck_connections,
    &deck_destinations,
    &braze,
    &connect,
    &server,
};

}  // namespace

std::span<const Group* const> groups() {
    return table;
}

Found find_operation(api::Handler handler) {
    for (const auto* group : table) {
        for (const auto& operation : group->operations) {
            if (operation.handler == handler) return {.group = group, .operation = &operation};
        }
    }
    return {};
}

}  // namespace alcove::openapi

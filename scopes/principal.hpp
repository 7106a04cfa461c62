// Who asks, and what they may do: permissions and the principal that a token stands for.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/types.hpp"

namespace alcove::scopes {

enum class Permission : std::uint8_t {
    admin,  // implies every other
    workspaces_read,
    workspaces_write,
    end_users_read,
    end_users_write,
    connections_read,
    connections_write,
    credentials_read,
    integrations_read,
    integrations_write,
    kv_read,
    kv_write,
    files_read,
    files_write,
    actions_execute,
    events_read,
    events_write,
    external_ids_rename,
    external_ids_remove,
};
inline constexpr std::size_t permission_count = 19;

// As the wire spells them, in the order of the enumeration.
inline constexpr std::array<std::string_view, permission_count> permission_names = {
    "admin",
    "workspaces:read",
    "workspaces:write",
    "end_users:read",
    "end_users:write",
    "connections:read",
    "connections:write",
    "credentials:read",
    "integrations:read",
    "integrations:write",
    "kv:read",
    "kv:write",
    "files:read",
    "files:write",
    "actions:execute",
    "events:read",
    "events:write",
    "users.external_ids.rename",
    "users.external_ids.remove",
};

inline std::string_view to_string(Permission permission) {
    return permission_names[static_cast<std::size_t>(permission)];
}

inline std::optional<Permission> parse_permission(std::string_view text) {
    const auto* found = std::ranges::find(permission_names, text);
    if (found == permission_names.end()) return std::nullopt;
    return static_cast<Permission>(found - permission_names.begin());
}

class Permissions {
public:
    void add(Permission permission) { bits_.set(static_cast<std::size_t>(permission)); }
    bool holds(Permission permission) const {
        return bits_.test(static_cast<std::size_t>(Permission::admin)) ||
               bits_.test(static_cast<std::size_t>(permission));
    }

private:
    std::bitset<permission_count> bits_;
};

struct Principal {
    kv::Uuid id{};  // of the API key
    Permissions permissions;
    std::optional<std::vector<kv::Uuid>> workspaces;  // nullopt: every workspace

    bool may(Permission permission) const { return permissions.holds(permission); }
    bool reaches(const kv::Uuid& workspace) const {
        return !workspaces || std::ranges::find(*workspaces, workspace) != workspaces->end();
    }
};

}  // namespace alcove::scopes

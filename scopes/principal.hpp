// Who asks, and what they may do: permissions and the principal that a token stands for.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
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

// Stands behind a token. `end_user` tokens are given to browsers and agents of one end user: they reach that end
// user's namespace and connections. `mcp` tokens execute actions as one end user.
struct Principal {
    enum class Kind : std::uint8_t { api_key, end_user, mcp };

    kv::Uuid id{};  // of the API key or the token
    Kind kind = Kind::api_key;
    Permissions permissions;
    std::optional<std::vector<kv::Uuid>> workspaces;  // nullopt: every workspace
    std::optional<kv::Uuid> end_user;                 // as whom it acts; the kinds but api_key have one
    std::optional<std::string> integration_name;      // of whose connections it may speak; nullopt: of all
    std::optional<kv::TimeMs> expires_ms;

    bool may(Permission permission) const { return permissions.holds(permission); }
    bool reaches(const kv::Uuid& workspace) const {
        return !workspaces || std::ranges::find(*workspaces, workspace) != workspaces->end();
    }
    bool reaches(const kv::NamespaceName& name) const {
        if (!reaches(name.workspace)) return false;
        if (!end_user) return true;
        const std::string_view own(reinterpret_cast<const char*>(end_user->data), sizeof end_user->data);
        return name.scope == kv::Scope::end_user && name.subject == own;
    }
};

}  // namespace alcove::scopes

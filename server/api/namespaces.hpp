// From the path of a request to the namespace that it names.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scopes/directory.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

// The scopes of namespaces as the wire names them.
inline constexpr std::array<std::pair<std::string_view, kv::Scope>, 3> scope_names = {
    {{"workspace", kv::Scope::workspace}, {"end_user", kv::Scope::end_user}, {"external", kv::Scope::external}}};
std::string_view name_of(kv::Scope scope);

// The workspace that a path or a body names by id or slug: 403 when the key does not reach it, else 404.
asio::awaitable<Result<scopes::Resolved>> resolve_workspace(Call& call, std::string_view selector);

// The same for somebody who asks by other ways than a request. The arguments must stay valid.
asio::awaitable<Result<scopes::Resolved>> resolve_workspace(scopes::Directory& directory,
                                                            const scopes::Principal& principal,
                                                            std::string_view selector);

// The one that the required parameter `workspaceId` names.
asio::awaitable<Result<scopes::Uuid>> take_workspace(Call& call, http::Query& query);

// The workspace of a request whose path names none: the key's when it is bound to one, else that of the header
// Alcove-Workspace (an id or a slug). 400 without either.
asio::awaitable<Result<scopes::Uuid>> bind_workspace(Call& call);

// 403 when the key does not reach the workspace.
std::optional<Problem> refuse_workspace(const Call& call, const scopes::Uuid& workspace);

// 403 for a key that is held to some workspaces, where the whole server is concerned.
std::optional<Problem> refuse_limited(const Call& call);

// The namespace of the route, when it is remembered; nullptr else. Never suspends: tried first on hot paths.
scopes::Resolved remembered_namespace(const Call& call);

// What names a namespace, wherever it stands: in a path, or in a frame or body.
struct NamespaceSelector {
    NamespaceForm form = NamespaceForm::workspace;
    std::string workspace;                   // id or slug
    std::string subject;                     // external id, external key, alias or id of an integration; or empty
    std::optional<std::string> end_user_id;  // for integrations
};

// What a route of `NS` has in its path and query; 400.
Result<NamespaceSelector> selector_of(const Call& call);

// The namespace for who asks; refused as below. The arguments must stay valid.
asio::awaitable<Result<scopes::Resolved>> resolve_namespace(scopes::Directory& directory,
                                                            const scopes::Principal& principal,
                                                            const NamespaceSelector& selector);

// The namespace of the route, as resolve_workspace does; 404 END_USER_NOT_FOUND for an unknown end user, 404
// INTEGRATION_NOT_FOUND for an unknown integration, 400 for what is no external key, 403 for what is not the
// token's.
asio::awaitable<Result<scopes::Resolved>> resolve_namespace(Call& call);

}  // namespace alcove::api

#include "server/api/namespaces.hpp"

#include <memory>
#include <utility>

namespace alcove::api {
namespace {

Problem scope_denied() {
    return Problem(403, "SCOPE_DENIED", "the key does not reach that workspace");
}

Result<scopes::Resolved> resolve_external(const scopes::Uuid& workspace, std::string_view text) {
    const auto key = scopes::ExternalId::parse(text);
    if (!key) {
        return invalid_field("externalId",
                             "'externalId' must have 1 to 255 characters, none of them a control character");
    }
    auto name = scopes::external_namespace(workspace, *key);
    return std::make_shared<const kv::NamespaceName>(std::move(name));
}

}  // namespace

std::optional<Problem> refuse_workspace(const Call& call, const scopes::Uuid& workspace) {
    if (call.principal->reaches(workspace)) return std::nullopt;
    return scope_denied();
}

asio::awaitable<Result<scopes::Resolved>> resolve_workspace(Call& call, std::string_view selector) {
    auto resolved = co_await call.services.identity.directory.workspace(selector);
    if (!resolved) {
        // Whoever is held to some workspaces does not learn which others there are.
        const bool unknown = resolved.error().code == scopes::Errc::workspace_not_found;
        if (unknown && call.principal->workspaces) co_return scope_denied();
        co_return to_problem(resolved.error());
    }
    if (auto problem = refuse_workspace(call, (*resolved)->workspace)) co_return *problem;
    co_return *resolved;
}

scopes::Resolved remembered_namespace(const Call& call) {
    const auto& directory = call.services.identity.directory;
    auto workspace = directory.cached_workspace(call.match[0].value);
    if (!workspace || !call.principal->reaches(workspace->workspace)) return nullptr;
    switch (call.form) {
        case NamespaceForm::workspace:
            return workspace;
        case NamespaceForm::end_user:
            return directory.cached_end_user(workspace->workspace, call.match[1].value);
        case NamespaceForm::external: {
            auto external = resolve_external(workspace->workspace, call.match[1].value);
            return external ? *external : nullptr;
        }
        case NamespaceForm::none:
            break;
    }
    return nullptr;
}

asio::awaitable<Result<scopes::Resolved>> resolve_namespace(Call& call) {
    auto remembered = remembered_namespace(call);
    if (remembered) co_return remembered;

    auto workspace = co_await resolve_workspace(call, call.match[0].value);
    if (!workspace || call.form == NamespaceForm::workspace) co_return workspace;
    const scopes::Uuid workspace_id = (*workspace)->workspace;
    if (call.form == NamespaceForm::external) co_return resolve_external(workspace_id, call.match[1].value);

    auto end_user = co_await call.services.identity.directory.end_user(workspace_id, call.match[1].value);
    if (!end_user) co_return to_problem(end_user.error());
    co_return *end_user;
}

}  // namespace alcove::api

#include "server/api/namespaces.hpp"

#include <memory>
#include <utility>

namespace alcove::api {
namespace {

Problem scope_denied() {
    return Problem(403, "SCOPE_DENIED", "the key does not reach that workspace");
}

Problem own_namespace_alone() {
    return Problem(403, "SCOPE_DENIED", "the token reaches the namespace of its own end user alone");
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

// nullptr when something of it is not remembered.
scopes::Resolved remembered_integration(const Call& call, const scopes::Uuid& workspace) {
    const auto& directory = call.services.identity.directory;
    auto policy = directory.cached_policy(workspace, call.match[1].value);
    if (!policy) return nullptr;
    const bool of_end_user = policy->scope == kv::Scope::end_user;
    if (call.request.query.empty()) return of_end_user ? nullptr : policy;
    const auto end_user_id = plain_end_user(call);
    if (!end_user_id) return nullptr;
    auto end_user = directory.cached_end_user(workspace, *end_user_id);
    return of_end_user || !end_user ? end_user : policy;
}

scopes::Resolved remembered(const Call& call) {
    const auto& directory = call.services.identity.directory;
    auto workspace = directory.cached_workspace(call.match[0].value);
    if (!workspace) return nullptr;
    switch (call.form) {
        case NamespaceForm::workspace:
            return workspace;
        case NamespaceForm::end_user:
            return directory.cached_end_user(workspace->workspace, call.match[1].value);
        case NamespaceForm::integration:
            return remembered_integration(call, workspace->workspace);
        case NamespaceForm::external: {
            auto external = resolve_external(workspace->workspace, call.match[1].value);
            return external ? *external : nullptr;
        }
        case NamespaceForm::none:
            break;
    }
    return nullptr;
}

// By the integration's policy. Whoever names an end user names one that is there, also where the policy needs none.
asio::awaitable<Result<scopes::Resolved>> resolve_integration(scopes::Directory& directory, scopes::Uuid workspace,
                                                              const NamespaceSelector& selector) {
    auto policy = co_await directory.policy(workspace, selector.subject);
    if (!policy) co_return to_problem(policy.error());
    scopes::Resolved end_user;
    if (selector.end_user_id) {
        auto found = co_await directory.end_user(workspace, *selector.end_user_id);
        if (!found) co_return to_problem(found.error());
        end_user = std::move(*found);
    }
    if ((*policy)->scope != kv::Scope::end_user) co_return *policy;
    if (end_user) co_return end_user;
    auto refused = scopes::choose_namespace({}, workspace, std::nullopt);  // says what is missing
    co_return to_problem(refused.error());
}

asio::awaitable<Result<scopes::Resolved>> resolve(scopes::Directory& directory, const scopes::Principal& principal,
                                                  const NamespaceSelector& selector) {
    auto workspace = co_await resolve_workspace(directory, principal, selector.workspace);
    if (!workspace || selector.form == NamespaceForm::workspace) co_return workspace;
    const scopes::Uuid workspace_id = (*workspace)->workspace;
    if (selector.form == NamespaceForm::external) co_return resolve_external(workspace_id, selector.subject);
    if (selector.form == NamespaceForm::integration) {
        auto by_policy = co_await resolve_integration(directory, workspace_id, selector);
        co_return by_policy;
    }
    auto end_user = co_await directory.end_user(workspace_id, selector.subject);
    if (!end_user) co_return to_problem(end_user.error());
    co_return *end_user;
}

}  // namespace

std::string_view name_of(kv::Scope scope) {
    for (const auto& [name, each] : scope_names) {
        if (each == scope) return name;
    }
    return {};
}

std::optional<Problem> refuse_workspace(const Call& call, const scopes::Uuid& workspace) {
    if (call.principal->reaches(workspace)) return std::nullopt;
    return scope_denied();
}

asio::awaitable<Result<scopes::Resolved>> resolve_workspace(scopes::Directory& directory,
                                                            const scopes::Principal& principal,
                                                            std::string_view selector) {
    auto resolved = co_await directory.workspace(selector);
    if (!resolved) {
        // Whoever is held to some workspaces does not learn which others there are.
        const bool unknown = resolved.error().code == scopes::Errc::workspace_not_found;
        if (unknown && principal.workspaces) co_return scope_denied();
        co_return to_problem(resolved.error());
    }
    if (!principal.reaches((*resolved)->workspace)) co_return scope_denied();
    co_return *resolved;
}

asio::awaitable<Result<scopes::Resolved>> resolve_workspace(Call& call, std::string_view selector) {
    auto resolved = co_await resolve_workspace(call.services.identity.directory, *call.principal, selector);
    co_return resolved;
}

asio::awaitable<Result<scopes::Uuid>> take_workspace(Call& call, http::Query& query) {
    const auto selector = query.take("workspaceId");
    if (!selector) co_return missing_field("workspaceId");
    auto resolved = co_await resolve_workspace(call, *selector);
    if (!resolved) co_return resolved.error();
    co_return (*resolved)->workspace;
}

asio::awaitable<Result<scopes::Uuid>> bind_workspace(Call& call) {
    constexpr std::string_view name = "Alcove-Workspace";
    const auto& reached = call.principal->workspaces;
    const auto given = call.request.header("alcove-workspace");
    if (call.request.count("alcove-workspace") > 1)
        co_return invalid_field(name, "Alcove-Workspace is given twice");
    if (!given && (!reached || reached->size() != 1)) {
        auto problem = missing_field(name);
        problem.message = "the header Alcove-Workspace is required: the key is not bound to one workspace";
        co_return problem;
    }
    const auto selector = given ? std::string(*given) : scopes::format_uuid(reached->front());
    auto resolved = co_await resolve_workspace(call, selector);
    if (!resolved) co_return resolved.error();
    call.bound_workspace = (*resolved)->workspace;
    co_return (*resolved)->workspace;
}

std::optional<Problem> refuse_limited(const Call& call) {
    if (!call.principal->workspaces) return std::nullopt;
    return Problem(403, "SCOPE_DENIED", "the key is held to some workspaces, and this concerns the whole server");
}

scopes::Resolved remembered_namespace(const Call& call) {
    auto resolved = remembered(call);
    return resolved && call.principal->reaches(*resolved) ? resolved : nullptr;
}

asio::awaitable<Result<scopes::Resolved>> resolve_namespace(scopes::Directory& directory,
                                                            const scopes::Principal& principal,
                                                            const NamespaceSelector& selector) {
    auto resolved = co_await resolve(directory, principal, selector);
    if (resolved && principal.reaches(**resolved)) co_return resolved;
    // Who acts as one end user does not learn which others there are.
    if (principal.end_user) co_return own_namespace_alone();
    co_return resolved;
}

Result<NamespaceSelector> selector_of(const Call& call) {
    NamespaceSelector selector{.form = call.form, .workspace = std::string(call.match[0].value), .subject = {}};
    if (call.form == NamespaceForm::workspace) return selector;
    selector.subject = call.match[1].value;
    if (call.form != NamespaceForm::integration) return selector;
    auto query = http::Query::parse(call.request.query);
    if (!query) return invalid_field(query.error().name, query.error().message);
    if (const auto end_user_id = query->take(end_user_parameter)) selector.end_user_id = std::string(*end_user_id);
    return selector;
}

asio::awaitable<Result<scopes::Resolved>> resolve_namespace(Call& call) {
    const auto selector = selector_of(call);
    if (!selector) co_return selector.error();
    auto resolved = co_await resolve_namespace(call.services.identity.directory, *call.principal, *selector);
    co_return resolved;
}

}  // namespace alcove::api

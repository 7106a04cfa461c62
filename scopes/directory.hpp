// Resolves the selectors in paths (a workspace's id or slug, an end user's external id, an integration's alias) to
// namespaces.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "scopes/error.hpp"
#include "scopes/integrations.hpp"
#include "scopes/names.hpp"
#include "scopes/resolution_cache.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

// *Operation*: on the path of every request, so what was resolved is remembered: a hit takes about 100 ns and
// allocates nothing. `cached_…` asks the memory alone; the awaitable ones read the records when they must.
//
// *Concurrency*: thread-safe. The memory follows the system namespace through Store::subscribe, so it forgets a
// record before the answer leaves to whoever changed it.
//
// *Limitations*: what does not exist is read each time.
class Directory {
public:
    // A workspace and an end user take some 300 bytes each.
    static constexpr std::size_t entries_default = 32'768;

    explicit Directory(SystemStore& records, Integrations& integrations, std::size_t entries_max = entries_default);

    // The namespace of the workspace itself. nullptr: not remembered. Selectors are an id or a slug.
    Resolved cached_workspace(std::string_view selector) const { return cache_.find(Uuid{}, selector); }

    // workspace_not_found, also for what is neither an id nor a slug. `selector` must stay valid.
    asio::awaitable<Result<Resolved>> workspace(std::string_view selector);

    // The namespace of an end user. nullptr: not remembered.
    Resolved cached_end_user(const Uuid& workspace, std::string_view external_id) const {
        return cache_.find(workspace, external_id);
    }

    // By external id, primary or deprecated. end_user_not_found, also for what is no external id.
    // `external_id` must stay valid. The workspace is taken to exist.
    asio::awaitable<Result<Resolved>> end_user(Uuid workspace, std::string_view external_id);

    // The policy of a workspace's integration, as the namespace that it says; one of scope end_user still lacks its
    // subject. nullptr: not remembered. Selectors are an id or an alias.
    Resolved cached_policy(const Uuid& workspace, std::string_view selector) const {
        return policies_.find(workspace, selector);
    }

    // integration_not_found. `selector` must stay valid. The workspace is taken to exist.
    asio::awaitable<Result<Resolved>> policy(Uuid workspace, std::string_view selector);

private:
    void observe(const kv::Publication& publication);

    SystemStore& records_;
    Integrations& integrations_;
    ResolutionCache cache_;     // of workspaces and end users
    ResolutionCache policies_;  // of integrations: an alias may read like an external id
    std::unique_ptr<kv::Store::Subscription> subscription_;  // last: it ends before the cache does
};

// The namespace of an external key.
kv::NamespaceName external_namespace(const Uuid& workspace, const ExternalId& key);

}  // namespace alcove::scopes

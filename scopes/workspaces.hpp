// Workspaces: create, get, list, update. Deleting is a job of its own, see deletion.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scopes/error.hpp"
#include "scopes/names.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

struct Workspace {
    Uuid id{};
    std::string name;
    std::string slug;
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
};

struct NewWorkspace {
    Label name;
    Slug slug;
};

struct WorkspaceChanges {
    std::optional<Label> name;
    std::optional<Slug> slug;
};

// Thread-safe. `records` and `ids` must outlive it.
class Workspaces {
public:
    Workspaces(SystemStore& records, UuidMaker& ids) : records_(records), ids_(ids) {}

    // slug_exists
    asio::awaitable<Result<Written<Workspace>>> create(NewWorkspace workspace,
                                                       std::optional<kv::RequestId> request = {});

    // workspace_not_found
    asio::awaitable<Result<Workspace>> get(Uuid id);

    // bad_cursor
    asio::awaitable<Result<Listing<Workspace>>> list(ListRequest request);

    // workspace_not_found, slug_exists. A former slug is free at once.
    asio::awaitable<Result<Written<Workspace>>> update(Uuid id, WorkspaceChanges changes,
                                                       std::optional<kv::RequestId> request = {});

private:
    SystemStore& records_;
    UuidMaker& ids_;
};

Error workspace_not_found();

}  // namespace alcove::scopes

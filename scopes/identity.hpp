// All of identity over one store, in the order in which its parts need each other.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scopes/deletion.hpp"
#include "scopes/directory.hpp"
#include "scopes/end_users.hpp"
#include "scopes/system_store.hpp"
#include "scopes/tokens.hpp"
#include "scopes/uuid.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {

struct Identity {
    // The store must outlive it. `notice` is told what an operator should know; any thread.
    explicit Identity(
        kv::Store& store, std::function<void(std::string_view)> notice = [](std::string_view) {})
        : records(store),
          ids([&store] { return store.now_ms(); }),
          workspaces(records, ids),
          end_users(records, ids),
          deletion(records, end_users, std::move(notice)),
          directory(records),
          tokens(records, ids) {}

    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    SystemStore records;
    UuidMaker ids;
    Workspaces workspaces;
    EndUsers end_users;
    Deletion deletion;
    Directory directory;
    Tokens tokens;
};

}  // namespace alcove::scopes

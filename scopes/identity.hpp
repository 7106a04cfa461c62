// All of identity over one store, in the order in which its parts need each other.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scopes/connections.hpp"
#include "scopes/deletion.hpp"
#include "scopes/directory.hpp"
#include "scopes/end_users.hpp"
#include "scopes/events.hpp"
#include "scopes/external_ids.hpp"
#include "scopes/integrations.hpp"
#include "scopes/resolver.hpp"
#include "scopes/system_store.hpp"
#include "scopes/tokens.hpp"
#include "scopes/uuid.hpp"
#include "scopes/vault.hpp"
#include "scopes/webhooks.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {

struct Identity {
    // The store must outlive it. `notice` is told what an operator should know; any thread.
    explicit Identity(
        kv::Store& store, MasterKeys master_keys,
        std::function<void(std::string_view)> notice = [](std::string_view) {})
        : records(store),
          vault(master_keys),
          ids([&store] { return store.now_ms(); }),
          workspaces(records, ids),
          events(records),
          end_users(records, ids),
          external_ids(records),
          connections(records, ids, end_users, events, vault),
          integrations(records, ids),
          webhooks(records, ids, vault),
          deletion(records, end_users, std::move(notice)),
          directory(records, integrations),
          tokens(records, ids, end_users),
          resolver(end_users, connections, integrations) {}

    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    SystemStore records;
    Vault vault;
    UuidMaker ids;
    Workspaces workspaces;
    Events events;
    EndUsers end_users;
    ExternalIds external_ids;
    Connections connections;
    Integrations integrations;
    Webhooks webhooks;
    Deletion deletion;
    Directory directory;
    Tokens tokens;
    Resolver resolver;
};

}  // namespace alcove::scopes

// The operations, one table for each resource, in a file of its own.
#pragma once

#include "server/openapi/operation.hpp"

namespace alcove::openapi {

extern const Group actions;
extern const Group braze;
extern const Group connect;
extern const Group connections;
extern const Group deck_connections;
extern const Group deck_destinations;
extern const Group end_users;
extern const Group files;
extern const Group keys;
extern const Group namespaces;
extern const Group server;
extern const Group tokens;
extern const Group triggers;
extern const Group watches;
extern const Group workspace_integrations;
extern const Group workspaces;

}  // namespace alcove::openapi

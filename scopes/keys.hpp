// Where identity keeps what, in the store's system namespace.
#pragma once

#include <string>
#include <string_view>

#include "scopes/uuid.hpp"

// External ids and selectors may be longer than a key, so they stand there as their SHA-256. What belongs to a
// workspace stands below owned(workspace); what is looked up without one stands outside.
namespace alcove::scopes::keys {

inline constexpr std::string_view workspaces = "workspace/";
inline constexpr std::string_view workspaces_total = "total/workspace";
inline constexpr std::string_view drop_jobs = "job/drop/";
inline constexpr std::string_view tokens = "token/";
inline constexpr std::string_view api_keys = "api_key/";
inline constexpr std::string_view api_keys_total = "total/api_key";
inline constexpr std::string_view sealed_all = "sealed/";
inline constexpr std::string_view root_key = "root_key";
inline constexpr std::string_view deliveries = "delivery/";

std::string slug(std::string_view slug);     // slug/<slug>
std::string workspace(const Uuid& id);       // workspace/<uuid>
std::string workspace(std::string_view id);  // the same, when the id is text already
std::string id(const Uuid& id);              // id/<uuid>
std::string token(std::string_view sha256);  // token/<sha256>
std::string api_key(const Uuid& id);         // api_key/<uuid>
std::string sealed(const Uuid& id);          // sealed/<uuid>: the encrypted part of what has that id
std::string drop_job(const Uuid& id);        // job/drop/<uuid>
std::string delivery(const Uuid& id);        // delivery/<uuid>
std::string owned(const Uuid& workspace);    // <workspace>/: the prefix of all that it holds

std::string end_users(const Uuid& workspace);        // <workspace>/end_user/: the prefix of its end users
std::string end_users_total(const Uuid& workspace);  // <workspace>/total/end_user
std::string end_user(const Uuid& workspace, const Uuid& id);
std::string end_user_external_id(const Uuid& workspace, std::string_view external_id);

std::string connections(const Uuid& workspace);  // <workspace>/connection/
std::string connections_total(const Uuid& workspace);
std::string connection(const Uuid& workspace, const Uuid& id);
// Prefixes of the indexes of connections; an entry ends in the connection's id, or, by selector, in the
// integration's name.
std::string connections_selected(const Uuid& workspace, std::string_view external_id);
std::string connections_labelled(const Uuid& workspace, std::string_view owner_external_id);
std::string connections_named(const Uuid& workspace, std::string_view integration_name);
std::string connections_of(const Uuid& workspace, const Uuid& end_user);
// How many connections an end user has. Changes with each of them, so a check on it covers them all.
std::string connections_total_of(const Uuid& workspace, const Uuid& end_user);

std::string integrations(const Uuid& workspace);  // <workspace>/integration/
std::string integrations_total(const Uuid& workspace);
std::string integration(const Uuid& workspace, const Uuid& id);
std::string alias(const Uuid& workspace, std::string_view alias);
std::string integrations_named(const Uuid& workspace, std::string_view integration_name);

std::string events(const Uuid& workspace);  // <workspace>/event/, where each ends in its place in their order

std::string webhooks(const Uuid& workspace, std::string_view kind);  // <workspace>/<kind>/
std::string webhooks_total(const Uuid& workspace, std::string_view kind);
std::string webhook(const Uuid& workspace, std::string_view kind, const Uuid& id);

std::string mcp_tokens(const Uuid& workspace);  // <workspace>/mcp_token/
std::string mcp_token(const Uuid& workspace, const Uuid& id);
// The tokens that act as an end user: an entry ends in the token's SHA-256.
std::string all_tokens_of(const Uuid& workspace);  // <workspace>/token_of/
std::string tokens_of(const Uuid& workspace, const Uuid& end_user);
// Changes whenever the end user is given a token.
std::string tokens_made(const Uuid& workspace, const Uuid& end_user);

}  // namespace alcove::scopes::keys

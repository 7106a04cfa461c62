#include "scopes/keys.hpp"

#include "scopes/secret.hpp"

namespace alcove::scopes::keys {
namespace {

std::string join(std::string_view front, std::string_view back) {
    std::string key;
    key.reserve(front.size() + back.size());
    return key.append(front).append(back);
}

std::string below(const Uuid& workspace, std::string_view path) {
    return join(owned(workspace), path);
}

}  // namespace

std::string slug(std::string_view slug) {
    return join("slug/", slug);
}
std::string workspace(const Uuid& id) {
    return workspace(format_uuid(id));
}
std::string workspace(std::string_view id) {
    return join(workspaces, id);
}
std::string id(const Uuid& id) {
    return join("id/", format_uuid(id));
}
std::string token(std::string_view sha256) {
    return join(tokens, sha256);
}
std::string api_key(const Uuid& id) {
    return join(api_keys, format_uuid(id));
}
std::string sealed(const Uuid& id) {
    return join(sealed_all, format_uuid(id));
}
std::string drop_job(const Uuid& id) {
    return join(drop_jobs, format_uuid(id));
}
std::string delivery(const Uuid& id) {
    return join(deliveries, format_uuid(id));
}
std::string owned(const Uuid& workspace) {
    return join(format_uuid(workspace), "/");
}

std::string end_users(const Uuid& workspace) {
    return below(workspace, "end_user/");
}
std::string end_users_total(const Uuid& workspace) {
    return below(workspace, "total/end_user");
}
std::string end_user(const Uuid& workspace, const Uuid& id) {
    return join(end_users(workspace), format_uuid(id));
}
std::string end_user_external_id(const Uuid& workspace, std::string_view external_id) {
    return below(workspace, join("end_user_external_id/", sha256(external_id)));
}

std::string connections(const Uuid& workspace) {
    return below(workspace, "connection/");
}
std::string connections_total(const Uuid& workspace) {
    return below(workspace, "total/connection");
}
std::string connection(const Uuid& workspace, const Uuid& id) {
    return join(connections(workspace), format_uuid(id));
}
std::string connections_selected(const Uuid& workspace, std::string_view external_id) {
    return below(workspace, "connection_external_id/" + sha256_hex(external_id) + "/");
}
std::string connections_labelled(const Uuid& workspace, std::string_view owner_external_id) {
    return below(workspace, "connection_owner/" + sha256_hex(owner_external_id) + "/");
}
std::string connections_named(const Uuid& workspace, std::string_view integration_name) {
    return below(workspace, "connection_named/" + std::string(integration_name) + "/");
}
std::string connections_of(const Uuid& workspace, const Uuid& end_user) {
    return below(workspace, "connection_of/" + format_uuid(end_user) + "/");
}
std::string connections_total_of(const Uuid& workspace, const Uuid& end_user) {
    return below(workspace, "total/connection_of/" + format_uuid(end_user));
}

std::string integrations(const Uuid& workspace) {
    return below(workspace, "integration/");
}
std::string integrations_total(const Uuid& workspace) {
    return below(workspace, "total/integration");
}
std::string integration(const Uuid& workspace, const Uuid& id) {
    return join(integrations(workspace), format_uuid(id));
}
std::string alias(const Uuid& workspace, std::string_view alias) {
    return below(workspace, join("alias/", alias));
}
std::string integrations_named(const Uuid& workspace, std::string_view integration_name) {
    return below(workspace, "integration_named/" + std::string(integration_name) + "/");
}

std::string events(const Uuid& workspace) {
    return below(workspace, "event/");
}

std::string webhooks(const Uuid& workspace, std::string_view kind) {
    return below(workspace, std::string(kind) + "/");
}
std::string webhooks_total(const Uuid& workspace, std::string_view kind) {
    return below(workspace, join("total/", kind));
}
std::string webhook(const Uuid& workspace, std::string_view kind, const Uuid& id) {
    return join(webhooks(workspace, kind), format_uuid(id));
}

std::string mcp_tokens(const Uuid& workspace) {
    return below(workspace, "mcp_token/");
}
std::string mcp_token(const Uuid& workspace, const Uuid& id) {
    return join(mcp_tokens(workspace), format_uuid(id));
}
std::string all_tokens_of(const Uuid& workspace) {
    return below(workspace, "token_of/");
}
std::string tokens_of(const Uuid& workspace, const Uuid& end_user) {
    return join(all_tokens_of(workspace), format_uuid(end_user) + "/");
}
std::string tokens_made(const Uuid& workspace, const Uuid& end_user) {
    return below(workspace, "tokens_made/" + format_uuid(end_user));
}

}  // namespace alcove::scopes::keys

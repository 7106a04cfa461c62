#include "server/watch/credentials.hpp"

#include <utility>

namespace alcove::watch {

asio::awaitable<scopes::Result<std::optional<Credentials>>> Credentials::of(scopes::Identity& identity,
                                                                            Tickets& tickets, std::string token) {
    if (!token.starts_with(ticket_prefix)) {
        auto digest = scopes::token_digest(token);
        if (!digest) co_return std::optional<Credentials>();
        auto found = co_await find(identity, std::move(*digest));
        co_return found;
    }
    auto grant = tickets.take(token, identity.tokens.now_ms());
    if (!grant) co_return std::optional<Credentials>();
    auto found = co_await find(identity, std::move(grant->token_digest));
    if (found && *found) (*found)->only_ = std::move(grant->name);
    co_return found;
}

asio::awaitable<scopes::Result<std::optional<Credentials>>> Credentials::find(scopes::Identity& identity,
                                                                              std::string digest) {
    Credentials credentials;
    credentials.generation_ = identity.tokens.generation();
    credentials.token_digest_ = digest;
    auto principal = co_await identity.tokens.find_digest(std::move(digest));
    if (!principal) co_return principal.error();
    if (!*principal) co_return std::optional<Credentials>();
    credentials.principal_ = std::move(*principal);
    co_return std::optional<Credentials>(std::move(credentials));
}

asio::awaitable<api::Result<scopes::Resolved>> Credentials::resolve(scopes::Directory& directory,
                                                                    const api::NamespaceSelector& selector) const {
    if (!may_watch()) co_return api::forbidden(scopes::Permission::kv_read);
    auto resolved = co_await api::resolve_namespace(directory, *principal_, selector);
    if (only_ && (!resolved || **resolved != *only_))
        co_return api::Problem(403, "SCOPE_DENIED", "the ticket is good for another namespace");
    co_return resolved;
}

asio::awaitable<bool> Credentials::still_good(scopes::Identity& identity) {
    if (expired(identity)) co_return false;
    if (undisturbed(identity)) co_return true;
    auto found = co_await find(identity, token_digest_);
    if (!found) co_return true;  // the store closes: the connection will notice
    if (!*found) co_return false;
    principal_ = std::move((*found)->principal_);
    generation_ = (*found)->generation_;
    co_return true;
}

}  // namespace alcove::watch

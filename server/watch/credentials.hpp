// Who watches, for as long as they may.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "scopes/identity.hpp"
#include "scopes/principal.hpp"
#include "server/api/namespaces.hpp"
#include "server/watch/tickets.hpp"

namespace alcove::watch {

namespace asio = boost::asio;

class Credentials {
public:
    // Of a token, or of a ticket, which is used up by it. nullopt when neither is good.
    static asio::awaitable<scopes::Result<std::optional<Credentials>>> of(scopes::Identity& identity,
                                                                          Tickets& tickets, std::string token);

    bool may_watch() const { return principal_->may(scopes::Permission::kv_read); }
    bool reaches(const kv::NamespaceName& name) const {
        return may_watch() && principal_->reaches(name) && (!only_ || *only_ == name);
    }

    // The namespace, if they reach it: 403 and 404 as everywhere. A ticket learns nothing of others than its own.
    // `selector` must stay valid.
    asio::awaitable<api::Result<scopes::Resolved>> resolve(scopes::Directory& directory,
                                                           const api::NamespaceSelector& selector) const;

    // Whether nothing has happened that could end them: no token has changed, and theirs has not expired.
    bool undisturbed(const scopes::Identity& identity) const {
        return generation_ == identity.tokens.generation() && !expired(identity);
    }
    // False once the token was deleted or has expired.
    asio::awaitable<bool> still_good(scopes::Identity& identity);

private:
    bool expired(const scopes::Identity& identity) const {
        const auto& expires_ms = principal_->expires_ms;
        return expires_ms && *expires_ms <= identity.tokens.now_ms();
    }
    static asio::awaitable<scopes::Result<std::optional<Credentials>>> find(scopes::Identity& identity,
                                                                            std::string digest);

    std::string token_digest_;
    std::shared_ptr<const scopes::Principal> principal_;
    std::uint64_t generation_ = 0;
    std::optional<kv::NamespaceName> only_;  // of a ticket
};

}  // namespace alcove::watch

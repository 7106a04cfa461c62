// Who sends a request: from the Authorization header to a principal, remembered per connection.
#pragma once

#include <memory>
#include <string_view>

#include "scopes/tokens.hpp"
#include "server/http/message.hpp"

namespace alcove::auth {

namespace asio = boost::asio;

// The token of `Bearer TOKEN`, the scheme in any case; empty when it is something else.
std::string_view bearer_token(std::string_view authorization);

// Thread-safe. `tokens` must outlive it.
class Authenticator {
public:
    explicit Authenticator(scopes::Tokens& tokens) : tokens_(tokens) {}

    // The principal that this connection's last request had, if the header is the same and no token has changed
    // since; nullptr else. Does not allocate. It lives until authenticate() is called for the connection again.
    const scopes::Principal* remembered(const http::Exchange& exchange) const;

    // nullptr when the request carries no valid token: one header `Authorization: Bearer TOKEN`, the scheme in any
    // case. Lives like that of remembered().
    asio::awaitable<scopes::Result<const scopes::Principal*>> authenticate(http::Exchange& exchange);

private:
    scopes::Tokens& tokens_;
};

}  // namespace alcove::auth

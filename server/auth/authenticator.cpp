#include "server/auth/authenticator.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "scopes/secret.hpp"

namespace alcove::auth {
namespace {

struct Remembered : http::ConnectionState {
    std::string authorization;
    std::shared_ptr<const scopes::Principal> principal;
    std::uint64_t generation = 0;
};

// The only code that fills a connection's state is here.
Remembered* state_of(const http::Exchange& exchange) {
    return static_cast<Remembered*>(exchange.connection_state->get());
}

}  // namespace

std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() <= scheme.size()) return {};
    for (std::size_t i = 0; i < scheme.size(); ++i) {
        const char c = authorization[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != scheme[i]) return {};
    }
    auto token = authorization.substr(scheme.size());
    while (token.starts_with(' '))
        token.remove_prefix(1);
    return token;
}

const scopes::Principal* Authenticator::remembered(const http::Exchange& exchange) const {
    const auto* state = state_of(exchange);
    if (state == nullptr || state->generation != tokens_.generation()) return nullptr;
    const auto authorization = exchange.request.header("authorization");
    if (!authorization || !scopes::same_secret(*authorization, state->authorization)) return nullptr;
    const auto& expires_ms = state->principal->expires_ms;
    if (expires_ms && *expires_ms <= tokens_.now_ms()) return nullptr;
    return state->principal.get();
}

asio::awaitable<scopes::Result<const scopes::Principal*>> Authenticator::authenticate(http::Exchange& exchange) {
    const scopes::Principal* nobody = nullptr;
    const auto authorization = exchange.request.header("authorization");
    if (!authorization || exchange.request.count("authorization") > 1) co_return nobody;
    const auto generation = tokens_.generation();
    auto principal = co_await tokens_.find(bearer_token(*authorization));
    if (!principal) co_return principal.error();
    if (!*principal) co_return nobody;

    auto state = std::make_unique<Remembered>();
    state->authorization = *authorization;
    state->principal = std::move(*principal);
    state->generation = generation;
    const auto* found = state->principal.get();
    *exchange.connection_state = std::move(state);
    co_return found;
}

}  // namespace alcove::auth

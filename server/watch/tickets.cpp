#include "server/watch/tickets.hpp"

#include "scopes/secret.hpp"
#include "scopes/tokens.hpp"
#include "server/watch/limits.hpp"

namespace alcove::watch {

std::optional<Tickets::Issued> Tickets::issue(Grant grant, kv::TimeMs now_ms) {
    Issued issued{.ticket = scopes::make_token(ticket_prefix),
                  .expires_ms = now_ms + limits::ticket_lifetime.count()};
    auto digest = scopes::sha256_hex(issued.ticket);
    const std::lock_guard lock(mutex_);
    forget_expired(now_ms);
    if (by_expiry_.size() >= limits::tickets_max) return std::nullopt;
    by_expiry_.emplace_back(issued.expires_ms, digest);
    by_digest_.emplace(std::move(digest), Kept{.grant = std::move(grant), .expires_ms = issued.expires_ms});
    return issued;
}

std::optional<Tickets::Grant> Tickets::take(std::string_view ticket, kv::TimeMs now_ms) {
    const auto digest = scopes::token_digest(ticket);
    if (!digest) return std::nullopt;
    const std::lock_guard lock(mutex_);
    forget_expired(now_ms);
    auto node = by_digest_.extract(*digest);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped().grant);
}

void Tickets::forget_expired(kv::TimeMs now_ms) {
    while (!by_expiry_.empty() && by_expiry_.front().first <= now_ms) {
        by_digest_.erase(by_expiry_.front().second);
        by_expiry_.pop_front();
    }
}

}  // namespace alcove::watch

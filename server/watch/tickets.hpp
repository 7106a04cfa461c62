// Passes for browsers, which cannot send a token with a WebSocket or an EventSource.
#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "kv/types.hpp"

namespace alcove::watch {

inline constexpr std::string_view ticket_prefix = "wst_";

// Thread-safe. Tickets are kept in memory alone, as digests: with the process they are gone, and their half minute
// with them.
class Tickets {
public:
    struct Grant {
        std::string token_digest;  // of who asked for it: it goes with that token
        kv::NamespaceName name;    // the one that it is good for
    };

    struct Issued {
        std::string ticket;
        kv::TimeMs expires_ms = 0;
    };
    // nullopt when there are too many.
    std::optional<Issued> issue(Grant grant, kv::TimeMs now_ms);

    // Once. nullopt when there is none such, or not any more.
    std::optional<Grant> take(std::string_view ticket, kv::TimeMs now_ms);

private:
    struct Kept {
        Grant grant;
        kv::TimeMs expires_ms = 0;
    };
    void forget_expired(kv::TimeMs now_ms);

    std::mutex mutex_;
    std::unordered_map<std::string, Kept> by_digest_;
    std::deque<std::pair<kv::TimeMs, std::string>> by_expiry_;
};

}  // namespace alcove::watch

// Requests of one token and to one namespace are counted here, and refused when they come too fast.
#pragma once

#include <boost/functional/hash.hpp>
#include <boost/uuid/uuid_hash.hpp>
#include <optional>

#include "server/api/call.hpp"
#include "server/auth/token_buckets.hpp"

namespace alcove::api {

// Each limit is off when its rate is 0. Counts are the process's own and begin with full buckets. A watch counts as
// the request that opened it. Thread-safe.
class RateLimits {
public:
    RateLimits(auth::Rate token, auth::Rate name) : tokens_(token), namespaces_(name) {}

    // 429 RATE_LIMITED with Retry-After. Behind authentication.
    std::optional<Problem> count_token(Call& call);
    std::optional<Problem> count_namespace(Call& call, const kv::NamespaceName& name);

private:
    auth::TokenBuckets<kv::Uuid, boost::hash<kv::Uuid>> tokens_;
    auth::TokenBuckets<kv::NamespaceName, kv::NamespaceNameHash> namespaces_;
};

// Answers with the problem a moment later: who tries again at once must not take the server from all others.
asio::awaitable<void> refuse_later(Call& call, Problem problem);

// Whatever the answer is in the end, it says how its limits stand.
class ShowStanding {
public:
    explicit ShowStanding(Call& call) : call_(call) {}
    ~ShowStanding();
    ShowStanding(const ShowStanding&) = delete;
    ShowStanding& operator=(const ShowStanding&) = delete;

private:
    Call& call_;
};

}  // namespace alcove::api

#include "server/api/rate_limits.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace alcove::api {

namespace {

using std::chrono::ceil;
using std::chrono::seconds;

// Long enough that refusals cost next to nothing, and too short to keep the connections of a client's pool from its
// other requests.
constexpr auto refusal_pause = std::chrono::milliseconds(10);

auth::TokenBucket::Time steady_now() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

std::optional<Problem> judge(Call& call, const auth::Standing& standing, std::string_view whose) {
    const auto full_at = std::chrono::system_clock::now() + standing.until_full;
    call.note({.limit = standing.limit,
               .remaining = standing.remaining,
               .reset_s = ceil<seconds>(full_at.time_since_epoch()).count()});
    if (standing.allowed) return std::nullopt;
    Problem problem(429, "RATE_LIMITED", "too many requests " + std::string(whose));
    problem.retry_after_s = static_cast<std::uint64_t>(ceil<seconds>(standing.until_next).count());
    return problem;
}

}  // namespace

std::optional<Problem> RateLimits::count_token(Call& call) {
    if (!tokens_.limits()) return std::nullopt;
    return judge(call, tokens_.take(call.principal->id, steady_now()), "of this token");
}

std::optional<Problem> RateLimits::count_namespace(Call& call, const kv::NamespaceName& name) {
    if (!namespaces_.limits()) return std::nullopt;
    return judge(call, namespaces_.take(name, steady_now()), "to this namespace");
}

asio::awaitable<void> refuse_later(Call& call, Problem problem) {
    call.exchange.is_timed = false;
    asio::steady_timer pause(co_await asio::this_coro::executor, refusal_pause);
    auto waiting = pause.async_wait(asio::deferred);
    co_await std::move(waiting);
    call.fail(problem);
}

ShowStanding::~ShowStanding() {
    const auto& standing = call_.standing;
    if (standing.limit == 0) return;
    call_.response.set("X-RateLimit-Limit", std::to_string(standing.limit));
    call_.response.set("X-RateLimit-Remaining", std::to_string(standing.remaining));
    call_.response.set("X-RateLimit-Reset", std::to_string(standing.reset_s));
}

}  // namespace alcove::api

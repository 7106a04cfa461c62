// One request on its way through the API: what came, who asks, what it may use, where the answer goes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kv/store.hpp"
#include "scopes/identity.hpp"
#include "scopes/principal.hpp"
#include "server/api/error.hpp"
#include "server/auth/minute_limit.hpp"
#include "server/auth/token_buckets.hpp"
#include "server/http/message.hpp"
#include "server/http/query.hpp"
#include "server/http/router.hpp"
#include "server/webhooks/deliverer.hpp"

namespace alcove::watch {
class Hub;
}

namespace alcove::files {
class DownloadLinks;
}

namespace alcove::metrics {
class Requests;
class BusyNamespaces;
}  // namespace alcove::metrics

namespace alcove::schema {
struct Shape;
}

namespace alcove::api {

class RateLimits;

namespace asio = boost::asio;

struct Description;

struct MetricsSettings {
    bool enabled = true;  // metrics.enabled
    std::string token{};  // metrics.token; empty: who asks from this machine needs none, and nobody else may
};

struct Settings {
    std::size_t value_bytes = kv::limits::value_bytes_default;  // limits.value_bytes
    std::uint64_t file_bytes = std::uint64_t{1} << 30;          // limits.file_bytes
    auth::Rate token_rate{};                                    // rate_limits.token_…
    auth::Rate namespace_rate{};                                // rate_limits.namespace_…
    bool access_log = false;
    bool external_id_rename = false;                    // external_id_rename.enabled
    std::string public_url;                             // server.public_url; empty: none
    std::vector<std::string> allowed_origins{};         // server.allowed_origins
    std::chrono::milliseconds watch_heartbeat{15'000};  // server.watch_heartbeat_seconds
    scopes::MasterKeys master_keys;                     // of what must be recovered
    webhooks::DelivererOptions webhooks;
    MetricsSettings metrics{};
};

// What handlers work with; lives as long as the App.
struct Services {
    kv::Store& store;
    scopes::Identity& identity;
    const Settings& settings;
    RateLimits& rate_limits;
    auth::MinuteLimit& external_id_limit;
    webhooks::Deliverer& deliverer;
    watch::Hub& watches;
    const files::DownloadLinks& download_links;
    const Description& description;
    const std::atomic<bool>& leaving;   // the server will stop soon: nothing new should come to it
    const std::atomic<bool>& stopping;  // it stops: nobody should wait any more
    const metrics::Requests& requests;
    metrics::BusyNamespaces& busy_namespaces;
    const http::Server* server = nullptr;  // from its start on
};

// Which of the forms of `NS` a route has.
enum class NamespaceForm : std::uint8_t { none, workspace, end_user, external, integration };

// Of the form `integration`: whose namespace it is, where the policy asks for an end user.
inline constexpr std::string_view end_user_parameter = "endUserId";

// What the answer says of the tightest rate limit that the request was counted for: X-RateLimit-Limit, -Remaining
// and -Reset.
struct RateStanding {
    std::uint64_t limit = 0;  // 0: there was none
    std::uint64_t remaining = 0;
    std::int64_t reset_s = 0;  // since 1970; all of it may be used again then
};

// Lives in the coroutine that serves the request, longer than every handler.
struct Call {
    http::Exchange& exchange;
    const http::Request& request;
    http::Response& response;
    const http::Router::Match& match;
    const Services& services;
    NamespaceForm form;
    const schema::Shape* body_shape;                // of the route: what read_json() holds its body against
    PrintProblem print_problem;                     // of the surface that the path is on
    const scopes::Principal* principal = nullptr;   // on public routes it stays so
    scopes::Resolved namespace_name = nullptr;      // on routes of `NS`
    std::optional<scopes::Uuid> bound_workspace{};  // once bind_workspace() found it
    RateStanding standing{};

    // The decoded capture of the route's pattern.
    std::string_view param(std::string_view name) const { return match[name]; }

    // Of a limit that it is counted for.
    void note(const RateStanding& other) {
        if (standing.limit == 0 || other.remaining < standing.remaining) standing = other;
    }

    void fail(const Problem& problem) { answer(request, response, problem, print_problem); }

    // Begins a JSON answer: the caller prints into response.body.
    void begin_json(unsigned status) {
        response.status = status;
        response.set("Content-Type", "application/json");
    }
};

// 403 FORBIDDEN for want of a permission.
Problem forbidden(scopes::Permission permission);
// What a client is told whose body could not be read.
Problem body_problem(http::BodyError error, std::size_t bytes_max);

// The whole body; 413, 408 or 400.
asio::awaitable<Result<std::string_view>> read_body(Call& call, std::size_t bytes_max);

// Reads on and drops what comes, up to a bound, once a body that is read in pieces is refused: many clients read no
// answer before they have sent all. Beyond the bound the connection is closed behind the answer.
asio::awaitable<void> drop_rest_of_body(Call& call);

// Names and values of the query; 400 for one that is malformed or repeated. What names the namespace is taken
// already.
Result<http::Query> parse_query(const Call& call);

// 400 for a parameter that nobody took.
std::optional<Problem> refuse_unknown(const http::Query& query);

// The end user that names the namespace, when the query holds nothing else and needs no decoding: then it need not
// be taken apart.
std::optional<std::string_view> plain_end_user(const Call& call);

// 400 for any parameter at all. Costs nothing when there is none.
std::optional<Problem> refuse_query(const Call& call);

}  // namespace alcove::api

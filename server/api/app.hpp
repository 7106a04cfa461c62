// The product as a service of the HTTP server.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/store.hpp"
#include "scopes/identity.hpp"
#include "server/api/call.hpp"
#include "server/api/description.hpp"
#include "server/api/rate_limits.hpp"
#include "server/api/routes.hpp"
#include "server/auth/authenticator.hpp"
#include "server/files/download_links.hpp"
#include "server/http/message.hpp"
#include "server/http/router.hpp"
#include "server/metrics/busy_namespaces.hpp"
#include "server/metrics/requests.hpp"
#include "server/watch/hub.hpp"

namespace alcove::api {

// *Operation*: every request is taken in this order: route, authentication (401), existence of the route (404,
// 405), permission (403), the key's workspaces (403), existence of what the path names (404), then its handler.
// Rate limits (429) are looked at as soon as it is known whose they are.
//
// *Concurrency*: serves all connections on all threads; everything here is constant after the constructor or
// thread-safe by itself.
//
// *Limitations*: start() must have returned before the first request.
class App final : public http::Service {
public:
    // `store` must outlive it, and it must outlive the HTTP server.
    App(kv::Store& store, Settings settings);

    // Finishes deletions that an earlier process began, goes on telling webhooks, and sees to the root key. Returns
    // the key to show once, when it was made now.
    asio::awaitable<scopes::Result<std::optional<std::string>>> start(std::optional<std::string> root_key);

    scopes::Identity& identity() { return identity_; }

    // The server will stop soon: it is not ready any more, and goes on serving. Any thread.
    void leave() { leaving_ = true; }

    asio::awaitable<void> serve(http::Exchange& exchange) override;
    void protocol_error(const http::Request& request, http::Response& response, unsigned status,
                        std::string_view code, std::string_view message) override;
    void sent(const http::Exchange& exchange, std::size_t bytes, std::chrono::nanoseconds duration) override;
    void starting(const http::Server& server) override { services_.server = &server; }
    void stopping() override;
    void failed(const http::Request& request, std::string_view what) override;

private:
    const Settings settings_;
    scopes::Identity identity_;
    auth::Authenticator authenticator_;
    RateLimits rate_limits_;
    auth::MinuteLimit external_id_limit_;
    webhooks::Deliverer deliverer_;
    watch::Hub watches_;
    files::DownloadLinks download_links_;
    const Description description_;
    std::atomic<bool> leaving_ = false;
    std::atomic<bool> stopping_ = false;
    metrics::Requests requests_;
    metrics::BusyNamespaces busy_namespaces_;
    Services services_;
    const std::vector<Route> routes_ = routes();
    std::vector<std::uint16_t> counted_as_;  // of each route, in requests_
    http::Router router_;
};

}  // namespace alcove::api

#include "server/api/app.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "scopes/json_writer.hpp"
#include "server/api/cors.hpp"
#include "server/api/error.hpp"
#include "server/api/journal.hpp"
#include "server/api/namespaces.hpp"
#include "server/braze/error.hpp"
#include "server/braze/external_ids.hpp"
#include "server/deck/error.hpp"

namespace alcove::api {
namespace {

constexpr std::string_view namespace_mark = "NS";

struct NamespacePattern {
    NamespaceForm form;
    std::string_view pattern;
};

constexpr std::array<NamespacePattern, 4> namespace_patterns = {{
    {NamespaceForm::workspace, "/api/v1/workspaces/{workspace}"},
    {NamespaceForm::end_user, "/api/v1/workspaces/{workspace}/end-users/{endUserId}"},
    {NamespaceForm::external, "/api/v1/workspaces/{workspace}/external/{externalId}"},
    {NamespaceForm::integration, "/api/v1/workspaces/{workspace}/integrations/{integration}"},
}};

// Each surface keeps its own dialect. On all of these, who sends no valid token learns nothing of what is there.
struct Surface {
    std::string_view prefix;
    PrintProblem print_problem;
};

constexpr std::array<Surface, 3> private_surfaces = {{
    {"/api/", print_problem},
    {"/v2/", deck::print_problem},
    {"/users/external_ids/", braze::print_problem},
}};

// nullptr for what is public.
const Surface* surface_of(std::string_view path) {
    const auto* found = std::ranges::find_if(
        private_surfaces, [path](const Surface& surface) { return path.starts_with(surface.prefix); });
    return found == private_surfaces.end() ? nullptr : found;
}

PrintProblem printer_for(std::string_view path) {
    const auto* surface = surface_of(path);
    return surface == nullptr ? print_problem : surface->print_problem;
}

Problem unauthenticated() {
    return Problem(401, "UNAUTHENTICATED", "a valid bearer token is required");
}

}  // namespace

App::App(kv::Store& store, Settings settings)
    : settings_(std::move(settings)),
      identity_(store, settings_.master_keys, journal_notice),
      authenticator_(identity_.tokens),
      rate_limits_(settings_.token_rate, settings_.namespace_rate),
      external_id_limit_(braze::requests_per_minute_max),
      deliverer_(identity_, settings_.webhooks, journal_notice),
      watches_(identity_, settings_.watch_heartbeat),
      download_links_(settings_.master_keys, settings_.public_url),
      services_{.store = store,
                .identity = identity_,
                .settings = settings_,
                .rate_limits = rate_limits_,
                .external_id_limit = external_id_limit_,
                .deliverer = deliverer_,
                .watches = watches_,
                .download_links = download_links_,
                .leaving = leaving_,
                .stopping = stopping_,
                .requests = requests_,
                .busy_namespaces = busy_namespaces_} {
    for (const auto& endpoint : endpoints()) {
        if (!endpoint.pattern.starts_with(namespace_mark)) {
            add(endpoint, endpoint.pattern, NamespaceForm::none);
            continue;
        }
        const auto rest = endpoint.pattern.substr(namespace_mark.size());
        for (const auto& [form, pattern] : namespace_patterns) {
            add(endpoint, std::string(pattern) + std::string(rest), form);
        }
    }
}

void App::add(const Endpoint& endpoint, std::string_view pattern, NamespaceForm form) {
    router_.add(endpoint.method, pattern, static_cast<http::Router::Route>(routes_.size()));
    routes_.push_back({.endpoint = &endpoint, .form = form, .counted_as = requests_.add(endpoint.method, pattern)});
}

asio::awaitable<scopes::Result<std::optional<std::string>>> App::start(std::optional<std::string> root_key) {
    auto resumed = co_await identity_.deletion.resume_jobs();
    if (!resumed) co_return resumed.error();
    auto followed = co_await deliverer_.start();
    if (!followed) co_return followed.error();
    auto made = co_await identity_.tokens.ensure_root_key(std::move(root_key));
    co_return made;
}

void App::stopping() {
    leaving_ = stopping_ = true;
    watches_.stations.stir();
    deliverer_.stop();
}

asio::awaitable<void> App::serve(http::Exchange& exchange) {
    using Outcome = http::Router::Outcome;
    const auto& request = exchange.request;
    if (answer_origin(settings_, request, exchange.response)) co_return;
    const auto match = router_.match(request.method, request.path);
    const bool matched = match.outcome == Outcome::matched;
    const Endpoint* endpoint = matched ? routes_[match.route].endpoint : nullptr;
    if (matched) exchange.route = routes_[match.route].counted_as;
    Call call{.exchange = exchange,
              .request = request,
              .response = exchange.response,
              .match = match,
              .services = services_,
              .form = matched ? routes_[match.route].form : NamespaceForm::none,
              .print_problem = printer_for(request.path)};
    const ShowStanding show_standing(call);

    if (matched ? endpoint->permission.has_value() : surface_of(request.path) != nullptr) {
        call.principal = authenticator_.remembered(exchange);
        if (call.principal == nullptr) {
            auto found = co_await authenticator_.authenticate(exchange);
            if (!found) co_return call.fail(to_problem(found.error()));
            if (*found == nullptr) co_return call.fail(unauthenticated());
            call.principal = *found;
        }
        if (auto problem = rate_limits_.count_token(call)) {
            auto refusing = refuse_later(call, *std::move(problem));
            co_return co_await std::move(refusing);
        }
    }
    if (match.outcome == Outcome::bad_encoding) {
        co_return call.fail(invalid_field("path", "the path has bad percent-encoding"));
    }
    if (match.outcome == Outcome::method_not_allowed) {
        call.response.set("Allow", match.allow);
        co_return call.fail(Problem(405, "METHOD_NOT_ALLOWED", "the method is not allowed here"));
    }
    if (!matched) co_return call.fail(not_found("there is no such path"));
    if (endpoint->permission && !call.principal->may(*endpoint->permission)) {
        const auto& other = endpoint->or_permission;
        if (!other || !call.principal->may(*other)) co_return call.fail(forbidden(*endpoint->permission));
    }
    if (endpoint->and_permission && !call.principal->may(*endpoint->and_permission)) {
        co_return call.fail(forbidden(*endpoint->and_permission));
    }
    if (call.form != NamespaceForm::none && call.principal != nullptr) {
        call.namespace_name = remembered_namespace(call);
        if (!call.namespace_name) {
            auto resolved = co_await resolve_namespace(call);
            if (!resolved) co_return call.fail(resolved.error());
            call.namespace_name = std::move(*resolved);
        }
        busy_namespaces_.count(*call.namespace_name);
        if (auto problem = rate_limits_.count_namespace(call, *call.namespace_name)) {
            auto refusing = refuse_later(call, *std::move(problem));
            co_return co_await std::move(refusing);
        }
    }
    co_await endpoint->handler(call);
}

void App::protocol_error(const http::Request& request, http::Response& response, unsigned status,
                         std::string_view code, std::string_view message) {
    answer(request, response, Problem(status, code, std::string(message)), printer_for(request.path));
}

void App::sent(const http::Exchange& exchange, std::size_t bytes, std::chrono::nanoseconds duration) {
    const unsigned status = exchange.response.status;
    requests_.count({.route = exchange.route,
                     .status = status,
                     .body_bytes = bytes,
                     .duration = duration,
                     .is_timed = exchange.is_timed});
    if (settings_.access_log) journal_access(exchange.request, status, bytes, duration);
}

void App::failed(const http::Request& request, std::string_view what) {
    journal_failure(request, "INTERNAL_ERROR", what);
}

}  // namespace alcove::api

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
      description_(Description::make(settings_.public_url)),
      services_{.store = store,
                .identity = identity_,
                .settings = settings_,
                .rate_limits = rate_limits_,
                .external_id_limit = external_id_limit_,
                .deliverer = deliverer_,
                .watches = watches_,
                .download_links = download_links_,
                .description = description_,
                .leaving = leaving_,
                .stopping = stopping_,
                .requests = requests_,
                .busy_namespaces = busy_namespaces_} {
    for (const auto& [endpoint, form, pattern, body] : routes_) {
        router_.add(endpoint->method, pattern, static_cast<http::Router::Route>(counted_as_.size()));
        counted_as_.push_back(requests_.add(endpoint->method, pattern));
    }
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
    if (matched) exchange.route = counted_as_[match.route];
    Call call{.exchange = exchange,
              .request = request,
              .response = exchange.response,
              .match = match,
              .services = services_,
              .form = matched ? routes_[match.route].form : NamespaceForm::none,
              .body_shape = matched ? routes_[match.route].body : nullptr,
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

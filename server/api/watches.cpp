#include "server/api/watches.hpp"

#include <boost/asio/this_coro.hpp>
#include <utility>
#include <vector>

#include "server/api/cors.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/resources.hpp"
#include "server/auth/authenticator.hpp"
#include "server/http/websocket.hpp"
#include "server/watch/event_stream.hpp"
#include "server/watch/web_socket.hpp"

namespace alcove::api {
namespace {

using watch::Credentials;

// What a connection shows of who asks, before anything is known of it.
struct Shown {
    std::optional<std::string> token;   // of the header
    std::optional<std::string> ticket;  // of the subprotocols or the query
};

Problem unauthenticated() {
    return Problem(401, "UNAUTHENTICATED", "a valid bearer token or ticket is required");
}

// nullopt: nobody has said yet who asks. 401 for what is not valid.
asio::awaitable<Result<std::optional<Credentials>>> identify(Call& call, Shown shown) {
    auto& hub = call.services.watches;
    const bool by_ticket = !shown.token && shown.ticket;
    if (!shown.token && !shown.ticket) co_return std::optional<Credentials>();
    auto text = by_ticket ? std::move(*shown.ticket) : std::move(*shown.token);
    if (text.starts_with(watch::ticket_prefix) != by_ticket) co_return unauthenticated();
    auto found = co_await Credentials::of(hub.identity, hub.tickets, std::move(text));
    if (!found) co_return to_problem(found.error());
    if (!*found) co_return unauthenticated();
    if (!(*found)->may_watch()) co_return forbidden(scopes::Permission::kv_read);
    co_return std::move(*found);
}

std::optional<std::string> header_token(const http::Request& request) {
    const auto header = request.header("authorization");
    if (!header) return std::nullopt;
    return std::string(request.count("authorization") == 1 ? auth::bearer_token(*header) : std::string_view());
}

// What stands in the way of a WebSocket, whoever asks.
std::optional<Problem> refuse_socket(Call& call) {
    const auto& request = call.request;
    if (request.method != http::Method::get || !http::asks_for_websocket(request)) {
        call.response.set("Upgrade", "websocket");
        return Problem(426, "UPGRADE_REQUIRED", "this path speaks WebSocket");
    }
    if (const auto refusal = http::refuse_handshake(request)) {
        if (refusal->status == 426) call.response.set("Sec-WebSocket-Version", "13");
        auto problem = invalid_field(refusal->field, std::string(refusal->message));
        problem.status = refusal->status;
        if (refusal->status == 426) problem.code = "UPGRADE_REQUIRED";
        return problem;
    }
    if (call.exchange.has_body()) return invalid_field("body", "a request for a WebSocket has no body");
    const auto origin = request.header("origin");
    if (origin && !allows_origin(call.services.settings, *origin))
        return Problem(403, "FORBIDDEN", "the origin is not among server.allowed_origins");
    return std::nullopt;
}

// The subprotocols that were offered: ours, and maybe a ticket behind it.
Result<std::optional<std::string>> take_subprotocols(Call& call) {
    std::optional<std::string> ticket;
    const auto offered = http::offered_subprotocols(call.request);
    bool ours = false;
    for (const auto& each : offered) {
        ours = ours || each == watch::subprotocol;
        if (each.starts_with(watch::ticket_prefix)) ticket = std::string(each);
    }
    if (ours) call.response.set("Sec-WebSocket-Protocol", watch::subprotocol);
    if (!offered.empty() && !ours)
        return invalid_field("Sec-WebSocket-Protocol",
                             "the subprotocol here is " + std::string(watch::subprotocol));
    return ticket;
}

kv::Station& station_of(Call& call, const asio::any_io_executor& executor) {
    return call.services.watches.stations.at(executor);
}

void accept_socket(Call& call, kv::Station& station, std::optional<Credentials> credentials,
                   std::optional<watch::WebSocket::Preset> preset) {
    http::accept_handshake(call.request, call.response);
    call.exchange.is_timed = false;
    call.response.takeover = std::make_unique<watch::WebSocket>(
        call.services.watches, station, std::move(credentials), std::string(call.request.id), std::move(preset));
}

}  // namespace

asio::awaitable<void> open_watch_socket(Call& call) {
    const auto executor = co_await asio::this_coro::executor;
    if (auto problem = refuse_socket(call)) co_return call.fail(*problem);
    auto ticket = take_subprotocols(call);
    if (!ticket) co_return call.fail(ticket.error());
    auto credentials = co_await identify(call, {.token = header_token(call.request), .ticket = std::move(*ticket)});
    if (!credentials) co_return call.fail(credentials.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    accept_socket(call, station_of(call, executor), std::move(*credentials), {});
}

asio::awaitable<void> watch_namespace(Call& call) {
    const auto executor = co_await asio::this_coro::executor;
    auto& response = call.response;
    const bool socket = http::asks_for_websocket(call.request);
    if (socket) {
        if (auto problem = refuse_socket(call)) co_return call.fail(*problem);
    }
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    Shown shown{.token = header_token(call.request), .ticket = {}};
    if (const auto ticket = query->take("ticket")) shown.ticket = std::string(*ticket);
    if (socket) {
        auto offered = take_subprotocols(call);
        if (!offered) co_return call.fail(offered.error());
        if (*offered) shown.ticket = std::move(*offered);
    }
    auto credentials = co_await identify(call, std::move(shown));
    if (!credentials) co_return call.fail(credentials.error());
    if (!socket && !*credentials) co_return call.fail(unauthenticated());
    auto selector = selector_of(call);
    if (!selector) co_return call.fail(selector.error());
    scopes::Resolved name;
    if (*credentials) {
        auto resolved = co_await (*credentials)->resolve(call.services.identity.directory, *selector);
        if (!resolved) co_return call.fail(resolved.error());
        name = std::move(*resolved);
    }
    auto request = watch::take_watch_request(*query);
    if (!request) co_return call.fail(request.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    auto& station = station_of(call, executor);
    if (socket) {
        co_return accept_socket(
            call, station, std::move(*credentials),
            watch::WebSocket::Preset{
                .selector = std::move(*selector), .name = std::move(name), .request = std::move(*request)});
    }

    const auto last = call.request.header("last-event-id");
    if (last && !last->empty()) {
        const auto from = watch::parse_from(*last);
        if (!from) co_return call.fail(invalid_field("Last-Event-ID", "Last-Event-ID is no cursor of a watch"));
        request->from = *from;
    }
    auto stream = std::make_unique<watch::EventStream>(call.services.watches, station, std::move(**credentials),
                                                       std::move(name), std::move(*request));
    auto problem = co_await stream->begin();
    if (problem) co_return call.fail(*problem);
    response.set("Content-Type", "text/event-stream");
    response.set("Cache-Control", "no-store");
    response.set("X-Accel-Buffering", "no");  // proxies pass it on as it comes
    if (call.request.method == http::Method::get && !call.exchange.has_body()) {
        call.exchange.is_timed = false;
        response.takeover = std::move(stream);
    }
}

asio::awaitable<void> create_watch_ticket(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    if (call.request.header("idempotency-key"))
        co_return call.fail(invalid_field("Idempotency-Key", "a ticket is another one each time"));
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    const auto selector = watch::read_namespace(in, *document);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto resolved = co_await resolve_namespace(call.services.identity.directory, *call.principal, selector);
    if (!resolved) co_return call.fail(resolved.error());

    auto& hub = call.services.watches;
    const auto token = header_token(call.request);
    auto issued = hub.tickets.issue({.token_digest = scopes::token_digest(*token).value(), .name = **resolved},
                                    call.services.store.now_ms());
    if (!issued) co_return call.fail(Problem(503, "OVERLOADED", "too many tickets were given out lately"));
    call.begin_json(201);
    json::Writer writer(call.response.body);
    writer.open_object().member("ticket", issued->ticket);
    print_time(writer, "expiresAt", issued->expires_ms);
    writer.close_object();
}

}  // namespace alcove::api

#include "server/watch/web_socket.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "server/watch/limits.hpp"

namespace alcove::watch {
namespace {

using api::Problem;
namespace json = api::json;

constexpr std::uint64_t preset_id = 1;
// Messages that are taken before others have their turn.
constexpr std::size_t messages_max = 64;
// A frame holds an object in an object, with a list in it.
constexpr json::ParseLimits frame_limits{.depth_max = 16, .built_depth_max = 3, .values_max = 256};

Problem unauthenticated(std::string message) {
    return {401, "UNAUTHENTICATED", std::move(message)};
}

Problem not_watched(std::uint64_t id) {
    auto problem = api::not_found("there is no watch " + std::to_string(id));
    problem.field = "id";
    return problem;
}

// A whole number of the client's.
api::Result<std::uint64_t> read_id(api::ObjectReader& in) {
    const auto* value = in.required("id");
    if (value == nullptr) return api::missing_field("id");
    std::uint64_t id = 0;
    const char* end = value->raw.data() + value->raw.size();
    const auto parsed = std::from_chars(value->raw.data(), end, id);
    if (value->type == json::Type::number && parsed.ec == std::errc() && parsed.ptr == end &&
        id <= limits::watch_id_max)
        return id;
    return api::invalid_field("id",
                              "'id' must be a whole number from 0 to " + std::to_string(limits::watch_id_max));
}

}  // namespace

WebSocket::WebSocket(Hub& hub, kv::Station& station, std::optional<Credentials> credentials, std::string connection,
                     std::optional<Preset> preset)
    : Conversation(hub, station, Transport::websocket, std::move(credentials)),
      reader_(credentials_ ? limits::client_frame_bytes_max : limits::first_frame_bytes_max),
      connection_(std::move(connection)),
      preset_(std::move(preset)) {}

asio::awaitable<void> WebSocket::open() {
    heard_at_ = now();
    if (!credentials_) {
        await_credentials();
        co_return;
    }
    co_await welcome();
}

// Says hello, and begins the watch that needs no frame.
asio::awaitable<void> WebSocket::welcome() {
    auth_deadline_ = Clock::time_point::max();
    reader_.allow(limits::client_frame_bytes_max);
    say(hello_frame(connection_, hub_.heartbeat));
    if (!preset_) co_return;
    auto preset = *std::exchange(preset_, {});
    if (!preset.name) {
        auto resolved = co_await credentials_->resolve(hub_.identity.directory, preset.selector);
        if (!resolved) co_return refuse(preset_id, resolved.error());
        preset.name = std::move(*resolved);
    }
    co_await begin_watch(preset_id, std::move(preset.name), std::move(preset.request));
}

void WebSocket::await_credentials() {
    auth_deadline_ = now() + limits::auth_timeout;
}

asio::awaitable<void> WebSocket::take_input() {
    input_left_ = false;
    if (now() >= auth_deadline_) co_return leave(http::CloseCode::policy, "no valid auth in time");
    std::size_t taken = 0;
    while (!closing() && has_room()) {
        if (taken == messages_max) {
            input_left_ = true;
            co_return;
        }
        std::size_t consumed = 0;
        const auto message = reader_.read(channel().input(), consumed);
        if (consumed != 0 || message.kind != http::ClientMessage::Kind::none) {
            ++taken;
            co_await take(message);
            channel().consume(consumed);
            continue;
        }
        const auto received = channel().receive(reader_.input_bytes_max());
        if (received == http::Channel::Received::closed) break_off();
        if (received != http::Channel::Received::some) co_return;
        heard_at_ = Clock::now();
    }
    input_left_ = !closing() && !channel().input().empty();
}

asio::awaitable<void> WebSocket::take(const http::ClientMessage& message) {
    using Kind = http::ClientMessage::Kind;
    switch (message.kind) {
        case Kind::none:
        case Kind::pong:
            co_return;
        case Kind::ping:
            co_return http::append_frame(channel().out(), http::Opcode::pong, message.payload);
        case Kind::close:
            http::append_close(channel().out(), message.code);
            co_return close();
        case Kind::violation:
            co_return leave(static_cast<http::CloseCode>(*message.code), message.why);
        case Kind::text:
            co_await take_frame(message.payload);
    }
}

asio::awaitable<void> WebSocket::take_frame(std::string_view text) {
    const auto document = json::Document::parse(text, frame_limits);
    if (!document) co_return refuse(std::nullopt, api::to_problem(document.error()));
    if (document->root().type != json::Type::object)
        co_return refuse(std::nullopt, Problem(400, "VALIDATION_ERROR", "a frame must be a JSON object"));
    api::ObjectReader in(*document, document->root());
    const auto type = std::string(in.required_string("t"));
    if (type == "ping") {
        const auto* number = in.number("n");
        if (auto problem = in.finish()) co_return refuse(std::nullopt, *problem);
        std::string pong = "{\"t\":\"pong\"";
        if (number != nullptr) pong.append(",\"n\":").append(number->raw);
        co_return say(pong.append("}"));
    }
    if (type == "auth") {
        co_await authenticate(in);
        co_return;
    }
    if (type != "watch" && type != "unwatch" && type != "sync") {
        if (!in.has("t")) co_return refuse(std::nullopt, api::missing_field("t"));
        co_return refuse(std::nullopt,
                         api::invalid_field("t", "'t' must be one of auth, watch, unwatch, sync and ping"));
    }
    const auto id = read_id(in);
    if (!id) co_return refuse(std::nullopt, id.error());
    if (!credentials_) co_return refuse(*id, unauthenticated("the first frame must be auth"));
    if (type == "watch") {
        co_await begin_watch(in, *document, *id);
        co_return;
    }
    if (auto problem = in.finish()) co_return refuse(*id, *problem);
    const auto found = watches_.find(*id);
    if (found == watches_.end()) co_return refuse(*id, not_watched(*id));
    if (type == "sync") co_return found->second->ask_progress();
    found->second->end(*this, "unwatch");
    drop(*found->second);
}

// Other credentials take the place of those that there were; the watches that they do not reach end.
asio::awaitable<void> WebSocket::authenticate(api::ObjectReader& in) {
    auto token = std::string(in.required_string("token"));
    if (auto problem = in.finish()) co_return refuse(std::nullopt, *problem);
    auto found = co_await Credentials::of(hub_.identity, hub_.tickets, std::move(token));
    if (!found) co_return refuse(std::nullopt, api::to_problem(found.error()));
    if (!*found) co_return refuse(std::nullopt, unauthenticated("the token is not valid"));
    credentials_ = std::move(*found);
    co_await welcome();
    end_unreached();
}

void WebSocket::end_unreached() {
    std::vector<Watch*> unreached;
    for (const auto& [id, watch] : watches_) {
        if (!credentials_ || !credentials_->reaches(watch->name())) unreached.push_back(watch.get());
    }
    for (Watch* watch : unreached) {
        watch->end(*this, "auth");
        drop(*watch);
    }
}

asio::awaitable<void> WebSocket::begin_watch(api::ObjectReader& in, const json::Document& document,
                                             std::uint64_t id) {
    const auto selector = read_namespace(in, document);
    auto request = read_watch_request(in, document);
    if (auto problem = in.finish()) co_return refuse(id, *problem);
    if (watches_.contains(id)) {
        Problem problem(409, "DUPLICATE", "the watch " + std::to_string(id) + " is still there");
        problem.field = "id";
        co_return refuse(id, problem);
    }
    if (watches_.size() >= limits::watches_per_socket_max) {
        co_return refuse(
            id, Problem(403, "QUOTA_EXCEEDED",
                        "a socket has at most " + std::to_string(limits::watches_per_socket_max) + " watches"));
    }
    auto resolved = co_await credentials_->resolve(hub_.identity.directory, selector);
    if (!resolved) co_return refuse(id, resolved.error());
    co_await begin_watch(id, std::move(*resolved), std::move(request));
}

asio::awaitable<void> WebSocket::begin_watch(std::uint64_t id, scopes::Resolved name, WatchRequest request) {
    WatchOwner& owner = *this;
    auto watch = std::make_unique<Watch>(sources_, owner, id, std::move(name), std::move(request));
    auto problem = co_await watch->begin(*this);
    if (problem) co_return refuse(id, *problem);
    if (watch->over()) co_return;  // it has said why
    ask(*watch);
    watches_.emplace(id, std::move(watch));
}

void WebSocket::beat() {
    if (now() - heard_at_ > std::max(2 * hub_.heartbeat, limits::silence_min))
        return break_off();  // nobody is there to be told
    http::append_frame(channel().out(), http::Opcode::ping, {});
    for (const auto& [id, watch] : watches_)
        watch->ask_progress();
}

void WebSocket::lose_credentials() {
    end_unreached();
    await_credentials();
}

void WebSocket::take_leave() {
    leave(http::CloseCode::going_away, "the server stops");
}

void WebSocket::fall_silent() {
    leave(http::CloseCode::try_again_later, "nothing was taken for too long");
}

void WebSocket::leave(http::CloseCode code, std::string_view reason) {
    http::append_close(channel().out(), static_cast<std::uint16_t>(code), reason);
    close();
}

void WebSocket::drop(Watch& watch) {
    forget(watch);
    watches_.erase(watch.id());
}

void WebSocket::say(const std::string& text) {
    http::append_frame(channel().out(), http::Opcode::text, text);
}

void WebSocket::refuse(std::optional<std::uint64_t> id, const Problem& problem) {
    say(error_frame(id, problem));
}

void WebSocket::put(const Frame& frame) {
    http::Buffer& out = channel().out();
    if (out.empty()) out.reserve(frame.text.size() + std::min(frame.tail.size(), limits::shared_bytes_min) + 16);
    http::append_frame_header(out, http::Opcode::text, frame.text.size() + frame.tail.size());
    out.append(frame.text);
    if (frame.owner && frame.tail.size() >= limits::shared_bytes_min && !channel().sends_shared()) {
        channel().put_shared(frame.tail, frame.owner);
    } else {
        out.append(frame.tail);
    }
}

}  // namespace alcove::watch

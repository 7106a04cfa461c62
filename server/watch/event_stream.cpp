#include "server/watch/event_stream.hpp"

#include <utility>

#include "server/watch/limits.hpp"

namespace alcove::watch {
namespace {

constexpr std::uint64_t only_id = 1;
constexpr std::size_t dropped_input_max = std::size_t{4} << 10;
// How soon a browser connects again.
constexpr std::string_view retry_line = "retry: 1000\n\n";

}  // namespace

EventStream::EventStream(Hub& hub, kv::Station& station, Credentials credentials, scopes::Resolved name,
                         WatchRequest request)
    : Conversation(hub, station, Transport::event_stream, std::move(credentials)),
      watch_(sources_, *this, only_id, std::move(name), std::move(request)) {}

asio::awaitable<std::optional<api::Problem>> EventStream::begin() {
    early_.append(retry_line);
    auto problem = co_await watch_.begin(*this);
    co_return problem;
}

asio::awaitable<void> EventStream::open() {
    channel().out().append(early_.view());
    early_.shrink(0);
    if (watch_.over()) {
        close();
    } else {
        ask(watch_);
    }
    co_return;
}

// Nothing is expected but the end.
asio::awaitable<void> EventStream::take_input() {
    channel().consume(channel().input().size());
    while (!closing()) {
        const auto received = channel().receive(dropped_input_max);
        if (received == http::Channel::Received::nothing) break;
        if (received == http::Channel::Received::closed) break_off();
        channel().consume(channel().input().size());
    }
    co_return;
}

void EventStream::beat() {
    watch_.ask_progress();
}

void EventStream::lose_credentials() {
    watch_.end(*this, "auth");
    close();
}

void EventStream::put(const Frame& frame) {
    http::Buffer& out = is_open() ? channel().out() : early_;
    out.append("event: ");
    out.append(frame.type);
    if (!frame.cursor.empty()) {
        out.append("\nid: ");
        out.append(frame.cursor);
    }
    out.append("\ndata: ");
    out.append(frame.text);
    if (frame.owner && is_open() && frame.tail.size() >= limits::shared_bytes_min && !channel().sends_shared()) {
        // The blank line stands behind it.
        channel().put_shared({frame.tail.data(), frame.tail.size() + EventTexts::blank_line.size()}, frame.owner);
        return;
    }
    out.append(frame.tail);
    out.append(EventTexts::blank_line);
}

}  // namespace alcove::watch

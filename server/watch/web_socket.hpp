// Many watches on one WebSocket.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/websocket.hpp"
#include "server/watch/conversation.hpp"

namespace alcove::watch {

// The subprotocol.
inline constexpr std::string_view subprotocol = "alcove.v1";

class WebSocket final : public Conversation {
public:
    // The watch of a socket that has one without a frame. `name` is nullptr until it is known who asks.
    struct Preset {
        api::NamespaceSelector selector;
        scopes::Resolved name;
        WatchRequest request;
    };

    // Without credentials the first frame has to bring them. `connection` names the socket to its client.
    WebSocket(Hub& hub, kv::Station& station, std::optional<Credentials> credentials, std::string connection,
              std::optional<Preset> preset = {});

private:
    asio::awaitable<void> open() override;
    asio::awaitable<void> take_input() override;
    void beat() override;
    void lose_credentials() override;
    void take_leave() override;
    void fall_silent() override;
    void drop(Watch& watch) override;
    void put(const Frame& frame) override;
    Clock::time_point deadline() const override { return auth_deadline_; }

    asio::awaitable<void> take(const http::ClientMessage& message);
    asio::awaitable<void> take_frame(std::string_view text);
    asio::awaitable<void> authenticate(api::ObjectReader& in);
    asio::awaitable<void> begin_watch(api::ObjectReader& in, const api::json::Document& document, std::uint64_t id);
    asio::awaitable<void> begin_watch(std::uint64_t id, scopes::Resolved name, WatchRequest request);
    asio::awaitable<void> welcome();
    void end_unreached();
    void say(const std::string& text);
    void refuse(std::optional<std::uint64_t> id, const api::Problem& problem);
    void leave(http::CloseCode code, std::string_view reason);
    void await_credentials();

    http::MessageReader reader_;
    std::string connection_;
    std::optional<Preset> preset_;
    std::map<std::uint64_t, std::unique_ptr<Watch>> watches_;
    Clock::time_point auth_deadline_ = Clock::time_point::max();
    Clock::time_point heard_at_;  // when the client last sent something
};

}  // namespace alcove::watch

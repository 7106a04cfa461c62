// One watch as a stream of server-sent events.
#pragma once

#include <memory>
#include <string>

#include "server/watch/conversation.hpp"

namespace alcove::watch {

// As the WHATWG's HTML standard, section 9.2, has it.
class EventStream final : public Conversation {
public:
    EventStream(Hub& hub, kv::Station& station, Credentials credentials, scopes::Resolved name,
                WatchRequest request);

    // Before it takes over: what it says is sent then. A problem when the watch cannot begin.
    asio::awaitable<std::optional<api::Problem>> begin();

private:
    asio::awaitable<void> open() override;
    asio::awaitable<void> take_input() override;
    void beat() override;
    void lose_credentials() override;
    void take_leave() override { close(); }
    void fall_silent() override {}
    void drop(Watch&) override { close(); }
    void put(const Frame& frame) override;

    http::Buffer early_;  // what was said before there was a channel
    Watch watch_;
};

}  // namespace alcove::watch

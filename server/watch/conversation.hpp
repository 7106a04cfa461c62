// A connection that carries watches: what WebSockets and streams of server-sent events have in common.
#pragma once

#include <optional>
#include <vector>

#include "server/http/channel.hpp"
#include "server/watch/credentials.hpp"
#include "server/watch/frames.hpp"
#include "server/watch/hub.hpp"
#include "server/watch/watch.hpp"

namespace alcove::watch {

// Operation. One coroutine that, whenever it is woken, takes what has come, lets the watches that have something to
// tell do so in turn while the socket takes it, and waits again.
//
// Concurrency. Belongs to the connection's thread, whose station its watches follow.
//
// Limitations. What waits for a slow client is bounded by limits::out_bytes_max and one larger text.
class Conversation : public http::Takeover, public kv::Runnable, protected WatchOwner, protected FrameSink {
public:
    ~Conversation() override = default;

    asio::awaitable<void> run(http::Channel& channel) final;

protected:
    using Clock = http::Channel::Clock;

    Conversation(Hub& hub, kv::Station& station, Transport transport, std::optional<Credentials> credentials);

    // The parts that differ. None is called behind close().
    virtual asio::awaitable<void> open() = 0;
    virtual asio::awaitable<void> take_input() = 0;
    virtual void beat() = 0;              // it is time for a heartbeat
    virtual void lose_credentials() = 0;  // they ended
    virtual void take_leave() = 0;        // the server stops
    virtual void fall_silent() = 0;       // the client takes nothing any more
    virtual void drop(Watch& watch) = 0;  // it is over
    virtual Clock::time_point deadline() const { return Clock::time_point::max(); }

    bool has_room() const override;
    void has_news(Watch& watch) override;

    void ask(Watch& watch);            // has it tell
    void forget(Watch& watch);         // it goes
    void close() { closing_ = true; }  // once everything is sent
    bool closing() const { return closing_; }
    void break_off() { broken_ = closing_ = true; }  // at once
    http::Channel& channel() { return *channel_; }
    bool is_open() const { return channel_ != nullptr; }
    Clock::time_point now() const { return now_; }

    Hub& hub_;
    const Sources sources_;
    const kv::Present present_;
    std::optional<Credentials> credentials_;
    bool input_left_ = false;  // there is more to be taken without a wait

private:
    void run() final;
    bool tell_at_once();
    asio::awaitable<void> check_credentials();
    asio::awaitable<void> tell();

    http::Channel* channel_ = nullptr;
    std::vector<Watch*> pending_;  // in their order; mostly none, or one
    Clock::time_point now_;
    Clock::time_point beat_at_;
    Clock::time_point progress_at_;  // when the client took something, or there was nothing to take
    bool waiting_ = false;
    bool blocked_ = false;
    bool closing_ = false;
    bool broken_ = false;
};

}  // namespace alcove::watch

#include "server/watch/conversation.hpp"

#include <algorithm>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "server/watch/limits.hpp"

namespace alcove::watch {
namespace {

// Watches of one connection that tell something before others have their turn.
constexpr std::size_t turns_max = 64;

}  // namespace

Conversation::Conversation(Hub& hub, kv::Station& station, Transport transport,
                           std::optional<Credentials> credentials)
    : hub_(hub),
      sources_{.store = hub.store, .station = station, .epoch = hub.epoch, .tally = hub.tallies.mine()},
      present_(sources_.tally.open_by(transport)),
      credentials_(std::move(credentials)),
      now_(Clock::now()) {}

asio::awaitable<void> Conversation::run(http::Channel& channel) {
    const auto executor = co_await asio::this_coro::executor;
    channel_ = &channel;
    now_ = progress_at_ = Clock::now();
    beat_at_ = now_ + hub_.heartbeat;
    co_await open();
    for (;;) {
        if (channel.stopping() && !closing_) take_leave();
        if (!closing_) co_await take_input();
        if (!closing_ && credentials_ && !credentials_->undisturbed(hub_.identity)) co_await check_credentials();
        if (!closing_ && now_ >= beat_at_) {
            beat_at_ = now_ + hub_.heartbeat;
            beat();
        }
        if (!closing_) co_await tell();
        if (broken_) co_return;

        const auto before = channel.unsent();
        const auto sent = channel.flush();
        if (sent == http::Channel::Sent::failed) co_return;
        now_ = Clock::now();
        blocked_ = sent == http::Channel::Sent::blocked;
        if (!blocked_ || channel.unsent() != before) progress_at_ = now_;
        if (!blocked_ && closing_) co_return;
        if (blocked_ && now_ - progress_at_ >= channel.write_timeout()) {
            fall_silent();
            co_return;
        }
        if (!blocked_ && (!pending_.empty() || input_left_)) {
            // One that is always busy must not keep the thread from its other connections.
            auto others = asio::post(executor, asio::deferred);
            co_await std::move(others);
            continue;
        }
        auto until = std::min({beat_at_, deadline(), now_ + limits::credentials_interval});
        if (blocked_) until = std::min(until, progress_at_ + channel.write_timeout());
        waiting_ = true;
        auto waiting = channel.wait(until);
        co_await std::move(waiting);
        waiting_ = false;
        now_ = Clock::now();
    }
}

bool Conversation::has_room() const {
    return channel_ == nullptr ||
           (!channel_->sends_shared() && channel_->unsent() < limits::out_bytes_max && !closing_);
}

void Conversation::has_news(Watch& watch) {
    ask(watch);
    // Who cannot take more is woken when it can.
    if (waiting_ && !blocked_) sources_.station.make_ready(*this);
}

void Conversation::ask(Watch& watch) {
    if (std::exchange(watch.queued, true)) return;
    pending_.push_back(&watch);
}

void Conversation::forget(Watch& watch) {
    if (watch.queued) std::erase(pending_, &watch);
}

void Conversation::run() {
    if (!waiting_ || !tell_at_once()) channel_->wake();
}

// What most often is to be done, small news for a client that takes them, needs no turn of the coroutine. False
// when something is left for it.
bool Conversation::tell_at_once() {
    if (!credentials_ || !credentials_->undisturbed(hub_.identity)) return false;
    while (!pending_.empty() && has_room()) {
        Watch& watch = *pending_.front();
        const auto again = watch.tell_recent(*this);
        if (!again || watch.over()) return false;
        pending_.erase(pending_.begin());
        watch.queued = false;
        if (*again) ask(watch);
    }
    return pending_.empty() && channel_->flush() == http::Channel::Sent::all;
}

asio::awaitable<void> Conversation::check_credentials() {
    const bool good = co_await credentials_->still_good(hub_.identity);
    if (good) co_return;
    credentials_.reset();
    lose_credentials();
}

asio::awaitable<void> Conversation::tell() {
    for (std::size_t turns = 0; !pending_.empty() && has_room() && turns < turns_max; ++turns) {
        Watch& watch = *pending_.front();
        pending_.erase(pending_.begin());
        watch.queued = false;  // what happens while it tells is news
        auto again = watch.tell_recent(*this);
        if (!again) {
            auto telling = watch.tell(*this);
            again = co_await std::move(telling);
        }
        if (watch.over()) {
            forget(watch);
            drop(watch);
        } else if (*again) {
            ask(watch);
        }
    }
}

}  // namespace alcove::watch

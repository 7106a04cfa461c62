// Tells every webhook what it is to be told.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string_view>

#include "kv/measure.hpp"
#include "scopes/background.hpp"
#include "scopes/identity.hpp"
#include "server/webhooks/progress.hpp"
#include "server/webhooks/sender.hpp"

namespace alcove::webhooks {

struct DelivererOptions {
    SenderOptions sender;
    RetryPolicy retry;
};

// What is counted of deliveries. Any thread may read it, the deliverer's own changes it.
struct DeliveryCounts {
    kv::Count delivered;
    kv::Count failed;
    kv::Count postponed;        // for want of room of our own: no attempt at all
    kv::Durations duration_ns;  // of the attempts
    kv::Count active;           // webhooks that are followed
    kv::Count sending;          // of these: with a request under way, or waiting for its turn
    kv::Count retrying;         // of these: waiting for the next attempt after a failure
    std::array<kv::Count, inactive_reasons.size()> deactivated;  // by inactive_reasons
};

// *Operation*: each active webhook is followed by a coroutine that reads what comes behind its place, sends one
// message at a time, and goes on behind it once a receiver took it. What could not be sent is sent again, later and
// later, and nothing else goes to that webhook meanwhile. Places are written at most once a second per webhook, so
// after a crash some messages are sent again: at least once, in order. Observers of the store wake who has news.
//
// *Concurrency*: everything happens on one thread of its own, the sending itself on the sender's; start(), stop()
// and send_test() may be called from any thread.
//
// *Limitations*: one request at a time per webhook, and a part of the sender's turns per workspace. What is under
// way when stop() is called is cut off and sent again after the next start.
class Deliverer {
public:
    // `identity` must outlive it. `notice` is told what an operator should know; any thread.
    Deliverer(scopes::Identity& identity, DelivererOptions options, std::function<void(std::string_view)> notice);
    ~Deliverer();  // stops
    Deliverer(const Deliverer&) = delete;
    Deliverer& operator=(const Deliverer&) = delete;

    // Follows every active webhook from where it was left. Once.
    asio::awaitable<scopes::Result<void>> start();

    // Returns when all is at rest and written. Idempotent.
    void stop();

    // Sends that message now, whatever is under way, and counts it nowhere.
    asio::awaitable<SendOutcome> send_once(scopes::FollowedWebhook followed, Message message);

    const DeliveryCounts& counts() const { return counts_; }

private:
    struct Follower;
    using FollowerPointer = std::shared_ptr<Follower>;

    void observe(const kv::Publication& publication);
    void ensure_followed(scopes::Uuid id);
    void wake_followers_of(scopes::Uuid workspace);
    asio::awaitable<void> follow(FollowerPointer follower);
    asio::awaitable<bool> step(Follower& follower);
    enum class Loaded : std::uint8_t { ready, not_now, gone };
    asio::awaitable<Loaded> load(Follower& follower);
    asio::awaitable<bool> read(Follower& follower);
    asio::awaitable<void> deliver(Follower& follower);
    void count(const SendOutcome& outcome);
    void deactivated(std::string_view why);
    void postpone(Follower& follower);
    asio::awaitable<SendOutcome> send(scopes::FollowedWebhook followed, Message message);
    asio::awaitable<void> save(Follower& follower);
    asio::awaitable<void> pause(Follower& follower, std::chrono::milliseconds at_most);

    scopes::Identity& identity_;
    const DelivererOptions options_;
    const std::function<void(std::string_view)> notice_;
    std::atomic<bool> stopping_ = false;

    // On the thread of the background alone.
    std::unique_ptr<Sender> sender_;
    std::mt19937_64 random_;
    std::map<scopes::Uuid, FollowerPointer> followers_;
    DeliveryCounts counts_;

    scopes::Background background_;
    std::unique_ptr<kv::Store::Subscription> subscription_;  // last: it ends before what it wakes
};

}  // namespace alcove::webhooks

#include "server/api/long_poll.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "server/api/conditions.hpp"
#include "server/watch/hub.hpp"

namespace alcove::api {
namespace {

// Waits for changes of one key.
class KeyFollower final : public kv::Follower, public kv::Runnable {
public:
    KeyFollower(kv::Station& station, const kv::NamespaceName& name, std::string_view key,
                const asio::any_io_executor& executor)
        : station_(station),
          key_(key),
          timer_(executor),
          feed_(station.follow(name, *this)),
          seen_(feed_->last()) {}

    // Until something happened to the key since the last call, or at the deadline.
    asio::awaitable<void> wait_until(std::chrono::steady_clock::time_point deadline) {
        if (!happened_) {
            timer_.expires_at(deadline);
            auto waiting = timer_.async_wait(asio::as_tuple(asio::deferred));
            co_await std::move(waiting);
        }
        happened_ = false;
    }

private:
    void news() override {
        bool concerned = feed_->last() == seen_;  // nothing happened: the server stops
        while (!concerned && feed_->reaches_back_to(seen_)) {
            const auto* publication = feed_->next(seen_);
            if (publication == nullptr) return;
            concerned = std::ranges::any_of((*publication)->changes(),
                                            [this](const kv::Change& change) { return concerns(change); });
            seen_ = (*publication)->version();
        }
        seen_ = feed_->last();
        station_.make_ready(*this);
    }

    bool concerns(const kv::Change& change) const {
        return change.kind == kv::Change::Kind::empty || change.kind == kv::Change::Kind::drop ||
               (change.collection == kv::Collection::key && change.key == key_);
    }

    void run() override {
        happened_ = true;
        timer_.cancel();
    }

    kv::Station& station_;
    const std::string_view key_;
    asio::steady_timer timer_;
    const kv::Station::Use feed_;
    kv::Version seen_;
    bool happened_ = false;
};

// Whether who asks knows that already.
bool is_known(const http::Request& request, const kv::Result<kv::Entry>& entry) {
    if (!request.header("if-none-match")) return !entry && entry.error().code == kv::Errc::not_found;
    if (!entry) return false;
    const auto verdict = judge_read(request, *entry);
    return verdict && *verdict == ReadVerdict::not_modified;
}

}  // namespace

asio::awaitable<kv::Result<kv::Entry>> get_when_new(Call& call, std::string_view key,
                                                    std::chrono::milliseconds time) {
    const auto executor = co_await asio::this_coro::executor;
    const auto deadline = std::chrono::steady_clock::now() + time;
    const kv::NamespaceName& name = *call.namespace_name;
    KeyFollower follower(call.services.watches.stations.at(executor), name, key, executor);
    const kv::Present present(call.services.watches.tallies.mine().open_by(watch::Transport::long_poll));
    call.exchange.is_timed = false;
    for (;;) {
        auto entry = co_await call.services.store.get(name, key);
        const bool over = call.services.stopping || std::chrono::steady_clock::now() >= deadline;
        if (over || !is_known(call.request, entry)) co_return entry;
        auto waiting = follower.wait_until(deadline);
        co_await std::move(waiting);
    }
}

}  // namespace alcove::api

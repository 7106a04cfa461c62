#include "server/webhooks/deliverer.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>
#include <vector>

namespace alcove::webhooks {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How often the place of one webhook is written, at most.
constexpr milliseconds save_interval{1000};
// How long a webhook waits for the store, or for a moment of the store's clock, which may be set.
constexpr milliseconds patience{1000};
// Who has no news looks up now and then, so that its place does not fall out of the history.
constexpr milliseconds idle_time{60 * 60 * 1000};

}  // namespace

struct Deliverer::Follower {
    Follower(const scopes::Uuid& of, const asio::any_io_executor& executor) : id(of), alarm(executor) {}

    scopes::DeliveryRecord& delivery() { return followed.webhook.delivery; }

    const scopes::Uuid id;
    asio::steady_timer alarm;
    std::atomic<bool> woken = false;
    scopes::FollowedWebhook followed;  // as it was read last, but for how far it was told
    Batch batch;
    bool unsaved = false;
    Clock::time_point saved_at = Clock::now() - save_interval;
    std::unique_ptr<kv::Store::Subscription> subscription;  // of a trigger
};

Deliverer::Deliverer(scopes::Identity& identity, DelivererOptions options,
                     std::function<void(std::string_view)> notice)
    : identity_(identity),
      options_(std::move(options)),
      notice_(std::move(notice)),
      sender_(std::make_unique<Sender>(options_.sender)),
      random_(std::random_device()()) {}

Deliverer::~Deliverer() {
    stop();
}

asio::awaitable<scopes::Result<void>> Deliverer::start() {
    const auto& records = identity_.records;
    subscription_ =
        records.store().subscribe(records.name(), [this](const kv::PublicationPointer& told) { observe(*told); });
    auto ids = co_await identity_.webhooks.active_ids();
    if (!ids) co_return ids.error();
    for (const auto& id : *ids)
        asio::post(background_.executor(), [this, id] { ensure_followed(id); });
    co_return scopes::Result<void>();
}

void Deliverer::stop() {
    if (stopping_.exchange(true)) return;
    subscription_.reset();
    asio::post(background_.executor(), [this] {
        sender_.reset();  // what is under way comes to its end
        for (const auto& [id, follower] : followers_)
            follower->alarm.cancel();
    });
    background_.join();
}

// On the store's writer thread.
void Deliverer::observe(const kv::Publication& publication) {
    constexpr std::size_t uuid_length = 36;
    constexpr std::string_view event_mark = "/event/";
    std::optional<scopes::Uuid> told;  // a commit's events are of one workspace
    for (const auto& change : publication.changes()) {
        const std::string_view key = change.key;
        if (change.kind == kv::Change::Kind::put && key.starts_with(scopes::keys::deliveries)) {
            const auto id = scopes::id_at_end(key);
            asio::post(background_.executor(), [this, id] { ensure_followed(id); });
        } else if (change.kind == kv::Change::Kind::put &&
                   key.substr(std::min(key.size(), uuid_length)).starts_with(event_mark)) {
            const auto workspace = scopes::parse_uuid(key.substr(0, uuid_length));
            if (!workspace || told == workspace) continue;
            told = workspace;
            asio::post(background_.executor(), [this, id = *workspace] { wake_followers_of(id); });
        }
    }
}

void Deliverer::ensure_followed(scopes::Uuid id) {
    if (stopping_) return;
    auto& follower = followers_[id];
    if (follower) {
        follower->woken = true;
        follower->alarm.cancel();
        return;
    }
    follower = std::make_shared<Follower>(id, background_.executor());
    counts_.active = followers_.size();
    auto task = follow(follower);
    asio::co_spawn(background_.executor(), std::move(task), asio::detached);  // catches everything itself
}

void Deliverer::wake_followers_of(scopes::Uuid workspace) {
    for (const auto& [id, follower] : followers_) {
        const auto& webhook = follower->followed.webhook;
        if (webhook.workspace != workspace || webhook.kind() != scopes::WebhookKind::destination) continue;
        follower->woken = true;
        follower->alarm.cancel();
    }
}

asio::awaitable<void> Deliverer::follow(FollowerPointer follower) {
    try {
        do {
            follower->woken = false;
            while (!stopping_ && co_await step(*follower)) {
            }
            if (follower->unsaved) co_await save(*follower);
        } while (!stopping_ && follower->woken);  // its standing changed while it came to its end
    } catch (const std::exception& failure) {
        notice_("a webhook is told nothing until the next start: " + std::string(failure.what()));
    }
    followers_.erase(follower->id);
    counts_.active = followers_.size();
}

// False when there is nothing left to be done for the webhook.
asio::awaitable<bool> Deliverer::step(Follower& follower) {
    const auto loaded = co_await load(follower);
    if (loaded == Loaded::gone) co_return false;
    if (loaded == Loaded::not_now) co_return true;
    const auto retry_in = milliseconds(follower.delivery().retry_at_ms - identity_.records.store().now_ms());
    if (retry_in > milliseconds(0)) {
        const kv::Present present(counts_.retrying);
        co_await pause(follower, std::min(retry_in, patience));
        co_return true;
    }
    if (follower.batch.messages.empty()) {
        const bool news = co_await read(follower);
        if (!news) co_return !follower.delivery().inactive_because;
    }
    co_await deliver(follower);
    co_return !follower.delivery().inactive_because;
}

asio::awaitable<Deliverer::Loaded> Deliverer::load(Follower& follower) {
    auto found = co_await identity_.webhooks.find(follower.id);
    if (!found && found.error().code == scopes::Errc::webhook_not_found) {
        follower.unsaved = false;
        co_return Loaded::gone;
    }
    if (!found) {
        co_await pause(follower, patience);
        co_return Loaded::not_now;
    }
    auto& followed = follower.followed;
    const bool same_standing = found->delivery_version == followed.delivery_version;
    if (same_standing) found->webhook.delivery = std::move(followed.webhook.delivery);
    if (!same_standing || found->webhook.updated_ms != followed.webhook.updated_ms) follower.batch = {};
    followed = std::move(*found);
    if (followed.webhook.delivery.inactive_because) co_return Loaded::gone;
    const auto* selection = std::get_if<scopes::KeySelection>(&followed.webhook.selection);
    if (selection != nullptr && !follower.subscription) {
        // Outlives the subscription: it is the follower's own.
        auto wake = [this, &follower](const kv::PublicationPointer&) {
            if (follower.woken.exchange(true)) return;
            asio::post(background_.executor(), [this, id = follower.id] {
                const auto found_again = followers_.find(id);
                if (found_again != followers_.end()) found_again->second->alarm.cancel();
            });
        };
        follower.subscription = identity_.records.store().subscribe(selection->followed, wake);
    }
    co_return Loaded::ready;
}

// False when there are no news: then it has waited for some.
asio::awaitable<bool> Deliverer::read(Follower& follower) {
    auto& delivery = follower.delivery();
    const auto place = told_through(follower.followed.webhook);
    auto batch = co_await read_messages(identity_, follower.followed.webhook, place);
    if (!batch) {
        if (is_gone(batch.error())) {
            delivery.inactive_because = inactive_namespace_deleted;
            deactivated(inactive_namespace_deleted);
            follower.unsaved = true;
        } else {
            co_await pause(follower, patience);
        }
        co_return false;
    }
    follower.batch = std::move(*batch);
    if (!follower.batch.messages.empty()) co_return true;
    if (follower.batch.through > place) {
        delivery.place = print(follower.batch.through);
        follower.unsaved = true;
    }
    if (follower.batch.more) co_return false;
    const auto save_in = std::chrono::ceil<milliseconds>(follower.saved_at + save_interval - Clock::now());
    co_await pause(follower, follower.unsaved ? std::max(save_in, milliseconds(0)) : idle_time);
    if (follower.unsaved && Clock::now() >= follower.saved_at + save_interval) co_await save(follower);
    co_return false;
}

asio::awaitable<void> Deliverer::deliver(Follower& follower) {
    const auto message = std::move(follower.batch.messages.front());
    follower.batch.messages.pop_front();
    std::optional<kv::Present> sending(std::in_place, counts_.sending);
    const auto outcome = co_await send(follower.followed, message);
    sending.reset();
    if (stopping_ && !outcome.delivered()) co_return;  // it was cut off
    count(outcome);
    if (outcome.is_ours) co_return postpone(follower);
    const double random = std::uniform_real_distribution<double>(0, 1)(random_);
    const auto now_ms = identity_.records.store().now_ms();
    auto& delivery = follower.delivery();
    note_outcome(delivery, message, outcome, now_ms, random, options_.retry);
    follower.unsaved = true;
    if (!outcome.delivered()) follower.batch = {};  // what waits is not kept in memory
    if (delivery.inactive_because) {
        deactivated(*delivery.inactive_because);
        notice_("webhook " + scopes::format_uuid(follower.id) + " is inactive now: " + *delivery.inactive_because +
                ", last " + outcome.error);
    }
    if (!outcome.delivered() || Clock::now() >= follower.saved_at + save_interval) co_await save(follower);
}

void Deliverer::count(const SendOutcome& outcome) {
    if (outcome.is_ours) {
        counts_.postponed += 1;
        return;
    }
    (outcome.delivered() ? counts_.delivered : counts_.failed) += 1;
    counts_.duration_ns.add(static_cast<std::uint64_t>(std::chrono::nanoseconds(outcome.duration).count()));
}

void Deliverer::deactivated(std::string_view why) {
    const auto reason = std::ranges::find(inactive_reasons, why);
    counts_.deactivated[static_cast<std::size_t>(reason - inactive_reasons.begin())] += 1;
}

// The receiver has no part in it, so nothing is held against it; it is sent again soon.
void Deliverer::postpone(Follower& follower) {
    follower.batch = {};  // what waits is not kept in memory
    follower.delivery().retry_at_ms = identity_.records.store().now_ms() + patience.count();
}

asio::awaitable<SendOutcome> Deliverer::send_once(scopes::FollowedWebhook followed, Message message) {
    auto task = send(std::move(followed), std::move(message));
    auto outcome = co_await asio::co_spawn(background_.executor(), std::move(task), asio::use_awaitable);
    co_return outcome;
}

asio::awaitable<SendOutcome> Deliverer::send(scopes::FollowedWebhook followed, Message message) {
    if (stopping_) co_return SendOutcome{.error = "the server stops", .is_ours = true};
    const auto now_ms = identity_.records.store().now_ms();
    auto& secrets = followed.secrets;
    std::vector<CustomHeader> headers;
    for (auto& [name, value] : secrets.headers)
        headers.push_back({.name = std::move(name), .value = std::move(value)});
    Delivery delivery{.group = scopes::format_uuid(followed.webhook.workspace),
                      .url = std::move(followed.webhook.url),
                      .headers = CustomHeaders::parse(std::move(headers)).value(),
                      .id = std::move(message.id),
                      .body = std::move(message.body),
                      .secrets = {WebhookSecret::parse(secrets.current).value()},
                      .timestamp_s = now_ms / 1000};
    for (const auto& former : secrets.formers) {
        if (now_ms < former.until_ms) delivery.secrets.push_back(WebhookSecret::parse(former.text).value());
    }
    auto outcome = co_await sender_->send(std::move(delivery));
    co_return outcome;
}

asio::awaitable<void> Deliverer::save(Follower& follower) {
    auto& followed = follower.followed;
    follower.saved_at = Clock::now();
    auto saved =
        co_await identity_.webhooks.save(follower.id, followed.delivery_version, followed.webhook.delivery);
    if (!saved) co_return;  // it stays to be saved
    follower.unsaved = false;
    followed.delivery_version = saved->value_or(0);  // 0: somebody else changed it, so it is read anew
}

asio::awaitable<void> Deliverer::pause(Follower& follower, milliseconds at_most) {
    if (follower.woken.exchange(false)) co_return;
    follower.alarm.expires_after(at_most);
    if (!stopping_) co_await follower.alarm.async_wait(asio::as_tuple(asio::use_awaitable));
    follower.woken = false;
}

}  // namespace alcove::webhooks

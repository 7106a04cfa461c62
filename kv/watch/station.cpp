#include "kv/watch/station.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <utility>

namespace alcove::kv {

const PublicationPointer* Feed::next(Version after) const {
    if (after >= last_ || kept_.empty()) return nullptr;
    // Most followers have seen all but the last.
    if (kept_.size() == 1 || kept_[kept_.size() - 2]->publication->version() <= after)
        return &kept_.back()->publication;
    const auto found = std::ranges::partition_point(
        kept_, [after](const KeptList::iterator& kept) { return kept->publication->version() <= after; });
    return &(*found)->publication;
}

Station::Use Station::follow(const NamespaceName& name, Follower& follower) {
    auto& feed = feeds_[name];
    if (!feed) {
        feed = std::make_unique<Feed>();
        feed->name_ = name;
        Feed& fresh = *feed;
        fresh.subscription_ =
            store_.subscribe(name, [this, &fresh](const PublicationPointer& told) { put_mail(fresh, told); });
        // What became readable before it was subscribed to is for the history to tell.
        fresh.last_ = fresh.base_ = store_.status().version;
    }
    feed->followers_.push_back(follower);
    return {*this, *feed};
}

void Station::leave(Feed& feed) {
    if (--feed.users_ != 0) return;
    feed.subscription_.reset();  // from here on nothing is put into the mail for it
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(mail_, [&feed](const Mail& mail) { return mail.feed == &feed; });
    }
    for (const auto& kept : feed.kept_) {
        kept_bytes_ -= kept->publication->bytes();
        kept_.erase(kept);
    }
    feeds_.erase(NamespaceName(feed.name_));
}

// On the writer's thread.
void Station::put_mail(Feed& feed, const PublicationPointer& publication) {
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        const bool fits = mail_bytes_ + publication->bytes() <= recent_bytes_max;
        if (fits) mail_bytes_ += publication->bytes();
        // Of what does not fit only the last is worth a place.
        if (!fits && !mail_.empty() && mail_.back().feed == &feed && !mail_.back().publication) {
            mail_.back().version = publication->version();
        } else {
            mail_.push_back({&feed, fits ? publication : nullptr, publication->version()});
        }
        wake = !std::exchange(awake_, true);
    }
    if (!wake) return;
    asio::post(executor_, [this] {
        refresh();
        settle();
    });
}

Version Station::refresh() {
    const Version told = store_.told();  // first: what was told by now is in the mail
    std::vector<Mail> mail;
    {
        const std::lock_guard lock(mutex_);
        mail.swap(mail_);
        mail_bytes_ = 0;
        awake_ = false;
    }
    for (Mail& one : mail) {
        Feed& feed = *one.feed;
        feed.last_ = std::max(feed.last(), one.version);
        if (one.publication && one.version > feed.base_) {
            keep(feed, std::move(one.publication));
        } else {
            feed.base_ = std::max(feed.base_, one.version);
        }
    }
    while (kept_bytes_ > recent_bytes_max)
        forget_oldest();
    // Each feed once, whatever came for it.
    std::ranges::sort(mail, {}, &Mail::feed);
    const Feed* before = nullptr;
    for (const Mail& one : mail) {
        if (one.feed != std::exchange(before, one.feed)) tell(*one.feed);
    }
    return told;
}

void Station::keep(Feed& feed, PublicationPointer publication) {
    kept_bytes_ += publication->bytes();
    kept_.push_back({&feed, std::move(publication)});
    feed.kept_.push_back(std::prev(kept_.end()));
}

void Station::forget_oldest() {
    const Feed::Kept& oldest = kept_.front();
    kept_bytes_ -= oldest.publication->bytes();
    Feed& feed = *oldest.feed;
    feed.base_ = std::max(feed.base_, oldest.publication->version());
    feed.kept_.pop_front();
    kept_.pop_front();
}

void Station::tell(Feed& feed) {
    for (Follower& follower : feed.followers_)
        follower.news();
}

void Station::make_ready(Runnable& runnable) {
    if (runnable.is_linked()) return;
    ready_.push_back(runnable);
    schedule();
}

void Station::schedule() {
    if (std::exchange(scheduled_, true)) return;
    asio::post(executor_, [this] { settle(); });
}

// Whoever is run may go, take others with it, and make others ready.
void Station::settle() {
    scheduled_ = true;  // what is made ready meanwhile is run here
    while (!ready_.empty()) {
        Runnable& next = ready_.front();
        ready_.pop_front();
        next.run();
    }
    scheduled_ = false;
}

void Station::stir() {
    asio::post(executor_, [this] {
        for (const auto& [name, feed] : feeds_)
            tell(*feed);
        settle();
    });
}

Station& Stations::at(const asio::any_io_executor& executor) {
    asio::execution_context& context = asio::query(executor, asio::execution::context);
    const std::lock_guard lock(mutex_);
    auto& station = stations_[&context];
    if (!station) station = std::make_unique<Station>(store_, executor);
    return *station;
}

void Stations::stir() {
    const std::lock_guard lock(mutex_);
    for (const auto& [context, station] : stations_)
        station->stir();
}

}  // namespace alcove::kv

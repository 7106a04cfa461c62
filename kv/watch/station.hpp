// What happened lately in the namespaces that are followed on one thread, and who follows them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kv/measure.hpp"
#include "kv/store.hpp"

namespace alcove::kv {

// Publications that wait for a thread, and those that it keeps for its followers, each. Beyond it the oldest go:
// who needs them reads the history.
inline constexpr std::size_t recent_bytes_max = std::size_t{8} << 20;

// Something that goes on when there is news; see Station::make_ready().
class Runnable
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~Runnable() = default;
    virtual void run() = 0;
};

// Follows a feed from when it joins to when it goes.
class Follower
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~Follower() = default;

    // There are new publications in the feed, or the station stops. Must only take note, and make something ready:
    // no follower may come or go meanwhile.
    virtual void news() = 0;
};

// The recent publications of one namespace: all behind some version, in their order.
class Feed {
public:
    // Whether everything behind that version is here.
    bool reaches_back_to(Version after) const { return after >= base_; }
    // The first publication behind that version; nullptr when there is none. Only when it reaches back there.
    const PublicationPointer* next(Version after) const;
    // The version of the last publication that came, here or not any more. Any thread, while the feed is there.
    Version last() const { return last_; }

private:
    friend class Station;
    struct Kept {
        Feed* feed;
        PublicationPointer publication;
    };
    using KeptList = std::list<Kept>;  // of the station, oldest first

    Version base_ = 0;
    Shown<Version> last_ = 0;
    std::deque<KeptList::iterator> kept_;
    boost::intrusive::list<Follower, boost::intrusive::constant_time_size<false>> followers_;
    std::size_t users_ = 0;
    NamespaceName name_;
    std::unique_ptr<Store::Subscription> subscription_;
};

// Operation. The store's writer puts publications into the mail of every station that follows the namespace, and
// wakes its thread once for all that comes together. The thread takes the mail, tells the followers, and goes on
// with what they made ready.
//
// Concurrency. The mail is locked. Everything else belongs to the thread of the executor.
//
// Limitations. Memory is bounded by recent_bytes_max for what is kept and once more for the mail.
class Station {
public:
    // The store must outlive it, and so must what runs the executor, which must be one thread.
    Station(Store& store, asio::any_io_executor executor) : store_(store), executor_(std::move(executor)) {}
    Station(const Station&) = delete;
    Station& operator=(const Station&) = delete;

    // A feed that is used until the handle goes. It reaches back to what was readable when the call began.
    class Use {
    public:
        Use() = default;
        Use(Station& station, Feed& feed) : station_(&station), feed_(&feed) { ++feed.users_; }
        Use(Use&& other) noexcept : station_(other.station_), feed_(std::exchange(other.feed_, nullptr)) {}
        Use& operator=(Use&& other) noexcept {
            std::swap(station_, other.station_);
            std::swap(feed_, other.feed_);
            return *this;
        }
        ~Use() {
            if (feed_ != nullptr) station_->leave(*feed_);
        }
        const Feed& operator*() const { return *feed_; }
        const Feed* operator->() const { return feed_; }
        explicit operator bool() const { return feed_ != nullptr; }

    private:
        Station* station_ = nullptr;
        Feed* feed_ = nullptr;
    };
    // Handle and follower may go in any order, on this thread.
    Use follow(const NamespaceName& name, Follower& follower);

    // Takes what has come. Everything up to the version that is returned is in the feeds or was in them; it is
    // never behind what was answered before the call.
    Version refresh();

    // Has it run soon, on this thread, once, from outside of all others.
    void make_ready(Runnable& runnable);

    // Any thread: all followers are told that there is news, once.
    void stir();

private:
    struct Mail {
        Feed* feed;
        PublicationPointer publication;  // nullptr: it did not fit
        Version version;
    };

    void put_mail(Feed& feed, const PublicationPointer& publication);
    void leave(Feed& feed);
    void keep(Feed& feed, PublicationPointer publication);
    void forget_oldest();
    void tell(Feed& feed);
    void schedule();
    void settle();

    Store& store_;
    const asio::any_io_executor executor_;

    std::mutex mutex_;  // guards the mail
    std::vector<Mail> mail_;
    std::size_t mail_bytes_ = 0;
    bool awake_ = false;  // the thread will look

    std::unordered_map<NamespaceName, std::unique_ptr<Feed>, NamespaceNameHash> feeds_;
    Feed::KeptList kept_;
    std::size_t kept_bytes_ = 0;
    boost::intrusive::list<Runnable, boost::intrusive::constant_time_size<false>> ready_;
    bool scheduled_ = false;
};

// Finds the station of a thread. Thread-safe.
class Stations {
public:
    explicit Stations(Store& store) : store_(store) {}

    // `executor` is one of a context that one thread runs; the same context has the same station.
    Station& at(const asio::any_io_executor& executor);

    // All followers everywhere are told that there is news.
    void stir();

private:
    Store& store_;
    std::mutex mutex_;
    std::unordered_map<asio::execution_context*, std::unique_ptr<Station>> stations_;
};

}  // namespace alcove::kv

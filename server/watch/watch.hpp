// One watch: how far it has told its namespace's history, and what it tells next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kv/watch/station.hpp"
#include "scopes/resolution_cache.hpp"
#include "server/api/error.hpp"
#include "server/watch/event_texts.hpp"
#include "server/watch/frames.hpp"
#include "server/watch/request.hpp"
#include "server/watch/tally.hpp"

namespace alcove::watch {

namespace asio = boost::asio;

class Watch;

// Whoever carries watches hears when one of them has something to tell.
class WatchOwner {
public:
    virtual void has_news(Watch& watch) = 0;

protected:
    ~WatchOwner() = default;
};

// What a watch reads from; both outlive it.
struct Sources {
    kv::Store& store;
    kv::Station& station;
    std::string_view epoch;
    Tally& tally;
};

// Operation. A watch keeps a position in the history and nothing of what lies behind it. What happened lately is
// told out of the station's feed, as texts that all its watches share; what is older is read from the history
// again, some frames at a time. A snapshot is read page by page: between two pages it tells what changed meanwhile
// among the keys that were passed already, up to the version of the later page; changes of keys that were not
// passed yet will be in their page.
//
// Concurrency. Belongs to the station's thread.
//
// Limitations. With `previous` everything is read from the history, since what an entry was stands there.
class Watch final : public kv::Follower, private Tally::Member {
public:
    Watch(const Sources& sources, WatchOwner& owner, std::uint64_t id, scopes::Resolved name, WatchRequest request);
    ~Watch() override;

    // Says `ok`, and `reset` right after it where that is so. A problem when it cannot begin: it is over then.
    asio::awaitable<std::optional<api::Problem>> begin(FrameSink& sink);

    // Tells at most one frame, or looks further. False when there is nothing to be told for now: owner.has_news()
    // says when to ask again.
    asio::awaitable<bool> tell(FrameSink& sink);
    // The same for what needs neither the store nor a suspension; nullopt: that is not enough.
    std::optional<bool> tell_recent(FrameSink& sink);

    // Has a progress told that is not older than now.
    void ask_progress();

    // Says that it is over.
    void end(FrameSink& sink, std::string_view why);
    bool over() const { return over_; }

    std::uint64_t id() const { return id_; }
    const kv::NamespaceName& name() const { return *name_; }

    bool queued = false;  // the owner's: it is going to ask

private:
    class Batch;
    // How far a snapshot is, until it is told.
    struct Snapshot {
        std::string passed;         // every key up to this one is told; empty: none
        std::string passed_before;  // the same for changes up to the last page's version
        kv::Version page_version = 0;
        std::string next;  // Page::next
        bool begun = false;
        bool complete = false;  // the last page is told
    };

    void news() override;
    kv::Version behind() const override;
    bool wants(const kv::Change& change) const;
    bool page_is_due() const;
    bool tell_whole_commit(FrameSink& sink);
    const EventTexts& texts_of(const kv::Publication& publication) const;
    std::string cursor_at(kv::Version version) const;
    void say(FrameSink& sink, std::string_view type, const std::string& text, std::string_view cursor = {});
    void put_events(FrameSink& sink, std::string events, kv::Version through, bool more);
    void finish(FrameSink& sink, Batch& batch);
    bool add(FrameSink& sink, Batch& batch, std::span<const kv::Change> changes, const EventTexts& texts,
             std::shared_ptr<const void> owner);
    void tell_alone(FrameSink& sink, std::span<const kv::Change> changes, const EventTexts& texts,
                    std::shared_ptr<const void> owner);
    void reset(FrameSink& sink, std::string_view why, kv::Version oldest);
    bool caught_up(FrameSink& sink);
    void tell_progress(FrameSink& sink);

    asio::awaitable<bool> tell_history(FrameSink& sink);
    asio::awaitable<bool> tell_page(FrameSink& sink);
    asio::awaitable<std::vector<Previous>> read_previous(std::span<const kv::Change> changes);

    Sources sources_;
    WatchOwner& owner_;
    const std::uint64_t id_;
    const scopes::Resolved name_;
    WatchRequest request_;
    kv::Station::Use feed_;

    kv::Shown<kv::Version> position_ = 0;  // every change up to this version is told
    std::size_t told_of_next_ = 0;         // and so many events of the version behind it
    std::unique_ptr<Snapshot> snapshot_;
    std::optional<kv::Version> progress_due_;
    bool over_ = false;
};

}  // namespace alcove::watch

#include "server/watch/watch.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "server/api/cursor.hpp"
#include "server/api/values.hpp"
#include "server/watch/limits.hpp"

namespace alcove::watch {
namespace {

using api::Problem;

constexpr std::string_view namespace_deleted = "namespace_deleted";

}  // namespace

// Small commits that are told in one frame.
class Watch::Batch {
public:
    Batch(kv::Version position, Mode mode) : through(position), mode_(mode) {}

    void add(const kv::Change& change, std::string_view text) {
        if (mode_ == Mode::every) {
            ++size_;
            if (!events_.empty()) events_.push_back(',');
            events_.append(text);
            return;
        }
        const auto [known, fresh] = places_.try_emplace(change.key, latest_.size());
        if (fresh) {
            latest_.push_back(
                {.change = change, .text = std::string(text), .created = change.previous_version == 0});
            return;
        }
        // In the place of the later one, as seen by who has not seen the earlier.
        const bool created = latest_[known->second].created;
        latest_[known->second].change.key.clear();
        latest_[known->second].text.clear();
        known->second = latest_.size();
        latest_.push_back({.change = change, .text = std::string(text), .created = created, .merged = true});
    }

    bool empty() const { return size() == 0; }
    std::size_t size() const { return mode_ == Mode::every ? size_ : places_.size(); }

    std::string take(Values values) {
        for (Latest& latest : latest_) {
            if (latest.text.empty()) continue;
            if (!events_.empty()) events_.push_back(',');
            if (latest.merged && latest.created != (latest.change.previous_version == 0)) {
                std::string text;
                scopes::json::Writer writer(text);
                print_event(writer, latest.change, latest.created, values, {});
                keep_to_one_line(text);
                events_.append(text);
            } else {
                events_.append(latest.text);
            }
        }
        return std::move(events_);
    }

    kv::Version through;
    std::size_t bytes = 0;  // of the texts that were looked at

private:
    struct Latest {
        kv::Change change;
        std::string text;
        bool created = false;
        bool merged = false;
    };
    const Mode mode_;
    std::size_t size_ = 0;  // with Mode::every
    std::string events_;
    std::vector<Latest> latest_;
    std::unordered_map<std::string, std::size_t> places_;
};

Watch::Watch(const Sources& sources, WatchOwner& owner, std::uint64_t id, scopes::Resolved name,
             WatchRequest request)
    : sources_(sources), owner_(owner), id_(id), name_(std::move(name)), request_(std::move(request)) {}

Watch::~Watch() {
    if (Tally::Member::is_linked()) sources_.tally.leave(*this);
}

asio::awaitable<std::optional<Problem>> Watch::begin(FrameSink& sink) {
    over_ = true;  // until it is sure that it begins
    const auto* cursor = request_.from.kind == From::Kind::cursor ? &request_.from.cursor : nullptr;
    feed_ = sources_.station.follow(*name_, *this);
    const kv::Version told = sources_.station.refresh();
    auto usage = co_await sources_.store.usage(*name_);
    if (!usage) co_return api::to_problem(usage.error());
    const bool same_epoch = !cursor || cursor->epoch == sources_.epoch;
    if (cursor && same_epoch && cursor->version > sources_.store.status().version) {
        co_return api::invalid_field("from", "'from' holds a cursor of the future: no answer has given it");
    }
    over_ = false;
    position_ = cursor && same_epoch ? cursor->version : told;
    sources_.tally.join(*this);
    const auto text = cursor_frame(
        "ok", id_, cursor ? api::print_history_cursor(cursor->epoch, cursor->version) : cursor_at(position_));
    if (request_.from.kind == From::Kind::snapshot) {
        snapshot_ = std::make_unique<Snapshot>();
        say(sink, "ok", text);
    } else {
        say(sink, "ok", text, same_epoch ? cursor_at(position_) : std::string());
    }
    if (!same_epoch) reset(sink, reset_epoch, sources_.store.status().forgotten);
    co_return std::nullopt;
}

void Watch::news() {
    if (over_ || queued) return;
    // Most of what happens concerns few: a change that is not told costs nobody a turn.
    while (!snapshot_ && !request_.previous && told_of_next_ == 0 && feed_->reaches_back_to(position_)) {
        const auto* publication = feed_->next(position_);
        if (publication == nullptr) return;
        const auto& changes = (*publication)->changes();
        const bool ends =
            changes.front().kind == kv::Change::Kind::empty || changes.front().kind == kv::Change::Kind::drop;
        if (ends || std::ranges::any_of(changes, [this](const kv::Change& change) { return wants(change); })) break;
        position_ = (*publication)->version();
    }
    owner_.has_news(*this);
}

kv::Version Watch::behind() const {
    const kv::Version last = feed_->last();
    const kv::Version told = position_;
    return last > told ? last - told : 0;
}

bool Watch::wants(const kv::Change& change) const {
    if (change.collection != kv::Collection::key || !request_.operations.holds(change.kind) ||
        !change.key.starts_with(request_.prefix))
        return false;
    if (!snapshot_) return true;
    if (change.version <= snapshot_->page_version) return change.key <= snapshot_->passed_before;
    return snapshot_->complete || change.key <= snapshot_->passed;
}

bool Watch::page_is_due() const {
    return snapshot_ && position_ >= snapshot_->page_version && told_of_next_ == 0;
}

const EventTexts& Watch::texts_of(const kv::Publication& publication) const {
    static_assert(kv::Publication::forms == 2);
    return publication.form<EventTexts>(static_cast<std::size_t>(request_.values), [&] {
        return EventTexts(publication.changes(), request_.values, cursor_at(publication.version()));
    });
}

std::string Watch::cursor_at(kv::Version version) const {
    return api::print_history_cursor(sources_.epoch, version);
}

void Watch::say(FrameSink& sink, std::string_view type, const std::string& text, std::string_view cursor) {
    sink.put({.type = type, .cursor = cursor, .text = text, .tail = {}});
}

std::optional<bool> Watch::tell_recent(FrameSink& sink) {
    if (over_) return false;
    if (request_.previous || !feed_->reaches_back_to(position_) || page_is_due()) return std::nullopt;
    if (tell_whole_commit(sink)) return true;
    Batch batch(position_, request_.mode);
    bool stopped = false;
    while (const auto* next = feed_->next(batch.through)) {
        const kv::PublicationPointer publication = *next;
        const auto& changes = publication->changes();
        const auto kind = changes.front().kind;
        if (kind == kv::Change::Kind::empty || kind == kv::Change::Kind::drop) {
            if (!batch.empty()) break;
            if (kind == kv::Change::Kind::empty) {
                reset(sink, reset_emptied, publication->version());
            } else {
                end(sink, namespace_deleted);
            }
            return false;
        }
        stopped = !add(sink, batch, changes, texts_of(*publication), publication);
        if (stopped) break;
    }
    const bool moved = stopped || batch.through > position_;
    finish(sink, batch);
    return moved || caught_up(sink);
}

// What most often is to be told: one commit, all of it, in the text that all share. False when it is something
// else.
bool Watch::tell_whole_commit(FrameSink& sink) {
    const auto* next = feed_->next(position_);
    if (next == nullptr || snapshot_ || told_of_next_ != 0 || feed_->last() != (*next)->version()) return false;
    const kv::PublicationPointer publication = *next;
    const auto& changes = publication->changes();
    if (!std::ranges::all_of(changes, [this](const kv::Change& change) { return wants(change); })) return false;
    const EventTexts& texts = texts_of(*publication);
    if (texts.tail().size() > limits::frame_bytes_max) return false;
    position_ = publication->version();
    sources_.tally.events += texts.events().size();
    const auto begin = frame_begin("events", id_);
    sink.put(
        {.type = "events", .cursor = texts.cursor(), .text = begin, .tail = texts.tail(), .owner = publication});
    tell_progress(sink);
    return true;
}

asio::awaitable<bool> Watch::tell(FrameSink& sink) {
    if (over_) co_return false;
    if (page_is_due()) {
        auto telling = tell_page(sink);
        co_return co_await std::move(telling);
    }
    auto telling = tell_history(sink);
    co_return co_await std::move(telling);
}

// The history behind the position, as far as a page of it goes.
asio::awaitable<bool> Watch::tell_history(FrameSink& sink) {
    auto page =
        co_await sources_.store.changes(*name_, position_, limits::history_changes_max, limits::history_bytes_max);
    if (!page) {
        if (page.error().code == kv::Errc::compacted) {
            reset(sink, page.error().emptied ? reset_emptied : reset_compacted, page.error().oldest);
        } else if (page.error().code == kv::Errc::not_found) {
            end(sink, namespace_deleted);
        }
        co_return false;  // else the store closes, and the connection with it
    }
    Batch batch(position_, request_.mode);
    const std::span<const kv::Change> all = page->changes;
    std::size_t begin = 0;
    bool whole = true;
    while (whole && begin < all.size()) {
        std::size_t end = begin + 1;
        while (end < all.size() && all[end].version == all[begin].version)
            ++end;
        const auto changes = all.subspan(begin, end - begin);
        begin = end;
        if (std::ranges::none_of(changes, [this](const kv::Change& change) { return wants(change); })) {
            batch.through = changes.front().version;
            continue;
        }
        std::vector<Previous> previous;
        if (request_.previous) previous = co_await read_previous(changes);
        const auto texts = std::make_shared<const EventTexts>(changes, request_.values,
                                                              cursor_at(changes.front().version), previous);
        whole = add(sink, batch, changes, *texts, texts);
    }
    if (whole && told_of_next_ == 0) batch.through = std::max(batch.through, page->through);
    const bool moved = batch.through > position_ || !whole;
    finish(sink, batch);
    co_return moved || caught_up(sink);
}

// What the changes replaced or removed, where the history still has it.
asio::awaitable<std::vector<Previous>> Watch::read_previous(std::span<const kv::Change> changes) {
    std::vector<Previous> previous(changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
        if (changes[i].previous_version == 0 || !wants(changes[i])) continue;
        auto page = co_await sources_.store.changes(*name_, changes[i].previous_version - 1, 1, 1);
        if (!page) continue;
        for (kv::Change& change : page->changes) {
            if (change.version == changes[i].previous_version && change.key == changes[i].key &&
                change.collection == changes[i].collection)
                previous[i] = std::move(change.entry);
        }
    }
    co_return previous;
}

// Adds a commit to the batch; false when the batch is to be told first, or the commit was told by itself.
bool Watch::add(FrameSink& sink, Batch& batch, std::span<const kv::Change> changes, const EventTexts& texts,
                std::shared_ptr<const void> owner) {
    if (texts.tail().size() >= limits::shared_bytes_min || told_of_next_ != 0) {
        if (batch.empty()) {
            position_ = std::max<kv::Version>(position_, batch.through);
            tell_alone(sink, changes, texts, std::move(owner));
            batch.through = position_;
        }
        return false;
    }
    std::size_t wanted = 0;
    for (const auto& event : texts.events())
        wanted += wants(changes[event.change]) ? 1 : 0;
    for (const auto& event : texts.events()) {
        const kv::Change& change = changes[event.change];
        if (wanted != 0 && wants(change)) batch.add(change, texts.text_of(event));
    }
    if (wanted != 0) batch.bytes += texts.tail().size();
    batch.through = changes.front().version;
    return batch.bytes < limits::batch_bytes_max;
}

// A commit that is large, in as many frames as it takes: one of them now.
void Watch::tell_alone(FrameSink& sink, std::span<const kv::Change> changes, const EventTexts& texts,
                       std::shared_ptr<const void> owner) {
    const kv::Version version = changes.front().version;
    std::vector<const EventTexts::Event*> wanted;
    for (const auto& event : texts.events()) {
        if (wants(changes[event.change])) wanted.push_back(&event);
    }
    const bool all = wanted.size() == texts.events().size() && told_of_next_ == 0;
    if (all && (wanted.size() == 1 || texts.tail().size() <= limits::frame_bytes_max)) {
        const auto begin = snapshot_ ? frame_begin("events", id_).append("\"cursor\":null,\"more\":false,")
                                     : frame_begin("events", id_);
        const auto cursor = snapshot_ ? std::string() : cursor_at(version);
        position_ = version;
        sources_.tally.events += wanted.size();
        sink.put({.type = "events",
                  .cursor = cursor,
                  .text = begin,
                  .tail = snapshot_ ? texts.tail_without_cursor() : texts.tail(),
                  .owner = std::move(owner)});
        return;
    }
    std::string events;
    std::size_t next = told_of_next_;
    for (; next < wanted.size(); ++next) {
        const auto text = texts.text_of(*wanted[next]);
        if (!events.empty() && events.size() + text.size() > limits::frame_bytes_max - 1024) break;
        if (!events.empty()) events.push_back(',');
        events.append(text);
    }
    sources_.tally.events += next - told_of_next_;
    const bool more = next < wanted.size();
    told_of_next_ = more ? next : 0;
    if (!more) position_ = version;
    if (!events.empty()) put_events(sink, std::move(events), position_, more);
}

// `events` are printed. The cursor is that of the last version that is told whole.
void Watch::put_events(FrameSink& sink, std::string events, kv::Version through, bool more) {
    const auto cursor = snapshot_ ? std::string() : cursor_at(through);
    auto begin = frame_begin("events", id_);
    if (snapshot_) {
        begin.append("\"cursor\":null");
    } else {
        begin.append("\"cursor\":\"").append(cursor).append("\"");
    }
    begin.append(more ? ",\"more\":true,\"events\":[" : ",\"more\":false,\"events\":[");
    const auto tail =
        std::make_shared<const std::string>(std::move(events.append("]}").append(EventTexts::blank_line)));
    const auto shown = std::string_view(*tail).substr(0, tail->size() - EventTexts::blank_line.size());
    sink.put({.type = "events",
              .cursor = more ? std::string_view() : cursor,
              .text = begin,
              .tail = shown,
              .owner = tail});
}

void Watch::finish(FrameSink& sink, Batch& batch) {
    if (!batch.empty()) {
        sources_.tally.events += batch.size();
        put_events(sink, batch.take(request_.values), batch.through, false);
    }
    position_ = std::max<kv::Version>(position_, batch.through);
    tell_progress(sink);
}

// Nothing is there behind the position. True when there may be, after all.
bool Watch::caught_up(FrameSink& sink) {
    if (over_) return false;
    if (progress_due_ || (snapshot_ && !page_is_due())) {
        const kv::Version told = sources_.station.refresh();
        if (!feed_->reaches_back_to(position_) || feed_->next(position_) != nullptr) return true;
        position_ = std::max<kv::Version>(position_, told);
        tell_progress(sink);
    }
    return page_is_due();
}

void Watch::tell_progress(FrameSink& sink) {
    if (!progress_due_ || over_ || snapshot_ || told_of_next_ != 0 || position_ < *progress_due_) return;
    progress_due_.reset();
    const auto cursor = cursor_at(position_);
    say(sink, "progress", cursor_frame("progress", id_, cursor), cursor);
}

void Watch::ask_progress() {
    progress_due_ = sources_.store.told();
    if (!over_ && !queued) owner_.has_news(*this);
}

// The next page of a snapshot; behind the last one the watch goes on as any other.
asio::awaitable<bool> Watch::tell_page(FrameSink& sink) {
    Snapshot& snapshot = *snapshot_;
    if (snapshot.complete) {
        snapshot_.reset();
        const auto cursor = cursor_at(position_);
        say(sink, "synced", cursor_frame("synced", id_, cursor), cursor);
        co_return true;
    }
    // A namespace that was last written long ago has an old version: what the page shows reaches further.
    const kv::Version told = sources_.store.told();
    const kv::KeyRange range{.prefix = request_.prefix, .start = {}, .end = {}, .delimiter = {}};
    const kv::PageRequest request{
        .entries_max = limits::snapshot_items_max,
        .bytes_max = limits::snapshot_bytes_max,
        .values = request_.values == Values::include ? kv::Values::include : kv::Values::omit,
        .after = snapshot.next};
    auto page = co_await sources_.store.list(*name_, range, request, kv::Collection::key);
    if (!page) {
        if (page.error().code == kv::Errc::not_found) end(sink, namespace_deleted);
        co_return false;
    }
    snapshot.page_version = std::max(page->version, told);
    if (!snapshot.begun) position_ = snapshot.page_version;  // no key was passed: there is nothing to catch up with
    snapshot.begun = true;
    snapshot.passed_before = snapshot.passed;
    if (!page->items.empty()) snapshot.passed = page->items.back().key;
    snapshot.next = page->next;
    snapshot.complete = page->next.empty();
    if (page->items.empty()) co_return true;

    std::string items;
    scopes::json::Writer writer(items);
    writer.open_array();
    for (const kv::Item& item : page->items) {
        writer.open_object().member("key", item.key);
        writer.name("version").plain_string(std::to_string(item.entry.version));
        writer.member("contentType", item.entry.content_type);
        if (request_.values == Values::include)
            api::print_value(writer.name("value"), item.entry.content_type, item.entry.value);
        writer.close_object();
    }
    writer.close_array();
    keep_to_one_line(items);
    const auto tail =
        std::make_shared<const std::string>(std::move(items.append("}").append(EventTexts::blank_line)));
    const auto shown = std::string_view(*tail).substr(0, tail->size() - EventTexts::blank_line.size());
    const auto begin = frame_begin("snapshot", id_).append("\"items\":");
    sink.put({.type = "snapshot", .cursor = {}, .text = begin, .tail = shown, .owner = tail});
    co_return true;
}

void Watch::reset(FrameSink& sink, std::string_view why, kv::Version oldest) {
    over_ = true;
    sources_.tally.reset(why);
    say(sink, "reset", reset_frame(id_, why, cursor_at(oldest)));
}

void Watch::end(FrameSink& sink, std::string_view why) {
    over_ = true;
    say(sink, "end", end_frame(id_, why));
}

}  // namespace alcove::watch

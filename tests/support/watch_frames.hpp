// What a watch tells, taken apart, summed up in one line, and held against its promises.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alcove::test {

// An event, or an item of a snapshot, which has no `op`. Values are JSON as it came, empty when absent.
struct WatchEvent {
    std::string op{};
    std::string key{};
    std::uint64_t version = 0;
    std::string content_type{};
    std::optional<bool> created{};
    std::string value{};
    std::string previous{};
};

struct WatchFrame {
    std::string text;  // as it came
    std::string type;  // `t`
    std::optional<std::uint64_t> id;
    std::string cursor;  // empty when null or absent
    bool more = false;
    std::vector<WatchEvent> events;  // or the items of a snapshot
    std::string why;
    std::string oldest;
    std::string code;
    std::string field;
};

// What came is nothing of docs/api.md; says why, with the text.
class BadFrame : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Throws BadFrame for whatever it does not know, be it a member too many.
WatchFrame parse_frame(std::string text);

// "put a/1=1, delete a/2, expire a/3"; items of a snapshot are "a/1=1".
std::string told(const std::vector<WatchEvent>& events);
// The events or items, else "synced", "reset emptied", "end auth", "error VALIDATION_ERROR prefix".
std::string told(const WatchFrame& frame);

// Cursors are opaque to clients; tests look inside.
std::string make_cursor(std::string_view epoch, std::uint64_t version);
std::uint64_t cursor_version(std::string_view cursor);
std::string cursor_epoch(std::string_view cursor);

// What a client knows that applies a watch's frames in their order, over any number of connections.
//
// Operation: apply() checks what docs/api.md promises of every frame; problems() says what was broken. A version
// that was told in part is applied when the rest of it has come.
//
// Limitations: not for a watch of some operations alone. `created` and deletes are checked as far as the keys are
// known: all behind a snapshot, else those that were told of. An expiry may be told of a key that no snapshot has
// shown, since keys that have expired are not shown.
class Replica {
public:
    enum class From : std::uint8_t { now, snapshot, cursor };
    enum class Mode : std::uint8_t { every, latest };
    struct Entry {
        std::uint64_t version = 0;
        std::string value;
        bool operator==(const Entry&) const = default;
    };
    using Entries = std::map<std::string, Entry>;

    explicit Replica(From from = From::snapshot, std::string prefix = "", Mode mode = Mode::every);

    // The next frames are of another watch: one that goes on from cursor(), or that has nothing to do with what
    // was.
    void begin_again(From from);
    void apply(const WatchFrame& frame);

    const Entries& entries() const { return entries_; }
    // Where one can go on; empty before there is such a place.
    const std::string& cursor() const { return cursor_; }
    // Up to which nothing is missing.
    std::uint64_t version() const { return whole_; }
    bool synced() const { return synced_; }
    // Why the watch is over, such as "reset compacted" or "end auth"; empty while it is not.
    const std::string& over() const { return over_; }
    const std::string& oldest() const { return oldest_; }  // of the last reset

    // What was broken, the first few of it; empty when every promise was kept.
    const std::string& problems() const { return problems_; }
    // Every event that was ever told and whole.
    const std::set<std::pair<std::uint64_t, std::string>>& events() const { return events_; }

private:
    enum class Known : std::uint8_t { present, absent, unknown };

    void problem(const std::string& text, const WatchFrame& frame);
    void expect(bool holds, const char* text, const WatchFrame& frame) {
        if (!holds) problem(text, frame);
    }
    void take_items(const WatchFrame& frame);
    void take_events(const WatchFrame& frame);
    void check_event(const WatchEvent& event, const WatchFrame& frame);
    void take(const WatchEvent& event, const WatchFrame& frame);
    void take_cursor(const WatchFrame& frame);
    Known known(const std::string& key) const;

    const std::string prefix_;
    const Mode mode_;
    Entries entries_;
    std::set<std::string> absent_;  // told of as gone
    std::set<std::pair<std::uint64_t, std::string>> events_;
    std::vector<WatchEvent> partial_;  // of the version that is not whole yet

    From from_;
    std::string cursor_;
    std::string over_;
    std::string oldest_;
    std::string problems_;
    std::uint64_t last_ = 0;   // version of the last event
    std::uint64_t whole_ = 0;  // no event up to it may come any more
    bool began_ = false;
    bool synced_ = false;
    bool complete_ = false;  // what is not in `entries_` is absent
    std::string passed_;     // the last key of the snapshot so far
    std::string ahead_;      // the last key that was told of between its pages
};

// A page of `GET NS/kv?values=true`, added to `entries`; returns its cursor, empty on the last page.
std::string read_list(const std::string& body, Replica::Entries& entries);

}  // namespace alcove::test

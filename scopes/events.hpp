// What happened to the connections and end users of a workspace: told in the commit that did it, in the order of
// the commits.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/error.hpp"
#include "scopes/names.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

inline constexpr TimeMs event_retention_ms = TimeMs{30} * 24 * 60 * 60 * 1000;

// What a reporter may say in one event: a summary, not the thing itself.
inline constexpr std::size_t event_data_bytes_max = std::size_t{64} << 10;

// One page looks at no more events than that, whatever it is looking for.
inline constexpr std::size_t events_examined_max = 2000;

struct Event {
    std::string place;  // in the order of the workspace's events
    EventRecord record;
    TimeMs created_ms = 0;
};

// All that are given hold together.
struct EventFilter {
    std::vector<std::string> types;  // one of them, or `*` for every one; empty: every one
    std::optional<Uuid> connection;
    std::optional<std::string> external_id;
};

struct EventsPage {
    std::vector<Event> items;
    std::string through;  // the place up to which everything was looked at; what the next page goes on behind
    bool more = false;    // there are events behind it
};

// Adds the event to the commit that it tells of.
void tell(RecordCommit& commit, const Uuid& workspace, const EventRecord& event);

// Thread-safe. `records` must outlive it.
class Events {
public:
    explicit Events(SystemStore& records) : records_(records) {}

    // event_not_found, also when it is older than event_retention_ms
    asio::awaitable<Result<Event>> get(Uuid workspace, std::string place);

    // What comes behind `after` (a place, or empty for the beginning), oldest first. With few that fit, a page may
    // be short, even empty, while more follows.
    asio::awaitable<Result<EventsPage>> page(Uuid workspace, EventFilter filter, std::string after,
                                             std::size_t limit);

private:
    SystemStore& records_;
};

Error event_not_found();

}  // namespace alcove::scopes

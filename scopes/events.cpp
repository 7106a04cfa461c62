#include "scopes/events.hpp"

#include <algorithm>
#include <utility>

namespace alcove::scopes {
namespace {

constexpr std::size_t read_at_once = 200;

Event to_event(std::string_view key, const kv::EntryView& entry) {
    return {.place = std::string(key.substr(key.size() - Place::text_length)),
            .record = parse_record<EventRecord>(entry.value),
            .created_ms = entry.created_ms};
}

bool fits(const EventRecord& event, const EventFilter& filter) {
    const auto& types = filter.types;
    const bool of_type = types.empty() || std::ranges::find(types, "*") != types.end() ||
                         std::ranges::find(types, event.type) != types.end();
    return of_type && (!filter.connection || event.connection == filter.connection) &&
           (!filter.external_id || event.external_id == filter.external_id);
}

}  // namespace

void tell(RecordCommit& commit, const Uuid& workspace, const EventRecord& event) {
    commit.put_sequential(keys::events(workspace), print(event), kv::Expiry::after(event_retention_ms));
}

Error event_not_found() {
    return {.code = Errc::event_not_found, .message = "there is no such event"};
}

asio::awaitable<Result<Event>> Events::get(Uuid workspace, std::string place) {
    if (!parse_place(place)) co_return event_not_found();
    const auto key = keys::events(workspace) + place;
    auto entry = co_await records_.find(key);
    if (!entry) co_return entry.error();
    if (!*entry) co_return event_not_found();
    co_return to_event(key, kv::view_of(**entry));
}

asio::awaitable<Result<EventsPage>> Events::page(Uuid workspace, EventFilter filter, std::string after,
                                                 std::size_t limit) {
    EventsPage page;
    page.through = std::move(after);
    kv::KeyRange range;
    range.prefix = keys::events(workspace);
    if (!page.through.empty()) range.start = range.prefix + page.through + '\0';
    kv::PageRequest request;
    request.values = kv::Values::include;
    for (std::size_t examined = 0; examined < events_examined_max && page.items.size() < limit;) {
        const bool all_fit = filter.types.empty() && !filter.connection && !filter.external_id;
        request.entries_max = std::min(read_at_once, events_examined_max - examined);
        if (all_fit) request.entries_max = std::min(request.entries_max, limit - page.items.size());
        auto listed = co_await records_.store().list(records_.name(), range, request);
        if (!listed) co_return store_error(listed.error());
        page.more = !listed->next.empty();
        for (const auto& item : listed->items) {
            if (page.items.size() == limit) {
                page.more = true;
                break;
            }
            auto event = to_event(item.key, item.entry);
            page.through = event.place;
            ++examined;
            if (fits(event.record, filter)) page.items.push_back(std::move(event));
        }
        if (listed->next.empty()) break;
        request.after = std::move(listed->next);
    }
    co_return page;
}

}  // namespace alcove::scopes

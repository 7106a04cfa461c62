// The events of one commit as JSON text.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/types.hpp"
#include "scopes/json_writer.hpp"

namespace alcove::watch {

enum class Values : std::uint8_t { omit, include };

// What an entry was before a change.
using Previous = std::optional<kv::Entry>;

// As events, parameters and webhooks spell it; empty for what is no change of a key.
std::string_view name_of(kv::Change::Kind kind);

// Prints one event. `created`: the key was not there before.
void print_event(scopes::json::Writer& writer, const kv::Change& change, bool created, Values values,
                 const Previous& previous);

// Printed once for all who are told of the commit: a text that is a whole tail of a frame, and each event in it.
class EventTexts {
public:
    // `changes` are of one commit; those that are not of keys have no event. `previous` has one for each change, or
    // is empty.
    EventTexts(std::span<const kv::Change> changes, Values values, std::string_view cursor,
               std::span<const Previous> previous = {});

    struct Event {
        std::size_t change = 0;  // which of the changes it is
        std::size_t begin = 0;   // in text()
        std::size_t end = 0;
    };
    const std::vector<Event>& events() const { return events_; }
    std::string_view text_of(const Event& event) const { return view(event.begin, event.end); }

    std::string_view cursor() const { return view(cursor_mark.size(), cursor_end_); }
    // `"cursor":"…","more":false,"events":[…]}`, and the same from `"events"` on. The blank line that ends an event
    // of server-sent events stands behind both.
    std::string_view tail() const { return view(0, text_.size() - blank_line.size()); }
    std::string_view tail_without_cursor() const { return view(events_at_, text_.size() - blank_line.size()); }
    static constexpr std::string_view blank_line = "\n\n";

private:
    std::string_view view(std::size_t begin, std::size_t end) const {
        return std::string_view(text_).substr(begin, end - begin);
    }

    static constexpr std::string_view cursor_mark = "\"cursor\":\"";

    std::string text_;
    std::size_t cursor_end_ = 0;
    std::size_t events_at_ = 0;
    std::vector<Event> events_;
};

// JSON text as it can stand in one line: line breaks can only be white space between its tokens.
void keep_to_one_line(std::string& json_text, std::size_t from = 0);

}  // namespace alcove::watch

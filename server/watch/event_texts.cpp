#include "server/watch/event_texts.hpp"

#include <algorithm>
#include <string>

#include "server/api/values.hpp"

namespace alcove::watch {
std::string_view name_of(kv::Change::Kind kind) {
    switch (kind) {
        case kv::Change::Kind::put:
            return "put";
        case kv::Change::Kind::remove:
            return "delete";
        case kv::Change::Kind::expire:
            return "expire";
        case kv::Change::Kind::empty:
        case kv::Change::Kind::drop:
            break;
    }
    return "";
}

void print_event(scopes::json::Writer& writer, const kv::Change& change, bool created, Values values,
                 const Previous& previous) {
    writer.open_object().name("op").plain_string(name_of(change.kind)).member("key", change.key);
    writer.name("version").plain_string(std::to_string(change.version));
    if (change.entry) {
        writer.member("contentType", change.entry->content_type).name("created").boolean(created);
        if (values == Values::include)
            api::print_value(writer.name("value"), change.entry->content_type, change.entry->value);
    }
    if (previous) {
        writer.name("previous").open_object().name("version").plain_string(std::to_string(previous->version));
        writer.member("contentType", previous->content_type);
        if (values == Values::include)
            api::print_value(writer.name("value"), previous->content_type, previous->value);
        writer.close_object();
    }
    writer.close_object();
}

EventTexts::EventTexts(std::span<const kv::Change> changes, Values values, std::string_view cursor,
                       std::span<const Previous> previous) {
    text_.append(cursor_mark).append(cursor);
    cursor_end_ = text_.size();
    text_.append("\",\"more\":false,");
    events_at_ = text_.size();
    text_.append("\"events\":[");
    const Previous none;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const kv::Change& change = changes[i];
        if (change.collection != kv::Collection::key) continue;
        if (!events_.empty()) text_.push_back(',');
        const std::size_t begin = text_.size();
        std::string event;
        scopes::json::Writer writer(event);
        print_event(writer, change, change.previous_version == 0, values, previous.empty() ? none : previous[i]);
        text_.append(event);
        events_.push_back({.change = i, .begin = begin, .end = text_.size()});
    }
    keep_to_one_line(text_, events_at_);
    text_.append("]}").append(blank_line);
}

void keep_to_one_line(std::string& json_text, std::size_t from) {
    std::replace_if(
        json_text.begin() + static_cast<std::ptrdiff_t>(from), json_text.end(),
        [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

}  // namespace alcove::watch

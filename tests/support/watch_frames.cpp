// What a watch tells, taken apart, summed up in one line, and held against its promises.
#include "tests/support/watch_frames.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "scopes/json.hpp"
#include "server/api/values.hpp"

namespace alcove::test {
namespace {

namespace json = scopes::json;
using json::Type;

constexpr json::ParseLimits limits{.depth_max = 80, .built_depth_max = 5, .values_max = 2'000'000};

[[noreturn]] void refuse(const std::string& why, std::string_view text) {
    throw BadFrame(why + ": " + std::string(text.substr(0, 400)));
}

json::Document parse(const std::string& text) {
    auto document = json::Document::parse(text, limits);
    if (!document) refuse("no JSON", text);
    if (document->root().type != Type::object) refuse("no JSON object", text);
    return std::move(*document);
}

// The members of one object, each to be taken once; what is left over is refused.
class Members {
public:
    Members(const json::Document& document, const json::Value& object) : text_(object.raw) {
        if (object.type != Type::object) refuse("no object", text_);
        for (const auto* each = document.first(object); each != nullptr; each = document.next(*each))
            left_.emplace(each->name, each);
    }

    const json::Value* take(std::string_view name, Type type) {
        const auto* found = take_any(name);
        if (found == nullptr || found->type == type) return found;
        if (found->type == Type::null) return nullptr;
        refuse("another type of '" + std::string(name) + "'", text_);
    }
    const json::Value* take_any(std::string_view name) {
        const auto found = left_.find(name);
        if (found == left_.end()) return nullptr;
        const auto* value = found->second;
        left_.erase(found);
        return value;
    }
    const json::Value& need(std::string_view name, Type type) {
        const auto* found = take(name, type);
        if (found == nullptr) refuse("no '" + std::string(name) + "'", text_);
        return *found;
    }
    std::string text(std::string_view name) { return std::string(need(name, Type::string).text); }
    std::string optional_text(std::string_view name) {
        const auto* found = take(name, Type::string);
        return found == nullptr ? std::string() : std::string(found->text);
    }
    std::string optional_raw(std::string_view name) {
        const auto* found = take_any(name);
        return found == nullptr ? std::string() : std::string(found->raw);
    }
    bool has(std::string_view name) const { return left_.contains(name); }
    void forget_rest() { left_.clear(); }
    void finish() const {
        if (!left_.empty()) refuse("unknown '" + std::string(left_.begin()->first) + "'", text_);
    }

private:
    std::map<std::string_view, const json::Value*> left_;
    const std::string_view text_;
};

std::uint64_t number(std::string_view digits) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) refuse("no number", digits);
    return value;
}

WatchEvent read_event(Members event) {
    WatchEvent out;
    out.op = event.text("op");
    out.key = event.text("key");
    out.version = number(event.text("version"));
    if (out.op == "put") {
        out.content_type = event.text("contentType");
        out.created = event.need("created", Type::boolean).boolean;
        out.value = event.optional_raw("value");
    } else if (out.op != "delete" && out.op != "expire") {
        refuse("an unknown operation", out.op);
    }
    out.previous = event.optional_raw("previous");
    event.finish();
    return out;
}

WatchEvent read_item(Members item) {
    WatchEvent out;
    out.key = item.text("key");
    out.version = number(item.text("version"));
    out.content_type = item.text("contentType");
    out.value = item.optional_raw("value");
    item.finish();
    return out;
}

template <class Read>
std::vector<WatchEvent> read_all(const json::Document& document, const json::Value& array, Read read) {
    std::vector<WatchEvent> out;
    for (const auto* each = document.first(array); each != nullptr; each = document.next(*each))
        out.push_back(read(Members(document, *each)));
    return out;
}

// What it has beside `t` and `id`.
void read_rest(const json::Document& document, Members& members, WatchFrame& frame) {
    const auto& type = frame.type;
    if (type == "events") {
        if (!members.has("cursor")) refuse("no 'cursor'", frame.text);
        frame.cursor = members.optional_text("cursor");
        frame.more = members.need("more", Type::boolean).boolean;
        frame.events = read_all(document, members.need("events", Type::array), read_event);
    } else if (type == "snapshot") {
        frame.events = read_all(document, members.need("items", Type::array), read_item);
    } else if (type == "ok" || type == "progress" || type == "synced") {
        if (!members.has("cursor")) refuse("no 'cursor'", frame.text);
        frame.cursor = members.optional_text("cursor");
    } else if (type == "reset") {
        frame.why = members.text("why");
        frame.oldest = members.optional_text("oldest");
    } else if (type == "end") {
        frame.why = members.text("why");
    } else if (type == "error") {
        frame.code = members.text("code");
        if (members.text("message").empty()) refuse("an empty message", frame.text);
        frame.field = members.optional_text("field");
    } else if (type == "hello") {
        if (members.text("connection").empty()) refuse("an empty connection", frame.text);
        members.need("limits", Type::object);
        members.need("heartbeat", Type::number);
    } else if (type == "pong") {
        members.take("n", Type::number);
    } else {
        refuse("an unknown frame", frame.text);
    }
}

}  // namespace

WatchFrame parse_frame(std::string text) {
    WatchFrame frame;
    frame.text = std::move(text);
    const auto document = parse(frame.text);
    Members members(document, document.root());
    frame.type = members.text("t");
    if (const auto* id = members.take("id", Type::number)) frame.id = number(id->raw);
    const bool of_socket = frame.type == "hello" || frame.type == "pong" || frame.type == "error";
    if (!frame.id && !of_socket) refuse("no 'id'", frame.text);
    read_rest(document, members, frame);
    members.finish();
    return frame;
}

std::string told(const std::vector<WatchEvent>& events) {
    std::string text;
    for (const auto& event : events) {
        text.append(text.empty() ? "" : ", ");
        text.append(event.op).append(event.op.empty() ? "" : " ").append(event.key);
        if (!event.value.empty()) text.append("=").append(event.value);
    }
    return text;
}

std::string told(const WatchFrame& frame) {
    if (frame.type == "events" || frame.type == "snapshot") return told(frame.events);
    std::string text = frame.type;
    for (const auto* part : {&frame.why, &frame.code, &frame.field})
        text.append(part->empty() ? "" : " ").append(*part);
    return text;
}

std::string make_cursor(std::string_view epoch, std::uint64_t version) {
    return api::encode_base64url(std::string(epoch) + "." + std::to_string(version));
}

std::uint64_t cursor_version(std::string_view cursor) {
    const auto text = api::decode_base64url(cursor);
    if (!text || text->find('.') == std::string::npos) refuse("no cursor", cursor);
    return number(std::string_view(*text).substr(text->find('.') + 1));
}

std::string cursor_epoch(std::string_view cursor) {
    const auto text = api::decode_base64url(cursor);
    if (!text) refuse("no cursor", cursor);
    return text->substr(0, text->find('.'));
}

Replica::Replica(From from, std::string prefix, Mode mode) : prefix_(std::move(prefix)), mode_(mode), from_(from) {}

void Replica::begin_again(From from) {
    from_ = from;
    partial_.clear();
    over_.clear();
    began_ = false;
    last_ = whole_;  // what was told in part is told again
    if (from == From::cursor) return;
    entries_.clear();
    absent_.clear();
    cursor_.clear();
    passed_.clear();
    ahead_.clear();
    synced_ = false;
    complete_ = false;
}

void Replica::apply(const WatchFrame& frame) {
    if (frame.type == "hello" || frame.type == "pong") return;
    expect(over_.empty(), "told of behind its end", frame);
    expect(began_ != (frame.type == "ok"), "not begun by one ok", frame);
    if (frame.type == "ok") {
        began_ = true;
        if (from_ != From::snapshot) take_cursor(frame);
    } else if (frame.type == "snapshot") {
        take_items(frame);
    } else if (frame.type == "synced") {
        expect(from_ == From::snapshot && !synced_, "synced without a snapshot", frame);
        expect(partial_.empty(), "synced inside a version", frame);
        synced_ = true;
        complete_ = true;
        take_cursor(frame);
        for (const auto& [key, entry] : entries_)
            expect(entry.version <= whole_, "synced before an item's version", frame);
    } else if (frame.type == "events") {
        take_events(frame);
    } else if (frame.type == "progress") {
        if (from_ != From::snapshot || synced_) take_cursor(frame);
    } else {
        over_ = told(frame);
        oldest_ = frame.oldest;
    }
}

void Replica::take_items(const WatchFrame& frame) {
    expect(from_ == From::snapshot && !synced_, "a snapshot that nobody asked for", frame);
    for (const auto& item : frame.events) {
        expect(item.key.starts_with(prefix_), "an item without the prefix", frame);
        expect(item.key > passed_, "items are not in byte order", frame);
        expect(item.key > ahead_, "an event came before its item", frame);
        passed_ = item.key;
        entries_[item.key] = {.version = item.version, .value = item.value};
    }
}

void Replica::take_events(const WatchFrame& frame) {
    expect(!frame.events.empty(), "no event", frame);
    if (frame.events.empty()) return;
    const bool in_snapshot = from_ == From::snapshot && !synced_;
    if (!partial_.empty()) expect(frame.events[0].version == last_, "a version without its rest", frame);
    const auto ends_at = frame.events.back().version;
    std::uint64_t whole = whole_;  // the last whole version that this frame tells of
    for (const auto& event : frame.events) {
        if (partial_.empty() || event.version != last_) {
            for (const auto& each : partial_)
                take(each, frame);
            if (!partial_.empty()) whole = last_;
            partial_.clear();
            expect(event.version > last_, "a version went back or came twice", frame);
        }
        check_event(event, frame);
        if (in_snapshot) ahead_ = std::max(ahead_, event.key);
        last_ = event.version;
        partial_.push_back(event);
    }
    if (!frame.more) {
        for (const auto& each : partial_)
            take(each, frame);
        partial_.clear();
        whole = ends_at;
    }
    expect(frame.cursor.empty() == in_snapshot, "a cursor that does not fit", frame);
    if (frame.cursor.empty()) return;
    take_cursor(frame);
    expect(whole_ >= whole, "the cursor is behind what was told", frame);
    if (frame.more) expect(whole_ < ends_at, "the cursor is ahead of what was told", frame);
}

void Replica::check_event(const WatchEvent& event, const WatchFrame& frame) {
    expect(event.key.starts_with(prefix_), "an event without the prefix", frame);
    expect(event.version > whole_, "an event came behind its cursor", frame);
    expect(!events_.contains({event.version, event.key}), "an event came twice", frame);
    const bool goes_on = partial_.empty() || partial_.back().key < event.key;
    expect(goes_on, "keys of a version are not in byte order, or come twice", frame);
}

void Replica::take(const WatchEvent& event, const WatchFrame& frame) {
    const auto before = known(event.key);
    if (before == Known::present)
        expect(event.version > entries_[event.key].version, "an event older than the entry", frame);
    if (mode_ == Mode::every) {
        if (event.op == "put" && before != Known::unknown)
            expect(*event.created == (before == Known::absent), "a wrong 'created'", frame);
        if (event.op == "delete") expect(before != Known::absent, "a delete of what was not there", frame);
    }
    events_.emplace(event.version, event.key);
    if (event.op == "put") {
        entries_[event.key] = {.version = event.version, .value = event.value};
        absent_.erase(event.key);
    } else {
        entries_.erase(event.key);
        absent_.insert(event.key);
    }
}

void Replica::take_cursor(const WatchFrame& frame) {
    expect(!frame.cursor.empty(), "no cursor", frame);
    if (frame.cursor.empty()) return;
    const auto version = cursor_version(frame.cursor);
    expect(version >= whole_, "a cursor went back", frame);
    if (partial_.empty()) expect(version >= last_, "a cursor before the last event", frame);
    whole_ = std::max(whole_, version);
    cursor_ = frame.cursor;
}

Replica::Known Replica::known(const std::string& key) const {
    if (entries_.contains(key)) return Known::present;
    const bool passed = from_ == From::snapshot && !synced_ && key <= passed_;
    return complete_ || passed || absent_.contains(key) ? Known::absent : Known::unknown;
}

void Replica::problem(const std::string& text, const WatchFrame& frame) {
    if (problems_.size() > 2000) return;
    problems_ += text + ": " + frame.text.substr(0, 300) + "\n";
}

std::string read_list(const std::string& body, Replica::Entries& entries) {
    const auto document = parse(body);
    Members members(document, document.root());
    const auto& items = members.need("items", Type::array);
    for (const auto* each = document.first(items); each != nullptr; each = document.next(*each)) {
        Members item(document, *each);
        auto key = item.text("key");
        const auto version = number(item.text("version"));
        entries[std::move(key)] = {.version = version, .value = item.optional_raw("value")};
    }
    return members.optional_text("cursor");
}

}  // namespace alcove::test

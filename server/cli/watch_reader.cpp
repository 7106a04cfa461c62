#include "server/cli/watch_reader.hpp"

#include <charconv>

#include "scopes/json.hpp"
#include "server/cli/cli.hpp"

namespace alcove::cli {

namespace {

constexpr std::size_t depth_max = 128;  // a value may be 64 deep

// 0 when there is none.
std::uint64_t version_of(std::string_view event) {
    const std::string text = FlatObject(event).text("version");
    std::uint64_t version = 0;
    const auto* end = text.data() + text.size();
    const auto outcome = std::from_chars(text.data(), end, version);
    return outcome.ec == std::errc() && outcome.ptr == end ? version : 0;
}

// What cannot be told.
std::string loss_of(const std::string& why) {
    if (why == "compacted") return "changes have left the history before they could be told";
    if (why == "epoch")
        return "the server's data was restored from a backup, and what changed by that cannot be told";
    if (why == "emptied") return "the namespace was emptied, which is not told key by key";
    return "changes cannot be told: the server says \"" + why + "\"";
}

Failure failure_of_end(const std::string& why) {
    if (why == "auth") return {exit_refused, "the watch has ended: the token is no longer good for it"};
    if (why == "namespace_deleted") return {exit_not_found, "the watch has ended: the namespace was deleted"};
    return {exit_failure, "the watch has ended: the server says \"" + why + "\""};
}

Failure failure_of_error(const FlatObject& frame) {
    const std::string code = frame.text("code");
    return {exit_failure, frame.text("message") + (code.empty() ? "" : " (" + code + ")")};
}

}  // namespace

void WatchReader::take(const StreamEvent& frame) {
    if (is_over()) return;
    if (!scopes::json::is_valid(frame.data, depth_max))
        throw Failure(exit_failure, "the server's event is no JSON");
    const FlatObject content(frame.data);
    if (frame.type == "end") throw failure_of_end(content.text("why"));
    if (frame.type == "error") throw failure_of_error(content);
    if (frame.type == "reset") {
        reset_ = loss_of(content.text("why"));
        place_.forget();
        return;
    }
    if (frame.type == "snapshot") return take_snapshot(content);
    if (frame.type == "events") return take_events(content, frame.id);
    if (frame.type == "synced") in_snapshot_ = false;
    if (!in_snapshot_) place_.reach(frame.id);
}

// What comes behind lines that nobody took must not count either.
bool WatchReader::print(std::string_view lines) {
    is_cut_off_ = !print_(lines);
    return !is_cut_off_;
}

void WatchReader::take_snapshot(const FlatObject& frame) {
    std::string lines;
    for (const auto item : elements_of(frame.raw("items"))) {
        lines += lines_.snapshot_item(item);
        if (left_ && --*left_ == 0) break;
    }
    is_enough_ = print(lines) && left_ == 0U;
}

void WatchReader::take_events(const FlatObject& frame, std::string_view id) {
    const auto events = elements_of(frame.raw("events"));
    const bool is_cut = frame.raw("more") == "true";  // inside the version that is told last
    std::string lines;
    std::size_t taken = 0;
    std::uint64_t whole = 0;  // the last version of which nothing is missing in the lines
    for (const auto event : events) {
        const std::uint64_t version = version_of(event);
        const bool is_next = version != version_;
        if (left_ == 0U && (is_next || !place_.has_file())) {
            if (is_next) whole = version_;
            break;
        }
        version_ = version;
        ++taken;
        if (place_.has_told(version)) continue;
        lines += lines_.event(event);
        if (left_ > 0U) --*left_;
    }
    if (!print(lines)) return;
    const bool is_whole_frame = taken == events.size();
    is_enough_ = left_ == 0U && (!is_whole_frame || !is_cut || !place_.has_file());
    if (in_snapshot_) return;
    if (is_whole_frame) {
        place_.reach(id);
    } else if (whole != 0) {
        place_.pass_version(whole);
    }
}

}  // namespace alcove::cli

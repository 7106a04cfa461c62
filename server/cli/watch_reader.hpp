// What a watch's frames come to: lines, how far they have told, and how the watch goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/cli/event_stream.hpp"
#include "server/cli/flat_json.hpp"
#include "server/cli/watch_lines.hpp"
#include "server/cli/watch_place.hpp"

namespace alcove::cli {

class WatchReader {
public:
    // Takes whole lines. False: not all of them; then none counts, and the watch is over. May throw.
    using Print = std::function<bool(std::string_view lines)>;

    // `count` ends it after so many lines, where the place has a file behind the last line of that version: else
    // who begins again from the file would never get beyond a version of more lines.
    WatchReader(WatchPlace& place, WatchLines lines, std::optional<std::uint64_t> count, Print print)
        : place_(place), lines_(lines), left_(count), print_(std::move(print)) {}

    enum class Begin : bool { events, snapshot };  // what the request asks for first

    // Before the frames of each request.
    void begin(Begin with) {
        in_snapshot_ = with == Begin::snapshot;
        version_ = 0;
        reset_.clear();
    }

    // Throws Failure for the frames that end it for good: `end` and `error`.
    void take(const StreamEvent& frame);

    bool is_enough() const { return is_enough_; }        // as `count` says
    const std::string& reset() const { return reset_; }  // what cannot be told, as a sentence; empty: nothing
    bool is_over() const { return is_enough_ || is_cut_off_ || !reset_.empty(); }

private:
    bool print(std::string_view lines);
    void take_snapshot(const FlatObject& frame);
    void take_events(const FlatObject& frame, std::string_view id);

    WatchPlace& place_;
    WatchLines lines_;
    std::optional<std::uint64_t> left_;
    Print print_;
    bool in_snapshot_ = false;
    std::uint64_t version_ = 0;  // that is under way
    bool is_enough_ = false;
    bool is_cut_off_ = false;
    std::string reset_{};
};

}  // namespace alcove::cli

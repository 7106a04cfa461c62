// An event of a watch as a line: for a person, as JSON, or its key alone.
#pragma once

#include <string>
#include <string_view>

#include "server/cli/remote.hpp"

namespace alcove::cli {

class WatchLines {
public:
    enum class Target : bool { program, terminal };  // who reads them; a terminal obeys control characters

    WatchLines(Output output, Target target) : output_(output), target_(target) {}

    // `raw` is JSON, an object of a frame. One line whatever it holds, with the line feed.
    std::string event(std::string_view raw) const;
    std::string snapshot_item(std::string_view raw) const;  // an event with the op `snapshot`

private:
    std::string json_line(std::string json) const;

    Output output_;
    Target target_;
};

}  // namespace alcove::cli

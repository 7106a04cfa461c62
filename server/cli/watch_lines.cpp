#include "server/cli/watch_lines.hpp"

#include <algorithm>

#include "server/cli/flat_json.hpp"
#include "server/cli/output.hpp"

namespace alcove::cli {

namespace {

constexpr std::size_t op_width = 8;           // of the longest, snapshot
constexpr std::size_t value_bytes_max = 120;  // that a person sees of a value

// A line feed in JSON stands between two tokens, never in a string.
std::string on_one_line(std::string_view json) {
    std::string out(json);
    std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return out;
}

std::string shortened(std::string_view raw) {
    const std::string text = raw.starts_with('"') ? decoded(raw) : on_one_line(raw);
    if (text.size() <= value_bytes_max) return printable(text);
    std::size_t end = value_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return printable(std::string_view(text).substr(0, end)) + "…";
}

std::string line_for_people(std::string_view op, const FlatObject& event) {
    std::string line(op);
    line.append(op_width - std::min(op_width, op.size()), ' ');
    const auto add = [&line](const std::string& cell) { line.append("  ").append(cell); };
    add(printable(event.text("key")));
    add(printable(event.text("version")));
    if (const auto value = event.raw("value"); !value.empty()) add(shortened(value));
    const FlatObject previous(event.raw("previous"));
    if (const auto value = previous.raw("value"); !value.empty()) add("was " + shortened(value));
    return line + "\n";
}

std::string key_line(const FlatObject& event) {
    return printable(event.text("key")) + "\n";
}

}  // namespace

std::string WatchLines::event(std::string_view raw) const {
    if (output_ == Output::json) return json_line(on_one_line(raw));
    const FlatObject event(raw);
    return output_ == Output::ids ? key_line(event) : line_for_people(printable(event.text("op")), event);
}

std::string WatchLines::snapshot_item(std::string_view raw) const {
    if (output_ == Output::json) return json_line(R"({"op":"snapshot",)" + on_one_line(raw.substr(1)));
    const FlatObject item(raw);
    return output_ == Output::ids ? key_line(item) : line_for_people("snapshot", item);
}

std::string WatchLines::json_line(std::string json) const {
    return (target_ == Target::terminal ? printable_json(json) : std::move(json)) + "\n";
}

}  // namespace alcove::cli

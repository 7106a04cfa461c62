#include "server/cli/event_stream.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "server/cli/cli.hpp"

namespace alcove::cli {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::size_t end_of_line(std::string_view text) {
    const auto* end = std::ranges::find_if(text, [](char c) { return c == '\n' || c == '\r'; });
    return static_cast<std::size_t>(end - text.begin());
}

}  // namespace

void EventStream::pass(std::string_view piece) {
    while (!piece.empty()) {
        if (std::exchange(after_cr_, false) && piece.front() == '\n') {
            piece.remove_prefix(1);
            continue;
        }
        const auto end = end_of_line(piece);
        const auto part = piece.substr(0, end);
        append(line_, part);
        if (end == piece.size()) return;
        after_cr_ = piece[end] == '\r';
        piece.remove_prefix(end + 1);
        end_line(line_);
        line_.clear();
    }
}

void EventStream::append(std::string& to, std::string_view text) const {
    if (text.size() > bytes_max_ - std::min(bytes_max_, to.size()))
        throw Failure(exit_failure, "the server's event is longer than " + std::to_string(bytes_max_) + " bytes");
    to += text;
}

void EventStream::end_line(std::string_view line) {
    if (!std::exchange(is_begun_, true) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.empty()) {
        end_event();
        return;
    }
    const auto colon = line.find(':');
    if (colon == 0) return;  // a comment
    auto value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
}

void EventStream::take_field(std::string_view name, std::string_view value) {
    if (name == "data") {
        append(data_, value);
        data_ += '\n';
    } else if (name == "event") {
        type_ = value;
    } else if (name == "id") {
        if (value.find('\0') == value.npos) id_ = value;
    } else if (name == "retry") {
        take_retry(value);
    }
}

void EventStream::take_retry(std::string_view digits) {
    std::int64_t milliseconds = 0;
    const bool is_number = std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
    const auto outcome = std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
    if (is_number && outcome.ec == std::errc()) retry_ = std::chrono::milliseconds(milliseconds);
}

void EventStream::end_event() {
    // An id alone counts for those that follow.
    if (!data_.empty()) {
        const auto lines = std::string_view(data_).substr(0, data_.size() - 1);
        take_({.type = type_.empty() ? std::string_view("message") : type_, .data = lines, .id = id_});
    }
    type_.clear();
    data_.clear();
}

}  // namespace alcove::cli

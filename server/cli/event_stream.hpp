// Server-sent events out of a body that comes in pieces, by the rules of WHATWG's HTML standard.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace alcove::cli {

// As long as it is taken.
struct StreamEvent {
    std::string_view type{};  // "message" when the stream does not say
    std::string_view data{};  // lines with line feeds between; its bytes are not checked to be UTF-8
    std::string_view id{};    // the last one so far, also of an earlier event; empty: none
};

// Keeps one line and one event, whatever the length of the stream. What stands behind the last empty line is no
// event: it was cut off.
class EventStream {
public:
    using Take = std::function<void(const StreamEvent& event)>;  // may throw

    // `bytes_max` bounds a line, and the data of an event.
    EventStream(Take take, std::size_t bytes_max) : take_(std::move(take)), bytes_max_(bytes_max) {}

    // Throws Failure for what is longer than the bound.
    void pass(std::string_view piece);

    // How long the stream asks to wait before it is asked for again.
    std::optional<std::chrono::milliseconds> retry() const { return retry_; }

private:
    void append(std::string& to, std::string_view text) const;
    void end_line(std::string_view line);
    void take_field(std::string_view name, std::string_view value);
    void take_retry(std::string_view digits);
    void end_event();

    Take take_;
    std::size_t bytes_max_;
    bool is_begun_ = false;  // a first line was there
    bool after_cr_ = false;  // a line feed that follows ends no other line
    std::string line_{};     // its beginning
    std::string type_{};
    std::string data_{};  // a line feed stands behind each of its lines
    std::string id_{};
    std::optional<std::chrono::milliseconds> retry_{};
};

}  // namespace alcove::cli

// What the server says on a watch: frames of JSON, and where they go.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/api/error.hpp"

namespace alcove::watch {

// One frame on its way out. `text` and `tail` are one text without a line break.
struct Frame {
    std::string_view type;    // its member "t"
    std::string_view cursor;  // from which one can go on behind it; empty: none
    std::string_view text;
    std::string_view tail;  // may be shared: then it is large, and has EventTexts::blank_line behind it
    std::shared_ptr<const void> owner{};  // of a shared tail
};

class FrameSink {
public:
    // Whether another frame may be put. One more does no harm: it is a bound that answers to clients may exceed.
    virtual bool has_room() const = 0;
    virtual void put(const Frame& frame) = 0;

protected:
    ~FrameSink() = default;
};

// Small frames, whole.
std::string hello_frame(std::string_view connection, std::chrono::milliseconds heartbeat);
std::string cursor_frame(std::string_view type, std::uint64_t id, std::string_view cursor);  // ok, synced, progress
std::string reset_frame(std::uint64_t id, std::string_view why, std::string_view oldest);
std::string end_frame(std::uint64_t id, std::string_view why);
std::string error_frame(std::optional<std::uint64_t> id, const api::Problem& problem);

// The beginning of a frame of a watch: `{"t":"events","id":1,`.
std::string frame_begin(std::string_view type, std::uint64_t id);

}  // namespace alcove::watch

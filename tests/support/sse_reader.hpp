// Reads server-sent events off a plain socket, byte by byte as the HTML standard has it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tests/support/http_client.hpp"
#include "tests/support/watch_frames.hpp"

namespace alcove::test {

struct SseEvent {
    std::string event;
    std::string id;
    std::string data;
    bool has_id = false;
    int data_lines = 0;

    WatchFrame frame() const { return parse_frame(data); }
};

// Operation: one GET, whose answer is read as it comes; chunked, with a length, or up to the connection's end.
// Concurrency: one thread's own.
// Errors: what has not come in time, and a stream that ended, throw std::runtime_error.
class SseReader {
public:
    static constexpr std::chrono::milliseconds patience{20'000};

    // Returns with the answer's head. A stream that is refused has its whole body in reply().
    SseReader(std::uint16_t port, const std::string& target, const HttpClient::Headers& headers = {});
    ~SseReader();
    SseReader(const SseReader&) = delete;
    SseReader& operator=(const SseReader&) = delete;

    const Reply& reply() const { return reply_; }

    // The next event, whatever comments stand before it.
    SseEvent next(std::chrono::milliseconds within = patience);
    // The next one that is no `progress`.
    SseEvent next_told();
    // Whether the answer ends as it should, with nothing more in it but comments and `progress`.
    bool ends(std::chrono::milliseconds within = patience);

private:
    using Deadline = std::chrono::steady_clock::time_point;

    bool fill(Deadline until);
    // Moves what is there of the body to `lines_`; false when there was nothing.
    bool take_body();
    bool take_chunk();
    bool read_line(std::string& line, Deadline until);

    int socket_ = -1;
    Reply reply_;
    std::string raw_;    // of the connection
    std::string lines_;  // of the body
    bool chunked_ = false;
    bool body_ended_ = false;
};

}  // namespace alcove::test

// What comes on a connection that asked for a watch: the answer's header, then the pieces of WebSocket messages or
// of a chunked body, whichever the header says.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// A frame of a WebSocket client. The mask is there, as it must be, and zero, which leaves the text as it is.
inline std::string frame(std::string_view text, char opcode = 1) {
    std::string out{static_cast<char>(0x80 | opcode)};
    if (text.size() < 126) {
        out.push_back(static_cast<char>(0x80 | text.size()));
    } else if (text.size() < 65536) {
        out.push_back(static_cast<char>(0x80 | 126));
        out.push_back(static_cast<char>(text.size() >> 8));
        out.push_back(static_cast<char>(text.size()));
    } else {
        out.push_back(static_cast<char>(0x80 | 127));
        for (int shift = 56; shift >= 0; shift -= 8)
            out.push_back(static_cast<char>(text.size() >> shift));
    }
    return out.append(4, '\0').append(text);
}

class Stream {
public:
    bool is_open() const { return state_ != State::header && state_ != State::over; }
    bool is_over() const { return state_ == State::over; }
    std::uint64_t frames() const { return frames_; }  // messages or chunks
    // Why it is over: the status and reason of a close frame, or the line of an answer that leads nowhere.
    const std::string& end() const { return end_; }

    // Takes what is complete from the bytes, and returns how many these were: the rest must come again with more
    // behind it. The sink has
    //   void text(std::string_view piece)    of a message or chunk; the next may go on in the midst of it
    //   void ping(std::string_view payload)
    template <class Sink>
    std::size_t feed(std::string_view bytes, Sink&& sink) {
        std::size_t used = 0;
        for (std::size_t taken = 1; taken > 0 && used < bytes.size(); used += taken)
            taken = step(bytes.substr(used), sink);
        return used;
    }

private:
    enum class State { header, between, data, over };

    template <class Sink>
    std::size_t step(std::string_view bytes, Sink&& sink) {
        switch (state_) {
            case State::header:
                return take_header(bytes);
            case State::between:
                return websocket_ ? take_frame(bytes, sink) : take_chunk(bytes);
            case State::data:
                return take_data(bytes, sink);
            case State::over:
                break;
        }
        return bytes.size();
    }

    std::size_t take_header(std::string_view bytes) {
        const std::size_t end = bytes.find("\r\n\r\n");
        if (end == bytes.npos) return 0;
        const std::string_view status = bytes.substr(9, 3);
        websocket_ = status == "101";
        state_ = websocket_ || status == "200" ? State::between : State::over;
        if (is_over()) end_ = bytes.substr(0, bytes.find('\r'));
        return end + 4;
    }

    template <class Sink>
    std::size_t take_frame(std::string_view bytes, Sink&& sink) {
        if (bytes.size() < 2) return 0;
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
        const int opcode = byte(0) & 15;
        std::uint64_t length = byte(1) & 127;
        const std::size_t wide = length == 127 ? 8 : length == 126 ? 2 : 0;
        if (bytes.size() < 2 + wide) return 0;
        if (wide > 0) length = 0;
        for (std::size_t i = 0; i < wide; ++i)
            length = length << 8 | byte(2 + i);
        if (opcode < 8) {
            if (opcode != 0) ++frames_;
            begin_data(length);
            return 2 + wide;
        }
        if (bytes.size() < 2 + length) return 0;
        if (opcode == 8) state_ = State::over;
        if (opcode == 8 && length >= 2)
            end_ = std::to_string(byte(2) << 8 | byte(3)).append(" ").append(bytes.substr(4, length - 2));
        if (opcode == 9) sink.ping(bytes.substr(2, length));
        return 2 + length;
    }

    std::size_t take_chunk(std::string_view bytes) {
        if (bytes.starts_with("\r\n")) return 2;  // the end of the one before
        const std::size_t end = bytes.find("\r\n", 1);
        if (end == bytes.npos) return 0;
        const std::uint64_t length = std::strtoull(std::string(bytes.substr(0, end)).c_str(), nullptr, 16);
        ++frames_;
        begin_data(length);
        if (length == 0) state_ = State::over;
        return end + 2;
    }

    void begin_data(std::uint64_t length) {
        left_ = length;
        state_ = length > 0 ? State::data : State::between;
    }

    template <class Sink>
    std::size_t take_data(std::string_view bytes, Sink&& sink) {
        const std::string_view piece = bytes.substr(0, left_);
        sink.text(piece);
        left_ -= piece.size();
        if (left_ == 0) state_ = State::between;
        return piece.size();
    }

    State state_ = State::header;
    bool websocket_ = false;
    std::uint64_t left_ = 0;
    std::uint64_t frames_ = 0;
    std::string end_;
};

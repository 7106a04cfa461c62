// The WebSocket protocol (RFC 6455) on the server's side: the handshake, and frames in both directions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/buffer.hpp"
#include "server/http/message.hpp"

namespace alcove::http {

// Ours, and not Beast's, because watches need what it does not give: one text shared by all who are sent it, a
// connection that is no socket of Asio's, and no memory for a socket at rest. Without extensions.

// Whether the request asks for an upgrade to WebSocket at all.
bool asks_for_websocket(const Request& request);

struct HandshakeRefusal {
    unsigned status = 400;  // 426 for another version than 13
    std::string_view field;
    std::string_view message;
};
// nullopt for an opening handshake as section 4.2.1 asks for.
std::optional<HandshakeRefusal> refuse_handshake(const Request& request);
// The subprotocols that the client offers, in its order.
std::vector<std::string_view> offered_subprotocols(const Request& request);
// Begins the answer: 101 and what proves that the handshake was understood. Only for one that is not refused.
void accept_handshake(const Request& request, Response& response);

// Codes of section 7.4.1 that are used here.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported = 1003,
    bad_text = 1007,
    policy = 1008,
    too_large = 1009,
    internal_error = 1011,
    try_again_later = 1013,
};

// What a client sent.
struct ClientMessage {
    enum class Kind : std::uint8_t {
        none,       // more bytes are needed
        text,       // a whole message, which is UTF-8
        ping,       // to be answered with its payload
        pong,       //
        close,      // `code` is to be sent back; nullopt: without one
        violation,  // the connection is to be closed with `code`
    };
    Kind kind = Kind::none;
    std::string_view payload;  // holds until the next read, and as long as the input
    std::optional<std::uint16_t> code;
    std::string_view why;  // of a violation; a literal
};

// Puts messages together from frames, within a bound. After a close or a violation nothing more is to be read.
class MessageReader {
public:
    explicit MessageReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

    void allow(std::size_t message_bytes_max) { message_bytes_max_ = message_bytes_max; }
    // So many bytes of input must have room, or a frame might never be whole.
    std::size_t input_bytes_max() const;

    // Reads from the front of `input`, unmasks it there, and says how much of it is used up.
    ClientMessage read(std::span<char> input, std::size_t& consumed);

private:
    struct Frame;
    ClientMessage take_control(const Frame& frame);
    ClientMessage take_data(const Frame& frame);

    std::size_t message_bytes_max_;
    std::string message_;  // of fragments, so far
    std::string whole_;    // the last message that was fragmented
    bool fragmented_ = false;
};

// What stands in front of a payload. Frames of a server are whole and not masked.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
void append_frame_header(Buffer& out, Opcode opcode, std::size_t payload_bytes);
void append_frame(Buffer& out, Opcode opcode, std::string_view payload);
void append_close(Buffer& out, std::optional<std::uint16_t> code, std::string_view reason = {});

}  // namespace alcove::http

#include "server/http/websocket.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "scopes/text.hpp"
#include "server/http/text.hpp"

namespace alcove::http {
namespace {

constexpr std::size_t header_bytes_max = 14;
constexpr std::size_t control_bytes_max = 125;
constexpr std::size_t key_bytes = 24;
constexpr std::string_view accept_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

// Calls `visit` with each item of all headers of that name, until one returns true.
template <class Visit>
bool any_item(const Request& request, std::string_view lower_case_name, Visit visit) {
    for (const auto& header : request.headers) {
        if (!equals(header.name, lower_case_name)) continue;
        for (std::string_view rest = header.value;;) {
            const auto comma = rest.find(',');
            if (const auto item = trim(rest.substr(0, comma)); !item.empty() && visit(item)) return true;
            if (comma == std::string_view::npos) break;
            rest.remove_prefix(comma + 1);
        }
    }
    return false;
}

bool has_item(const Request& request, std::string_view lower_case_name, std::string_view lower_case) {
    return any_item(request, lower_case_name, [&](std::string_view item) { return equals(item, lower_case); });
}

// 16 bytes in base64.
bool is_key(std::string_view text) {
    const auto is_digit = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    };
    return text.size() == key_bytes && text.ends_with("==") &&
           std::ranges::all_of(text.substr(0, key_bytes - 2), is_digit);
}

bool may_be_sent(std::uint16_t code) {
    if (code >= 3000) return code <= 4999;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

ClientMessage violation(CloseCode code, std::string_view why) {
    return {.kind = ClientMessage::Kind::violation,
            .payload = {},
            .code = static_cast<std::uint16_t>(code),
            .why = why};
}

ClientMessage text_message(std::string_view text) {
    if (!scopes::is_utf8(text)) return violation(CloseCode::bad_text, "the text is no UTF-8");
    return {.kind = ClientMessage::Kind::text, .payload = text, .code = {}, .why = {}};
}

void unmask(std::span<char> payload, std::array<char, 4> mask) {
    std::uint64_t wide = 0;
    std::memcpy(&wide, mask.data(), 4);
    wide |= wide << 32;
    std::size_t at = 0;
    for (; at + sizeof wide <= payload.size(); at += sizeof wide) {
        std::uint64_t block = 0;
        std::memcpy(&block, payload.data() + at, sizeof block);
        block ^= wide;
        std::memcpy(payload.data() + at, &block, sizeof block);
    }
    for (; at < payload.size(); ++at)
        payload[at] = static_cast<char>(payload[at] ^ mask[at % mask.size()]);
}

}  // namespace

bool asks_for_websocket(const Request& request) {
    return has_item(request, "upgrade", "websocket");
}

std::optional<HandshakeRefusal> refuse_handshake(const Request& request) {
    if (request.version < 11) return HandshakeRefusal{400, "Upgrade", "WebSocket needs HTTP/1.1"};
    if (!has_item(request, "connection", "upgrade"))
        return HandshakeRefusal{400, "Connection", "the header Connection must say 'Upgrade'"};
    const auto version = request.header("sec-websocket-version");
    if (!version || trim(*version) != "13" || request.count("sec-websocket-version") != 1)
        return HandshakeRefusal{426, "Sec-WebSocket-Version", "the version of WebSocket here is 13"};
    const auto key = request.header("sec-websocket-key");
    if (!key || !is_key(trim(*key)) || request.count("sec-websocket-key") != 1)
        return HandshakeRefusal{400, "Sec-WebSocket-Key", "Sec-WebSocket-Key must be 16 bytes in base64"};
    return std::nullopt;
}

std::vector<std::string_view> offered_subprotocols(const Request& request) {
    std::vector<std::string_view> offered;
    any_item(request, "sec-websocket-protocol", [&offered](std::string_view item) {
        offered.push_back(item);
        return false;
    });
    return offered;
}

void accept_handshake(const Request& request, Response& response) {
    const auto text = std::string(trim(*request.header("sec-websocket-key"))).append(accept_suffix);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned digest_bytes = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &digest_bytes, EVP_sha1(), nullptr);
    std::array<unsigned char, 32> accept;
    const int accept_bytes = EVP_EncodeBlock(accept.data(), digest.data(), static_cast<int>(digest_bytes));
    response.status = 101;
    response.set("Upgrade", "websocket");
    response.set("Sec-WebSocket-Accept",
                 {reinterpret_cast<const char*>(accept.data()), static_cast<std::size_t>(accept_bytes)});
}

struct MessageReader::Frame {
    bool final = false;
    Opcode opcode = Opcode::continuation;
    std::string_view payload;
};

std::size_t MessageReader::input_bytes_max() const {
    return header_bytes_max + std::max(message_bytes_max_, control_bytes_max);
}

ClientMessage MessageReader::read(std::span<char> input, std::size_t& consumed) {
    consumed = 0;
    if (input.size() < 2) return {};
    const auto byte = [&input](std::size_t at) { return static_cast<std::uint8_t>(input[at]); };
    Frame frame{.final = (byte(0) & 0x80) != 0, .opcode = static_cast<Opcode>(byte(0) & 0x0f), .payload = {}};
    if (byte(0) & 0x70) return violation(CloseCode::protocol_error, "a reserved bit is set");
    const bool control = (byte(0) & 0x08) != 0;
    if ((byte(0) & 0x0f) > (control ? 10 : 2)) return violation(CloseCode::protocol_error, "the opcode is unknown");
    if (!(byte(1) & 0x80)) return violation(CloseCode::protocol_error, "the frame is not masked");

    const unsigned short_length = byte(1) & 0x7f;
    const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    if (control && (!frame.final || length_bytes != 0))
        return violation(CloseCode::protocol_error, "a control frame is whole and has at most 125 bytes");
    const std::size_t head_bytes = 2 + length_bytes + 4;
    if (input.size() < 2 + length_bytes) return {};
    std::uint64_t length = length_bytes == 0 ? short_length : 0;
    for (std::size_t i = 0; i < length_bytes; ++i)
        length = length << 8 | byte(2 + i);
    const std::uint64_t length_min = length_bytes == 2 ? 126 : length_bytes == 8 ? 0x10000 : 0;
    if (length < length_min || length >> 63)
        return violation(CloseCode::protocol_error, "the length is not written as it must be");

    if (!control) {
        if ((frame.opcode == Opcode::continuation) != fragmented_)
            return violation(CloseCode::protocol_error, "fragments of a message follow each other");
        if (frame.opcode == Opcode::binary) return violation(CloseCode::unsupported, "messages are text");
        if (length > message_bytes_max_ - message_.size())
            return violation(CloseCode::too_large, "the message is too large");
    }
    if (input.size() < head_bytes + length) return {};
    consumed = head_bytes + static_cast<std::size_t>(length);
    std::array<char, 4> mask;
    std::memcpy(mask.data(), input.data() + 2 + length_bytes, mask.size());
    const auto payload = input.subspan(head_bytes, static_cast<std::size_t>(length));
    unmask(payload, mask);
    frame.payload = {payload.data(), payload.size()};
    return control ? take_control(frame) : take_data(frame);
}

ClientMessage MessageReader::take_control(const Frame& frame) {
    using Kind = ClientMessage::Kind;
    if (frame.opcode != Opcode::close) {
        return {.kind = frame.opcode == Opcode::ping ? Kind::ping : Kind::pong,
                .payload = frame.payload,
                .code = {},
                .why = {}};
    }
    if (frame.payload.empty()) return {.kind = Kind::close, .payload = {}, .code = {}, .why = {}};
    if (frame.payload.size() == 1) return violation(CloseCode::protocol_error, "a close code has two bytes");
    const auto code = static_cast<std::uint16_t>(static_cast<std::uint8_t>(frame.payload[0]) << 8 |
                                                 static_cast<std::uint8_t>(frame.payload[1]));
    if (!may_be_sent(code)) return violation(CloseCode::protocol_error, "the close code is none");
    if (!scopes::is_utf8(frame.payload.substr(2))) return violation(CloseCode::bad_text, "the reason is no UTF-8");
    return {.kind = Kind::close, .payload = {}, .code = code, .why = {}};
}

ClientMessage MessageReader::take_data(const Frame& frame) {
    if (!fragmented_ && frame.final) return text_message(frame.payload);
    if (!fragmented_) message_.clear();
    message_.append(frame.payload);
    fragmented_ = !frame.final;
    if (fragmented_) return {.kind = ClientMessage::Kind::none, .payload = {}, .code = {}, .why = {}};
    whole_ = std::exchange(message_, {});
    return text_message(whole_);
}

void append_frame_header(Buffer& out, Opcode opcode, std::size_t payload_bytes) {
    char* at = out.prepare(header_bytes_max);
    std::size_t size = 0;
    at[size++] = static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
    std::size_t length_bytes = 0;
    if (payload_bytes < 126) {
        at[size++] = static_cast<char>(payload_bytes);
    } else {
        length_bytes = payload_bytes < 0x10000 ? 2 : 8;
        at[size++] = static_cast<char>(length_bytes == 2 ? 126 : 127);
    }
    for (std::size_t i = length_bytes; i > 0; --i)
        at[size++] = static_cast<char>(payload_bytes >> 8 * (i - 1) & 0xff);
    out.commit(size);
}

void append_frame(Buffer& out, Opcode opcode, std::string_view payload) {
    append_frame_header(out, opcode, payload.size());
    out.append(payload);
}

void append_close(Buffer& out, std::optional<std::uint16_t> code, std::string_view reason) {
    if (!code) return append_frame(out, Opcode::close, {});
    append_frame_header(out, Opcode::close, 2 + reason.size());
    const char bytes[] = {static_cast<char>(*code >> 8), static_cast<char>(*code & 0xff)};
    out.append({bytes, sizeof bytes});
    out.append(reason);
}

}  // namespace alcove::http

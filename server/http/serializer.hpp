// Writes a response's bytes into a flat buffer.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/http/buffer.hpp"
#include "server/http/message.hpp"

namespace alcove::http {

// What the Connection header says: nothing (HTTP/1.1 goes on), keep-alive (HTTP/1.0 asked for it), close, or that
// something else than HTTP follows.
enum class Persistence : std::uint8_t { implied, keep_alive, close, upgrade };

// The standard phrase of a status, or "Unknown".
std::string_view reason_phrase(unsigned status);

// Whether responses of this status to this method carry a body.
bool carries_body(Method method, unsigned status);

// How the end of a body that follows the head in pieces shows.
enum class Framing : std::uint8_t { sized, chunked, until_close };

// Appends status line and headers of a response whose body follows in pieces; `sized`: that of its file.
void append_stream_head(Buffer& out, const Response& response, Framing framing, std::string_view id,
                        std::string_view date, Persistence persistence);

// What stands in front of a piece and behind it.
void append_chunk_begin(Buffer& out, std::size_t bytes);
inline constexpr std::string_view chunk_end = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

// Appends status line and headers, and the body too when there is one of at most copied_body_bytes_max. A larger
// one is returned, to be written after the buffer without a copy; else the result is empty.
// `date` is an IMF-fixdate. A status outside 200 to 599 is written as 500; 101 is for heads of streams alone.
std::string_view append_response(Buffer& out, const Response& response, Method method, std::string_view id,
                                 std::string_view date, Persistence persistence);

}  // namespace alcove::http

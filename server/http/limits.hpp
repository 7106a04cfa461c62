// The bounds of the HTTP layer, each with its reason. Units are bytes unless the name says otherwise.
#pragma once

#include <chrono>
#include <cstddef>

namespace alcove::http::limits {

// A request's head is held in memory before anything is known about who sends it. Above it: 431.
inline constexpr std::size_t header_bytes_max = std::size_t{16} << 10;

// A key of 480 bytes and an external id of 1,020, both percent-encoded, fit with room for the query. Above it: 414.
inline constexpr std::size_t target_bytes_max = std::size_t{8} << 10;

// Every header costs a comparison in each look-up. Above it: 431.
inline constexpr std::size_t headers_max = 100;

// Some clients send one behind a body. Endless ones would be work without a request that could be refused.
inline constexpr std::size_t empty_lines_max = 16;

// Exchanges of one connection before the thread's other connections have their turn: a turn costs less than one.
inline constexpr std::size_t exchanges_in_a_row_max = 64;

// What a connection reads into between requests; an ordinary request fits without growing.
inline constexpr std::size_t idle_buffer_bytes = std::size_t{4} << 10;

// Larger buffers are given back as soon as a connection waits for its next request, smaller ones when it has waited
// for a whole sweep, so that a busy connection allocates nothing.
inline constexpr std::size_t working_buffer_bytes = std::size_t{16} << 10;

// Answers to pipelined requests are gathered up to here before they are written: one segment of work for the
// kernel.
inline constexpr std::size_t gathered_bytes_max = std::size_t{64} << 10;

// A larger body goes out as a buffer of its own; copying it would cost more than a second iovec.
inline constexpr std::size_t copied_body_bytes_max = std::size_t{64} << 10;

// The room of a piece of a body that is made while it is sent is used again up to here.
inline constexpr std::size_t piece_bytes_kept = std::size_t{256} << 10;

// A file is sent in parts of this size, between which the thread's other connections have their turn.
inline constexpr std::size_t file_part_bytes = std::size_t{512} << 10;

// What is read at once of a body that is read in pieces.
inline constexpr std::size_t piece_read_bytes = std::size_t{64} << 10;

// A claimed Content-Length is believed only this far before its bytes arrive; then the buffer doubles.
inline constexpr std::size_t body_reserve_bytes = std::size_t{64} << 10;

// Raw input that is read at once while a chunked body is decoded, and the longest chunk header or trailer.
inline constexpr std::size_t chunked_input_bytes = std::size_t{16} << 10;

// What frames a chunked body: sizes, extensions and trailers. Beyond it somebody spends our time on next to
// nothing. A chunk of one byte has five of framing.
inline constexpr std::size_t framing_bytes_max = std::size_t{16} << 10;
inline constexpr std::size_t framing_per_content_max = 8;

// A body that nobody read is skipped up to here to keep the connection; beyond it a new connection is cheaper.
inline constexpr std::size_t skipped_body_bytes_max = std::size_t{64} << 10;

// A body slower than this over body_timeout is refused with 408, however steadily it trickles.
inline constexpr std::size_t body_bytes_per_second_min = 256;

// After a refusal the rest of the input is read and dropped, so that the answer is not lost to a reset.
inline constexpr std::size_t linger_bytes_max = std::size_t{8} << 20;
inline constexpr std::chrono::milliseconds linger_timeout{2000};

// Connections above connections_max that may wait for their 503 at the same time; beyond it none is accepted.
inline constexpr std::size_t refused_connections_max = 64;

// How often deadlines are looked at. A deadline is late by at most this.
inline constexpr std::chrono::milliseconds sweep_interval{250};

// Pause after an accept that failed for want of descriptors or memory, and while the server is full.
inline constexpr std::chrono::milliseconds accept_pause{100};

// What follows the grace at the end: sockets are closed by then, services need a moment to notice.
inline constexpr std::chrono::milliseconds drain_after_close{5000};

// Segments named in one route's pattern: they are kept inline in a match.
inline constexpr std::size_t route_params_max = 8;

// Parameters of one query: enough for any page, and a bound for the search for repeated names.
inline constexpr std::size_t query_parameters_max = 64;

}  // namespace alcove::http::limits

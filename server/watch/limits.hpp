// The bounds of watches, each with its reason. Units are bytes unless the name says otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace alcove::watch::limits {

// Each costs some hundred bytes and a frame every heartbeat.
inline constexpr std::size_t watches_per_socket_max = 1000;

// A frame of a client names a namespace and a prefix; what it may hold before it says who it is needs less.
inline constexpr std::size_t client_frame_bytes_max = std::size_t{64} << 10;
inline constexpr std::size_t first_frame_bytes_max = std::size_t{4} << 10;

// Numbers of JSON are exact up to here for every reader.
inline constexpr std::uint64_t watch_id_max = (std::uint64_t{1} << 53) - 1;

// What waits for a socket in a buffer of its own. Beyond it nothing more is made ready for it, nor read from it.
inline constexpr std::size_t out_bytes_max = std::size_t{64} << 10;

// A text of that size is shared, or handed over, instead of copied into the buffer.
inline constexpr std::size_t shared_bytes_min = std::size_t{16} << 10;

// Small commits that wait together are told in one frame up to here.
inline constexpr std::size_t batch_bytes_max = std::size_t{64} << 10;

// A frame is larger only for a single event.
inline constexpr std::size_t frame_bytes_max = std::size_t{1} << 20;

// What is read of the history at once; all of a commit at least.
inline constexpr std::size_t history_changes_max = 512;
inline constexpr std::size_t history_bytes_max = std::size_t{64} << 10;

// A page of a snapshot. As JSON text it may be six times as large, which still fits a frame.
inline constexpr std::size_t snapshot_items_max = 1000;
inline constexpr std::size_t snapshot_bytes_max = std::size_t{128} << 10;

inline constexpr std::chrono::milliseconds auth_timeout{5000};

// A client that answers pings at all does so within this, however short heartbeats are.
inline constexpr std::chrono::milliseconds silence_min{5000};

// How soon a socket at rest notices that its token is gone.
inline constexpr std::chrono::milliseconds credentials_interval{1000};

// Long enough for a page to open its socket.
inline constexpr std::chrono::milliseconds ticket_lifetime{30'000};

// Tickets live for half a minute: this many a second can be given out, and no more be remembered.
inline constexpr std::size_t tickets_max = 30'000;

// Longer than any proxy between lets a request wait.
inline constexpr std::chrono::milliseconds wait_max{60'000};

}  // namespace alcove::watch::limits

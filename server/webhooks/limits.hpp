// The bounds of outgoing webhooks, each with its reason. Units are bytes unless the name says otherwise.
#pragma once

#include <chrono>
#include <cstddef>

namespace alcove::webhooks::limits {

// What browsers and proxies carry everywhere.
inline constexpr std::size_t url_bytes_max = 2048;

// Enough for credentials, tenants and tracing; they are kept with every webhook and sent with every delivery.
inline constexpr std::size_t headers_max = 20;

// Names and values together. Many servers refuse a request whose head is longer.
inline constexpr std::size_t headers_bytes_max = std::size_t{8} << 10;

// What Standard Webhooks allows for a symmetric secret.
inline constexpr std::size_t secret_bytes_min = 24;
inline constexpr std::size_t secret_bytes_max = 64;

// A receiver's answer says all with its status. Its body is read so that the connection can be used again; above
// this a new connection is cheaper.
inline constexpr std::size_t answer_body_bytes_max = std::size_t{64} << 10;

// Interim answers (1xx) and trailers included, so that a receiver cannot send headers without end.
inline constexpr std::size_t answer_headers_bytes_max = std::size_t{64} << 10;

// A longer Retry-After would be a way to switch a webhook off unseen.
inline constexpr std::chrono::seconds retry_after_max = std::chrono::hours{24};

// Deliveries that wait for their turn, and their bodies, are kept in memory. Above either a delivery fails at once,
// unless nothing else of its group waits.
inline constexpr std::size_t waiting_max = 4096;
inline constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20;

}  // namespace alcove::webhooks::limits

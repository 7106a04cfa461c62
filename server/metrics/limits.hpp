// The bounds of what is counted, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace alcove::metrics::limits {

// Each form of a namespace's path is a route of its own; there are some 150. Each costs a thread a pointer.
inline constexpr std::size_t routes_max = 512;

// Namespaces that a thread counts at a time. Whoever makes more than one request in so many of a thread's is surely
// among them, and no name is longer than a kilobyte.
inline constexpr std::size_t busy_namespaces_max = 128;

// Those that are shown: more would be series that nobody looks at.
inline constexpr std::size_t busy_shown_max = 20;

// One request in so many is looked at, so that counting names costs the others nothing.
inline constexpr unsigned busy_one_in = 16;

// What was before the last one or two of these does not count.
inline constexpr std::chrono::seconds busy_window{60};

}  // namespace alcove::metrics::limits

// The bounds of names that stand in paths and records, each with its reason. Units are bytes.
#pragma once

#include <cstddef>

namespace alcove::scopes::limits {

// Both are of ASCII and fit a label of DNS, should they ever become part of a host's name.
inline constexpr std::size_t slug_bytes_max = 63;
inline constexpr std::size_t alias_bytes_max = 63;

// Of ASCII too; the longest names of real integrations have half of it.
inline constexpr std::size_t integration_name_bytes_max = 100;

// A few words with dots between them.
inline constexpr std::size_t event_type_bytes_max = 100;

}  // namespace alcove::scopes::limits

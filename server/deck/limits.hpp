// The bounds of the surface shaped like Deck's, each with its reason.
#pragma once

#include <cstddef>

namespace alcove::deck::limits {

// As Deck publishes them.
inline constexpr std::size_t page_limit_default = 20;
inline constexpr std::size_t page_limit_max = 100;

// More than there are types to choose from; `*` stands for all.
inline constexpr std::size_t event_types_max = 50;

}  // namespace alcove::deck::limits

// What the resources of the Deck surface have in common.
#pragma once

#include "server/deck/limits.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi::deck {

inline constexpr Shape request_id = {.types = type::string, .description = "As `X-Request-Id` has it."};
inline constexpr Shape has_more = {.types = type::boolean, .description = "Whether a page follows."};

inline constexpr Shape limit_shape = {.types = type::integer,
                                      .description = "How many a page has at most.",
                                      .default_json = "20",
                                      .minimum = 1,
                                      .maximum = alcove::deck::limits::page_limit_max};
inline constexpr Parameter limit_parameter = {.name = "limit", .shape = &limit_shape};

}  // namespace alcove::openapi::deck

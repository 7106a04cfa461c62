// Shapes that actions of several integrations share.
#pragma once

#include "server/schema/formats.hpp"
#include "server/schema/schema.hpp"

namespace alcove::actions {

// What tables of shapes are made of.
using schema::Member;
using schema::Presence;
using schema::Shape;
namespace type = schema::type;

}  // namespace alcove::actions

namespace alcove::actions::shapes {

inline constexpr Shape success_out = {.types = type::boolean, .description = "Always true: a failure is an error."};

inline constexpr Shape cursor_in = {.types = type::string,
                                    .description = "The cursor of the page before, with the same prefix."};
inline constexpr Shape cursor_out = {.types = type::string | type::null,
                                     .description = "For the next page; null: nothing follows."};

}  // namespace alcove::actions::shapes

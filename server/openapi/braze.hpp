// The bodies of the Braze surface, for its handlers: which of them a request has, they find out themselves.
#pragma once

#include "server/schema/schema.hpp"

namespace alcove::openapi {

extern const schema::Shape braze_renames;
extern const schema::Shape braze_removals;

}  // namespace alcove::openapi

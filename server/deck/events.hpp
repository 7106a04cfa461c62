// Events on the Deck surface: their shape, which webhooks send too.
#pragma once

#include <string>

#include "scopes/events.hpp"
#include "scopes/json_writer.hpp"

namespace alcove::deck {

// `evt_…`
std::string event_id(const scopes::Event& event);

void print(scopes::json::Writer& writer, const scopes::Event& event);

}  // namespace alcove::deck

// Events on the Deck surface: their shape, which webhooks send too, and what a workspace's events are asked for.
#pragma once

#include <string>

#include "scopes/events.hpp"
#include "scopes/json_writer.hpp"
#include "server/api/call.hpp"

namespace alcove::deck {

namespace asio = boost::asio;

// `evt_…`
std::string event_id(const scopes::Event& event);

void print(scopes::json::Writer& writer, const scopes::Event& event);

asio::awaitable<void> list_events(api::Call& call);
asio::awaitable<void> get_event(api::Call& call);

}  // namespace alcove::deck

// What all of the Deck surface has in common: who may enter, ids, pages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scopes/json_writer.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"
#include "server/api/call.hpp"
#include "server/api/cursor.hpp"

namespace alcove::deck {

namespace asio = boost::asio;

// The workspace that the request is about (api::bind_workspace). 403 for tokens that act as an end user: the
// surface is for those who run integrations.
asio::awaitable<api::Result<scopes::Uuid>> enter(api::Call& call);

// `conn_0199…`: the prefix and the 32 hexadecimal digits of the UUID.
std::string print_id(std::string_view prefix, const scopes::Uuid& id);
std::optional<scopes::Uuid> parse_id(std::string_view prefix, std::string_view text);

// `limit` and `cursor`. 400 cursor_invalid for a cursor of another list, or of other filters.
api::Result<scopes::ListRequest> take_page(http::Query& query, api::CursorScope scope);

// Closes the list and the answer: `has_more`, `next_cursor`, `request_id`. `next` is empty when nothing follows.
void print_page_end(api::Call& call, scopes::json::Writer& writer, api::CursorScope scope, std::string_view next);

}  // namespace alcove::deck

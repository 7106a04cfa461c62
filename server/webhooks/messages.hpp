// What webhooks are told: events of a workspace and changes of a namespace as messages, in order.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "scopes/identity.hpp"

namespace alcove::webhooks {

namespace asio = boost::asio;

// A value that is longer is left out of a message; its size is told instead.
inline constexpr std::size_t message_value_bytes_max = std::size_t{256} << 10;

// As many as are read ahead for one webhook: enough to keep it busy, little enough for thousands of them.
inline constexpr std::size_t messages_read_ahead = 16;
inline constexpr std::size_t bytes_read_ahead = std::size_t{256} << 10;

// How far `count_pending` counts: lists tell it of each webhook.
inline constexpr std::size_t pending_counted_max = 100;

// How many batches it reads for that: where all that happens is told, so many hold pending_counted_max. Where
// little of it is told, the rest of the history would have to be read for one number.
inline constexpr std::size_t pending_batches_max = pending_counted_max / messages_read_ahead + 2;

struct Message {
    std::string id;    // the same whenever it is sent
    std::string body;  // JSON
    scopes::Place place;
};

struct Batch {
    std::deque<Message> messages;
    scopes::Place through;  // everything up to here is in the batch, or is nothing for this webhook
    bool more = false;      // it goes on behind that
};

// What comes behind `after`. Where the history no longer reaches back to it, the batch is one message that says so,
// and goes on from now. Of a trigger whose namespace's owner was deleted, the cause is not_found.
asio::awaitable<scopes::Result<Batch>> read_messages(scopes::Identity& identity, const scopes::Webhook& webhook,
                                                     scopes::Place after);

// Whether that is what read_messages() failed for.
bool is_gone(const scopes::Error& error);

// How many messages wait for the webhook, counted up to pending_counted_max and in pending_batches_max batches, so
// that there may be more; of one whose namespace is gone, none.
asio::awaitable<scopes::Result<std::size_t>> count_pending(scopes::Identity& identity,
                                                           const scopes::Webhook& webhook);

// A message that tells nothing, to try a webhook out.
Message test_message(const scopes::Webhook& webhook, kv::TimeMs now_ms);

// Through where a webhook was told: nothing that was there before it was made is news to it.
scopes::Place told_through(const scopes::Webhook& webhook);

}  // namespace alcove::webhooks

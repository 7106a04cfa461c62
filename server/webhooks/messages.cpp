#include "server/webhooks/messages.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "kv/files/content.hpp"
#include "server/actions/registry.hpp"
#include "server/api/resources.hpp"
#include "server/api/values.hpp"
#include "server/deck/events.hpp"
#include "server/watch/event_texts.hpp"

namespace alcove::webhooks {
namespace {

using scopes::EventSelection;
using scopes::KeySelection;
using scopes::Place;
namespace json = scopes::json;

// The frame of everything that a trigger tells; `print_data` prints an object.
template <class PrintData>
std::string trigger_body(const scopes::Webhook& webhook, std::string_view trigger_name, kv::TimeMs time_ms,
                         PrintData print_data) {
    const auto& selection = std::get<KeySelection>(webhook.selection);
    std::string body;
    json::Writer writer(body);
    writer.open_object().member("triggerSourceId", scopes::format_uuid(webhook.id));
    writer.member("integrationName", selection.integration_name).member("triggerName", trigger_name).name("data");
    print_data(writer);
    writer.name("metadata").raw(selection.metadata_json);
    api::print_time(writer, "timestamp", time_ms);
    writer.close_object();
    return body;
}

std::string trigger_message_id(const scopes::Webhook& webhook, const Place& place) {
    return "trg_" + scopes::format_uuid(webhook.id) + "_" + print(place);
}

// What the trigger of a webhook tells of; one that is not there any more, nothing.
std::optional<kv::Collection> collection_of(const KeySelection& selection) {
    const auto* integration = actions::find_integration(selection.integration_name);
    const auto* trigger =
        integration == nullptr ? nullptr : actions::find_trigger(*integration, selection.trigger_name);
    return trigger == nullptr ? std::nullopt : std::optional(trigger->collection);
}

std::string_view name_of_key(kv::Collection collection) {
    return collection == kv::Collection::file ? "path" : "key";
}

void print_change(json::Writer& writer, const kv::Change& change) {
    writer.open_object().member("op", watch::name_of(change.kind));
    writer.member(name_of_key(change.collection), change.key);
    writer.member("version", std::to_string(change.version));
    if (change.entry) {
        const auto size = kv::content_bytes(kv::view_of(*change.entry));
        writer.name("created").boolean(change.previous_version == 0);
        writer.member("contentType", change.entry->content_type).name("size").number(size);
        if (change.collection == kv::Collection::key && size <= message_value_bytes_max)
            api::print_value(writer.name("value"), change.entry->content_type, change.entry->value);
    }
    writer.close_object();
}

// The history does not reach back to the place of the webhook: everything up to `place` is passed over.
Message reset_message(const scopes::Webhook& webhook, const Place& place, bool emptied, kv::TimeMs now_ms) {
    const auto& trigger_name = std::get<KeySelection>(webhook.selection).trigger_name;
    auto body = trigger_body(webhook, "trigger.reset", now_ms, [&](json::Writer& writer) {
        writer.open_object().member("triggerName", trigger_name).member("why", emptied ? "emptied" : "compacted");
        writer.member("version", std::to_string(place.version)).close_object();
    });
    return {.id = trigger_message_id(webhook, place), .body = std::move(body), .place = place};
}

asio::awaitable<scopes::Result<Batch>> read_events(scopes::Identity& identity, scopes::Uuid workspace,
                                                   const EventSelection& selection, Place after) {
    scopes::EventFilter filter{.types = selection.types};
    auto page = co_await identity.events.page(workspace, std::move(filter), print(after), messages_read_ahead);
    if (!page) co_return page.error();
    Batch batch{.messages = {}, .through = scopes::parse_place(page->through).value_or(after), .more = page->more};
    for (const auto& event : page->items) {
        Message message{.id = deck::event_id(event), .body = {}, .place = *scopes::parse_place(event.place)};
        json::Writer writer(message.body);
        deck::print(writer, event);
        batch.messages.push_back(std::move(message));
    }
    co_return batch;
}

asio::awaitable<scopes::Result<Batch>> read_changes(scopes::Identity& identity, const scopes::Webhook& webhook,
                                                    Place after) {
    const auto& selection = std::get<KeySelection>(webhook.selection);
    auto& store = identity.records.store();
    const bool whole = after.index == Place::index_max;
    auto page = co_await store.changes(selection.followed, whole ? after.version : after.version - 1,
                                       messages_read_ahead, bytes_read_ahead);
    Batch batch{.messages = {}, .through = after};
    if (!page && page.error().code == kv::Errc::compacted) {
        const auto usage = co_await store.usage(selection.followed);
        if (!usage) co_return scopes::store_error(usage.error());
        if (usage->version <= after.version) co_return batch;  // old, but nothing happened since
        // After a restore what is forgotten lies above the namespace's own version.
        batch.through = Place::behind(std::max(usage->version, page.error().oldest));
        batch.messages.push_back(reset_message(webhook, batch.through, page.error().emptied, store.now_ms()));
        co_return batch;
    }
    if (!page) co_return scopes::store_error(page.error());
    batch.through = std::max(after, Place::behind(page->through));
    batch.more = page->more;
    const auto collection = collection_of(selection);
    Place place{};
    for (const auto& change : page->changes) {
        place = {.version = change.version, .index = change.version == place.version ? place.index + 1 : 0};
        const bool wanted = change.collection == collection && place > after;
        if (!wanted || !change.key.starts_with(selection.prefix)) continue;
        auto body = trigger_body(webhook, selection.trigger_name, change.time_ms,
                                 [&change](json::Writer& writer) { print_change(writer, change); });
        batch.messages.push_back(
            {.id = trigger_message_id(webhook, place), .body = std::move(body), .place = place});
    }
    co_return batch;
}

}  // namespace

asio::awaitable<scopes::Result<Batch>> read_messages(scopes::Identity& identity, const scopes::Webhook& webhook,
                                                     Place after) {
    if (const auto* selection = std::get_if<EventSelection>(&webhook.selection)) {
        auto batch = co_await read_events(identity, webhook.workspace, *selection, after);
        co_return batch;
    }
    auto batch = co_await read_changes(identity, webhook, after);
    co_return batch;
}

asio::awaitable<scopes::Result<std::size_t>> count_pending(scopes::Identity& identity,
                                                           const scopes::Webhook& webhook) {
    std::size_t pending = 0;
    auto after = told_through(webhook);
    bool more = true;
    for (std::size_t i = 0; i < pending_batches_max && more && pending < pending_counted_max; ++i) {
        auto batch = co_await read_messages(identity, webhook, after);
        if (!batch && is_gone(batch.error())) break;
        if (!batch) co_return batch.error();
        pending += batch->messages.size();
        more = batch->more;
        after = batch->through;
    }
    co_return std::min(pending, pending_counted_max);
}

bool is_gone(const scopes::Error& error) {
    return error.cause && error.cause->code == kv::Errc::not_found;
}

Message test_message(const scopes::Webhook& webhook, kv::TimeMs now_ms) {
    const auto& selection = std::get<KeySelection>(webhook.selection);
    auto body = trigger_body(webhook, selection.trigger_name, now_ms, [&selection](json::Writer& writer) {
        const auto collection = collection_of(selection).value_or(kv::Collection::key);
        writer.open_object().member("op", "test").member(name_of_key(collection), selection.prefix).close_object();
    });
    return {.id = trigger_message_id(webhook, Place{}) + "_" + std::to_string(now_ms),
            .body = std::move(body),
            .place = {}};
}

Place told_through(const scopes::Webhook& webhook) {
    return scopes::parse_place(webhook.delivery.place).value_or(Place::behind(webhook.made));
}

}  // namespace alcove::webhooks

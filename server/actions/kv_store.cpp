#include "server/actions/kv_store.hpp"

#include <charconv>
#include <utility>

#include "server/actions/common.hpp"
#include "server/actions/kv_store_shapes.hpp"
#include "server/api/operations.hpp"
#include "server/api/parameters.hpp"
#include "server/api/values.hpp"
#include "server/http/date.hpp"

namespace alcove::actions {
namespace {

using namespace kv_store_shapes;
using api::Result;

constexpr std::string_view list_keys_name = "kv-store.list_keys";

// ---- what actions have in common

// Commits one operation. A failed check is told as transactions tell it.
asio::awaitable<Result<kv::Committed>> commit(ActionContext& context, kv::Operation operation,
                                              std::vector<kv::Check> checks = {}) {
    kv::Commit change;
    change.checks = checks;
    change.operations.push_back(std::move(operation));
    change.value_bytes_max = context.value_bytes_max;
    change.request_id = context.request_id;
    auto committed = co_await context.store.commit(context.namespace_name, std::move(change));
    if (committed) co_return std::move(*committed);
    if (committed.error().code == kv::Errc::check_failed) {
        co_return api::checks_failed(checks, committed.error());
    }
    co_return to_problem(committed.error());
}

std::string printed_value(std::string_view content_type, std::string_view value) {
    std::string text;
    json::Writer writer(text);
    api::print_value(writer, content_type, value);
    return text;
}

// Commits what computes a value, and gives that.
asio::awaitable<Result<Output>> compute(ActionContext& context, kv::Operation operation) {
    auto committed = co_await commit(context, std::move(operation));
    if (!committed) co_return committed.error();
    const auto& entry = *committed->results.front().entry;
    co_return Output{.json = printed_value(entry.content_type, entry.value), .replayed = committed->replayed};
}

void print_version(json::Writer& writer, kv::Version version) {
    writer.plain_string(std::to_string(version));
}

// ---- the actions

asio::awaitable<Result<Output>> put(ActionContext& context) {
    const auto& in = context.input;
    kv::Put put{.key = in.text("key"),
                .value = std::string(in.raw("value")),
                .content_type = std::string(api::json_content_type),
                .expiry = kv::Expiry::never()};
    if (in.has("ttl")) {
        const auto expiry = api::parse_ttl(in.field("ttl"), in.raw("ttl"));
        if (!expiry) co_return expiry.error();
        put.expiry = *expiry;
    }
    auto committed = co_await commit(context, std::move(put));
    if (!committed) co_return committed.error();
    // A replay has the same input, else it were a conflict.
    co_return Output{.json = std::string(in.raw("value")), .replayed = committed->replayed};
}

asio::awaitable<Result<Output>> get(ActionContext& context) {
    const auto key = context.input.text("key");
    auto entry = co_await context.store.get(context.namespace_name, key);
    if (entry) co_return Output{.json = printed_value(entry->content_type, entry->value)};
    if (entry.error().code != kv::Errc::not_found) co_return to_problem(entry.error());
    co_return Output{.json = std::string(context.input.raw("defaultValue"))};
}

asio::awaitable<Result<Output>> remove(ActionContext& context) {
    kv::Delete remove{.key = context.input.text("key")};
    auto committed = co_await commit(context, std::move(remove));
    if (!committed) co_return committed.error();
    Output output{.json = {}, .replayed = committed->replayed};
    json::Writer writer(output.json);
    writer.open_object().name("success").boolean(true);
    writer.name("existed").boolean(committed->results.front().existed).close_object();
    co_return output;
}

asio::awaitable<Result<Output>> add_to_list(ActionContext& context) {
    const auto& in = context.input;
    kv::AddToList add{
        .key = in.text("key"), .value_json = std::string(in.raw("value")), .unique = in.boolean("ignoreIfExists")};
    return compute(context, std::move(add));
}

asio::awaitable<Result<Output>> remove_from_list(ActionContext& context) {
    const auto& in = context.input;
    kv::RemoveFromList remove{.key = in.text("key"), .value_json = std::string(in.raw("value"))};
    return compute(context, std::move(remove));
}

asio::awaitable<Result<Output>> increment(ActionContext& context) {
    const auto& in = context.input;
    const auto by = api::parse_amount(in.field("by"), in.raw("by"));
    if (!by) co_return by.error();
    kv::Increment increment{.key = in.text("key"), .by = *by};
    auto output = co_await compute(context, std::move(increment));
    co_return output;
}

asio::awaitable<Result<Output>> append(ActionContext& context) {
    const auto& in = context.input;
    kv::Append append{.key = in.text("key"), .value = in.text("value"), .separator = in.text("separator")};
    return compute(context, std::move(append));
}

asio::awaitable<Result<Output>> list_keys(ActionContext& context) {
    const auto page = co_await read_page(context, list_keys_name, kv::Collection::key);
    if (!page) co_return page.error();
    Output output;
    json::Writer writer(output.json);
    writer.open_object().name("keys").open_array();
    for (const auto& item : page->items)
        writer.string(item.key);
    writer.close_array().name("cursor");
    print_cursor(writer, context, list_keys_name, *page);
    writer.close_object();
    co_return output;
}

asio::awaitable<Result<Output>> get_many(ActionContext& context) {
    const auto keys = context.input.texts("keys");
    auto entries = co_await context.store.get_many(context.namespace_name, keys);
    if (!entries) co_return to_problem(entries.error());
    Output output;
    json::Writer writer(output.json);
    writer.open_object().name("values").open_object();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& entry = (*entries)[i];
        writer.text_name(keys[i]);
        entry ? api::print_value(writer, entry->content_type, entry->value) : void(writer.null());
    }
    writer.close_object().name("versions").open_object();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& entry = (*entries)[i];
        writer.text_name(keys[i]);
        entry ? print_version(writer, entry->version) : void(writer.null());
    }
    writer.close_object().close_object();
    co_return output;
}

asio::awaitable<Result<Output>> put_if(ActionContext& context) {
    const auto& in = context.input;
    kv::Check check{.key = in.text("key"), .kind = kv::Check::Kind::absent, .version = 0};
    if (in.raw("version") != "null") {
        const auto version = in.text("version");
        check.kind = kv::Check::Kind::version;
        std::from_chars(version.data(), version.data() + version.size(), check.version);
    }
    kv::Put put{.key = check.key,
                .value = std::string(in.raw("value")),
                .content_type = std::string(api::json_content_type),
                .expiry = kv::Expiry::never()};
    std::vector<kv::Check> checks;
    checks.push_back(std::move(check));
    auto committed = co_await commit(context, std::move(put), std::move(checks));
    if (!committed) co_return committed.error();
    Output output{.json = {}, .replayed = committed->replayed};
    json::Writer writer(output.json);
    writer.open_object().name("success").boolean(true).name("version");
    print_version(writer, committed->version);
    writer.close_object();
    co_return output;
}

asio::awaitable<Result<Output>> touch(ActionContext& context) {
    const auto& in = context.input;
    kv::Touch touch{.key = in.text("key"), .expiry = kv::Expiry::never()};
    if (in.raw("ttl") != "null") {
        const auto expiry = api::parse_ttl(in.field("ttl"), in.raw("ttl"));
        if (!expiry) co_return expiry.error();
        touch.expiry = *expiry;
    }
    auto committed = co_await commit(context, std::move(touch));
    if (!committed) co_return committed.error();
    const auto& result = committed->results.front();
    Output output{.json = {}, .replayed = committed->replayed};
    json::Writer writer(output.json);
    writer.open_object().name("success").boolean(true).name("existed").boolean(result.existed).name("expiresAt");
    if (result.entry && result.entry->expires_ms) {
        const auto time = http::format_iso_time(*result.entry->expires_ms);
        writer.plain_string(http::view(time));
    } else {
        writer.null();
    }
    writer.close_object();
    co_return output;
}

asio::awaitable<Result<std::vector<std::string>>> list_key_options(kv::Store& store,
                                                                   const kv::NamespaceName& namespace_name,
                                                                   std::string_view search) {
    return list_options(store, namespace_name, search, kv::Collection::key);
}

constexpr Action actions[] = {
    {"put", "Stores a value under a key, in place of an earlier one and its time to live.", put_input, stored_out,
     put},
    {"get", "Reads the value of a key.", get_input, value_out, get},
    {"delete", "Deletes a key. It is no error when there is none.", delete_input, delete_output, remove},
    {"add_to_list", "Adds a value to the end of the list under a key; an absent key counts as an empty list.",
     add_input, list_out, add_to_list},
    {"remove_from_list", "Removes the first value that is equal from the list under a key.", remove_input, list_out,
     remove_from_list},
    {"increment", "Adds to the number under a key; an absent key counts as 0.", increment_input, increment_output,
     increment},
    {"append",
     "Appends to the text under a key; an absent key counts as empty. Text is what append wrote, or what was "
     "stored "
     "with a type of text/*: JSON that put stored is none.",
     append_input, append_output, append},
    {"list_keys", "Lists keys, page by page.", list_input, list_output, list_keys},
    {"get_many", "Reads several keys at one moment.", get_many_input, get_many_output, get_many},
    {"put_if",
     "Stores a value only if the key has that version, or is absent; else nothing changes and the error is "
     "CHECK_FAILED.",
     put_if_input, put_if_output, put_if},
    {"touch", "Changes the time to live of a key and nothing else. It is no error when there is none.", touch_input,
     touch_output, touch},
};

constexpr OptionSource option_sources[] = {{.property = "key", .search = prefix_in, .list = list_key_options}};

constexpr Trigger triggers[] = {
    {.name = "key_changed",
     .display_name = "Key changed",
     .description = "Tells that a key was put or deleted, or expired, in the order in which that happened.",
     .input = key_changed_input,
     .collection = kv::Collection::key},
};

}  // namespace

constinit const Integration kv_store = {
    .name = "kv-store",
    .display_name = "Key-value store",
    .description = "JSON values under keys, with times to live, lists, numbers and texts that change atomically.",
    .actions = actions,
    .option_sources = option_sources,
    .triggers = triggers,
};

}  // namespace alcove::actions

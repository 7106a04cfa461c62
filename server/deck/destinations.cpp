#include "server/deck/destinations.hpp"

#include <utility>

#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/api/webhooks.hpp"
#include "server/deck/surface.hpp"

namespace alcove::deck {
namespace {

using api::Call;
using api::ObjectReader;
using api::Result;
using scopes::EventSelection;
using scopes::Webhook;
using scopes::WebhookKind;
namespace json = scopes::json;

constexpr std::string_view id_prefix = "evtd_";

constexpr api::StandingNames standing_names{.pending = "pending",
                                            .failures = "failures",
                                            .last_success_at = "last_success_at",
                                            .last_failure_at = "last_failure_at",
                                            .last_error = "last_error",
                                            .next_attempt_at = "next_attempt_at",
                                            .inactive_because = "inactive_because"};

// Members without the closing brace, so that more may follow.
asio::awaitable<std::optional<api::Problem>> print_open(Call& call, json::Writer& writer,
                                                        const Webhook& destination) {
    auto standing = co_await api::standing_of(call, destination);
    if (!standing) co_return standing.error();
    const auto& selection = std::get<EventSelection>(destination.selection);
    writer.open_object().member("id", print_id(id_prefix, destination.id)).member("object", "event_destination");
    writer.member("name", selection.name).member("type", "webhook").name("webhook").open_object();
    writer.member("url", destination.url).name("custom_headers");
    api::print_header_names(writer, destination);
    writer.close_object().name("events").open_array();
    for (const auto& type : selection.types)
        writer.string(type);
    writer.close_array();
    writer.member("status", destination.delivery.inactive_because ? "inactive" : "active").name("delivery");
    api::print(writer, *standing, standing_names);
    api::print_time(writer, "created_at", destination.created_ms);
    api::print_time(writer, "updated_at", destination.updated_ms);
    co_return std::nullopt;
}

asio::awaitable<void> answer(Call& call, unsigned status, const scopes::Written<Webhook>& written,
                             std::optional<std::string> secret = {}) {
    api::set_replayed(call.response, written.replayed);
    call.begin_json(status);
    json::Writer writer(call.response.body);
    auto problem = co_await print_open(call, writer, written.resource);
    if (problem) co_return call.fail(*problem);
    if (secret && !written.replayed) writer.member("secret", *secret);
    writer.member("request_id", call.request.id).close_object();
}

std::optional<std::vector<std::string>> read_event_types(const json::Document& document, ObjectReader& in) {
    const auto* list = in.array("events");
    if (list == nullptr) return std::nullopt;
    std::vector<std::string> types;
    for (const auto* type = document.first(*list); type != nullptr; type = document.next(*type))
        types.emplace_back(type->text);
    return types;
}

// An object, or its text, as Deck has it.
std::optional<scopes::WebhookHeaders> read_headers(const json::Document& document, ObjectReader& in) {
    constexpr std::string_view name = "custom_headers";
    const auto* given = in.any(name);
    if (given == nullptr) return std::nullopt;
    if (given->type == json::Type::object) return api::to_callback_headers(document, *given, in, name);
    if (given->type == json::Type::string) {
        const auto encoded = json::Document::parse(given->text);
        if (encoded && encoded->root().type == json::Type::object)
            return api::to_callback_headers(*encoded, encoded->root(), in, name);
    }
    in.refuse(name, "'" + in.field(name) + "' must be an object, or the JSON text of one");
    return std::nullopt;
}

struct DestinationRequest {
    std::optional<scopes::Label> name;
    std::optional<std::vector<std::string>> types;
    std::optional<std::string> url;
    std::optional<scopes::WebhookHeaders> headers;
    std::optional<bool> active;
};

void read_webhook(const json::Document& document, ObjectReader& in, DestinationRequest& request) {
    const auto* webhook = in.object("webhook");
    if (webhook == nullptr) return;
    ObjectReader webhook_in(document, *webhook, "webhook");
    if (const auto url = webhook_in.string("url")) request.url = api::to_callback_url(webhook_in, "url", *url);
    request.headers = read_headers(document, webhook_in);
    if (auto problem = webhook_in.finish()) in.refuse(*std::move(problem));
}

Result<DestinationRequest> parse_request(const json::Document& document) {
    ObjectReader in(document, document.root());
    DestinationRequest request;
    if (const auto name = in.text("name")) request.name = api::to_label(in, "name", *name);
    in.any("type");  // there is only one
    read_webhook(document, in, request);
    request.types = read_event_types(document, in);
    if (const auto status = in.string("status")) request.active = *status == "active";
    if (auto problem = in.finish()) return *std::move(problem);
    return request;
}

// The destination of the path in that workspace, which the request has entered.
asio::awaitable<Result<Webhook>> find(Call& call, scopes::Uuid workspace) {
    const auto id = parse_id(id_prefix, call.param("id"));
    if (!id) co_return api::to_problem(scopes::webhook_not_found());
    auto found = co_await call.services.identity.webhooks.get(workspace, WebhookKind::destination, *id);
    if (!found) co_return api::to_problem(found.error());
    co_return std::move(*found);
}

// The destination of the path: 404 also for one of another workspace.
asio::awaitable<Result<Webhook>> find(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return workspace.error();
    auto found = co_await find(call, *workspace);
    co_return found;
}

void answer_deleted(Call& call, const scopes::Written<Webhook>& removed) {
    api::set_replayed(call.response, removed.replayed);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().member("id", print_id(id_prefix, removed->id)).member("object", "event_destination");
    writer.name("deleted").boolean(true).member("request_id", call.request.id).close_object();
}

}  // namespace

asio::awaitable<void> create_destination(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return call.fail(workspace.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await api::read_json(call);
    if (!document) co_return call.fail(document.error());
    auto request = parse_request(*document);
    if (!request) co_return call.fail(request.error());
    auto request_id = api::take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    const auto secret = api::make_webhook_secret();
    scopes::NewWebhook made{
        .workspace = *workspace,
        .url = *std::move(request->url),
        .headers = std::move(request->headers).value_or(scopes::WebhookHeaders()),
        .secret = secret,
        .selection = EventSelection{.name = request->name->text(), .types = *std::move(request->types)},
        .active = request->active.value_or(true)};
    auto created = co_await call.services.identity.webhooks.create(std::move(made), std::move(*request_id));
    if (!created) co_return call.fail(api::to_problem(created.error()));
    co_await answer(call, 201, *created, secret);
}

asio::awaitable<void> list_destinations(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return call.fail(workspace.error());
    auto query = api::parse_query(call);
    if (!query) co_return call.fail(query.error());
    const auto workspace_text = scopes::format_uuid(*workspace);
    auto page = take_page(*query, {"event_destinations", workspace_text});
    if (!page) co_return call.fail(page.error());
    if (auto problem = api::refuse_unknown(*query)) co_return call.fail(*problem);
    auto listing =
        co_await call.services.identity.webhooks.list(*workspace, WebhookKind::destination, std::move(*page));
    if (!listing) co_return call.fail(api::to_problem(listing.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("data").open_array();
    for (const auto& destination : listing->items) {
        auto problem = co_await print_open(call, writer, destination);
        if (problem) co_return call.fail(*problem);
        writer.close_object();
    }
    print_page_end(call, writer, {"event_destinations", workspace_text}, listing->next);
}

asio::awaitable<void> get_destination(Call& call) {
    auto found = co_await find(call);
    if (!found) co_return call.fail(found.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    co_await answer(call, 200, {.resource = std::move(*found)});
}

asio::awaitable<void> update_destination(Call& call) {
    auto found = co_await find(call);
    if (!found) co_return call.fail(found.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await api::read_json(call);
    if (!document) co_return call.fail(document.error());
    auto request = parse_request(*document);
    if (!request) co_return call.fail(request.error());
    auto request_id = api::take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    scopes::WebhookChanges changes{
        .url = std::move(request->url), .headers = std::move(request->headers), .active = request->active};
    if (request->name || request->types) {
        changes.selection = std::get<EventSelection>(found->selection);
        if (request->name) changes.selection->name = request->name->text();
        if (request->types) changes.selection->types = *std::move(request->types);
    }
    auto updated = co_await call.services.identity.webhooks.update(
        found->workspace, WebhookKind::destination, found->id, std::move(changes), std::move(*request_id));
    if (!updated) co_return call.fail(api::to_problem(updated.error()));
    co_await answer(call, 200, *updated);
}

asio::awaitable<void> delete_destination(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return call.fail(workspace.error());
    auto request_id = api::take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());
    auto& webhooks = call.services.identity.webhooks;
    auto earlier = co_await webhooks.recall_removed(*request_id);  // what it removed is not found any more
    if (!earlier) co_return call.fail(api::to_problem(earlier.error()));
    if (*earlier) co_return answer_deleted(call, {.resource = std::move(**earlier), .replayed = true});

    auto found = co_await find(call, *workspace);
    if (!found) co_return call.fail(found.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto refused = co_await api::refuse_members(call);
    if (refused) co_return call.fail(*refused);
    auto removed =
        co_await webhooks.remove(*workspace, WebhookKind::destination, found->id, std::move(*request_id));
    if (!removed) co_return call.fail(api::to_problem(removed.error()));
    answer_deleted(call, *removed);
}

asio::awaitable<void> rotate_destination_secret(Call& call) {
    auto found = co_await find(call);
    if (!found) co_return call.fail(found.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto refused = co_await api::refuse_members(call);
    if (refused) co_return call.fail(*refused);
    auto request_id = api::take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());
    const auto secret = api::make_webhook_secret();
    auto rotated = co_await call.services.identity.webhooks.rotate_secret(
        found->workspace, WebhookKind::destination, found->id, secret, std::move(*request_id));
    if (!rotated) co_return call.fail(api::to_problem(rotated.error()));
    co_await answer(call, 200, *rotated, secret);
}

}  // namespace alcove::deck

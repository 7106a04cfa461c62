#include "server/deck/events.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "scopes/json.hpp"
#include "server/api/resources.hpp"
#include "server/deck/connections.hpp"
#include "server/deck/surface.hpp"

namespace alcove::deck {
namespace {

using api::Call;
using api::Result;
namespace json = scopes::json;

constexpr std::string_view event_id_prefix = "evt_";

// Prints members of an object and knows which there are, so that what a reporter said comes behind what we know.
class DataPrinter {
public:
    explicit DataPrinter(json::Writer& writer) : writer_(writer) {}

    json::Writer& name(std::string_view name) {
        names_.push_back(name);
        return writer_.name(name);
    }
    void time(std::string_view name, kv::TimeMs time_ms) {
        names_.push_back(name);
        api::print_time(writer_, name, time_ms);
    }
    void optional(std::string_view of, const std::optional<std::string>& text) {
        text ? name(of).string(*text) : name(of).null();
    }

    // `data_json` is the text of an object.
    void the_rest(std::string_view data_json) {
        const auto data =
            json::Document::parse(data_json, {.built_depth_max = 1, .values_max = data_json.size() + 1});
        for (const auto* one = data->first(data->root()); one != nullptr; one = data->next(*one)) {
            if (std::ranges::find(names_, one->name) != names_.end()) continue;
            writer_.text_name(one->name).raw(one->raw);
        }
    }

private:
    json::Writer& writer_;
    std::vector<std::string_view> names_;
};

void print_connection(DataPrinter& data, const scopes::Event& event) {
    const auto record = scopes::parse_record<scopes::ConnectionRecord>(*event.record.record);
    data.name("id").string(print_id(connection_id_prefix, *event.record.connection));
    data.name("object").string("connection");
    data.name("status").string(to_string(record.status));
    data.optional("external_id", event.record.external_id);
    data.name("source_id").string(record.integration_name);
    data.name("auth_method").string(to_string(record.auth_method));
}

void print_end_user(DataPrinter& data, const scopes::Event& event) {
    const auto record = scopes::parse_record<scopes::EndUserRecord>(*event.record.record);
    data.name("id").string(scopes::format_uuid(*event.record.end_user));
    data.name("object").string("end_user");
    data.optional("external_id", event.record.external_id);
    auto& writer = data.name("deprecated_external_ids").open_array();
    for (const auto& former : record.deprecated_external_ids)
        writer.string(former);
    writer.close_array();
    if (!event.record.other_external_id) return;
    const bool renamed = event.record.type.ends_with("renamed");
    data.name(renamed ? "previous_external_id" : "removed_external_id").string(*event.record.other_external_id);
}

void print_data(json::Writer& writer, const scopes::Event& event) {
    writer.open_object();
    DataPrinter data(writer);
    const auto& record = event.record;
    if (!record.record) {
        data.optional("external_id", record.external_id);
        data.name("connection_id").string(print_id(connection_id_prefix, *record.connection));
    } else {
        record.connection ? print_connection(data, event) : print_end_user(data, event);
        data.time("created_at", record.subject_created_ms.value_or(event.created_ms));
        data.time("updated_at", event.created_ms);
    }
    data.the_rest(record.data_json);
    writer.close_object();
}

struct EventPage {
    scopes::EventFilter filter;
    scopes::ListRequest request;
    std::string filters;  // as text: a cursor is good for the same ones alone
};

Result<EventPage> take_event_page(http::Query& query, const scopes::Uuid& workspace) {
    EventPage page;
    page.filters = scopes::format_uuid(workspace);
    for (const auto text : query.take_all("type")) {
        if (!scopes::EventType::parse(text)) {
            return api::invalid_field("type", "'type' must be a type of events such as 'connection.created'");
        }
        page.filter.types.emplace_back(text);
        page.filters.append(",").append(text);
    }
    if (const auto text = query.take("connection_id")) {
        page.filter.connection = parse_id(connection_id_prefix, *text);
        if (!page.filter.connection) {
            return api::invalid_field("connection_id", "'connection_id' must be the id of a connection");
        }
        page.filters.append(";").append(*text);
    }
    if (const auto text = query.take("external_id")) {
        page.filter.external_id = std::string(*text);
        page.filters.append("=").append(*text);
    }
    auto request = take_page(query, {"deck_events", page.filters});
    if (!request) return request.error();
    page.request = std::move(*request);
    if (auto problem = api::refuse_unknown(query)) return *std::move(problem);
    return page;
}

}  // namespace

std::string event_id(const scopes::Event& event) {
    return std::string(event_id_prefix).append(event.place);
}

void print(json::Writer& writer, const scopes::Event& event) {
    writer.open_object().member("id", event_id(event)).member("object", "event").member("type", event.record.type);
    print_data(writer.name("data"), event);
    api::print_time(writer, "created_at", event.created_ms);
    writer.close_object();
}

asio::awaitable<void> list_events(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return call.fail(workspace.error());
    auto query = http::Query::parse(call.request.query, {"type"});
    if (!query) co_return call.fail(api::invalid_field(query.error().name, query.error().message));
    auto asked = take_event_page(*query, *workspace);
    if (!asked) co_return call.fail(asked.error());
    auto page = co_await call.services.identity.events.page(*workspace, std::move(asked->filter),
                                                            asked->request.cursor, asked->request.limit);
    if (!page) co_return call.fail(api::to_problem(page.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("data").open_array();
    for (const auto& event : page->items)
        print(writer, event);
    print_page_end(call, writer, {"deck_events", asked->filters}, page->more ? page->through : std::string());
}

asio::awaitable<void> get_event(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return call.fail(workspace.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto id = call.param("id");
    if (!id.starts_with(event_id_prefix)) co_return call.fail(api::to_problem(scopes::event_not_found()));
    id.remove_prefix(event_id_prefix.size());
    auto event = co_await call.services.identity.events.get(*workspace, std::string(id));
    if (!event) co_return call.fail(api::to_problem(event.error()));
    call.begin_json(200);
    json::Writer writer(call.response.body);
    print(writer, *event);
}

}  // namespace alcove::deck

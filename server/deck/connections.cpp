#include "server/deck/connections.hpp"

#include <utility>

#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/deck/events.hpp"
#include "server/deck/surface.hpp"

namespace alcove::deck {
namespace {

using api::Call;
using api::ObjectReader;
using api::Result;
using scopes::AuthMethod;
using scopes::Connection;
using scopes::ConnectionStatus;
namespace json = scopes::json;

// Members without the closing brace, so that request_id may follow.
void print_open(json::Writer& writer, const Connection& connection) {
    writer.open_object().member("id", print_id(connection_id_prefix, connection.id)).member("object", "connection");
    writer.member("status", to_string(connection.status));
    writer.optional_member("external_id", connection.owner_external_id);
    writer.member("source_id", connection.integration_name);
    writer.member("auth_method", to_string(connection.auth_method)).name("auth_credentials");
    if (connection.credential_names.empty()) {
        writer.null();
    } else {
        writer.open_object();
        for (const auto& name : connection.credential_names)
            writer.text_name(name).string("[REDACTED]");
        writer.close_object();
    }
    api::print_time(writer, "created_at", connection.created_ms);
    api::print_time(writer, "updated_at", connection.updated_ms);
}

void answer(Call& call, unsigned status, const scopes::Written<Connection>& written) {
    api::set_replayed(call.response, written.replayed);
    call.begin_json(status);
    json::Writer writer(call.response.body);
    print_open(writer, written.resource);
    writer.member("request_id", call.request.id).close_object();
}

// The members of create and PATCH.
struct ConnectionRequest {
    std::optional<scopes::IntegrationName> source;
    std::optional<std::optional<scopes::Label>> external_id;
    std::optional<AuthMethod> auth_method;
    std::optional<std::optional<scopes::Credentials>> credentials;

    bool has_credentials() const { return credentials && *credentials; }
};

Result<ConnectionRequest> parse_request(const json::Document& document) {
    ObjectReader in(document, document.root());
    ConnectionRequest request;
    if (const auto source = in.string("source_id")) {
        request.source = api::to_integration_name(in, "source_id", *source);
    }
    request.external_id = api::read_label(in, "external_id");
    if (const auto method = in.string("auth_method")) request.auth_method = scopes::parse_auth_method(*method);
    request.credentials = api::read_credentials(in, "auth_credentials");
    if (auto problem = in.finish()) return *std::move(problem);
    return request;
}

std::optional<api::Problem> refuse_needless_credentials(AuthMethod method, const ConnectionRequest& request) {
    if (method != AuthMethod::none || !request.has_credentials()) return std::nullopt;
    return api::invalid_field("auth_credentials", "'auth_credentials' must be null for the auth_method 'none'");
}

struct ConnectionPage {
    scopes::ConnectionFilter filter;
    scopes::ListRequest request;
    std::string filters;  // as text: a cursor is good for the same ones alone
};

Result<ConnectionPage> take_connection_page(http::Query& query, const scopes::Uuid& workspace) {
    ConnectionPage page;
    const auto take = [&](std::string_view name, std::optional<std::string>& into) {
        if (const auto text = query.take(name)) into = std::string(*text);
        page.filters.append(into ? "=" + std::to_string(into->size()) + ":" + *into : "-");
    };
    page.filters = scopes::format_uuid(workspace);
    take("external_id", page.filter.owner_external_id);
    take("source_id", page.filter.integration_name);
    for (const auto text : query.take_all("status")) {
        const auto status = scopes::parse_connection_status(text);
        if (!status) {
            return api::invalid_field("status",
                                      "'status' must be 'connecting', 'interaction_required', "
                                      "'connected', 'disconnected' or 'terminated'");
        }
        page.filter.statuses.push_back(*status);
        page.filters.append(",").append(text);
    }
    auto request = take_page(query, {"deck_connections", page.filters});
    if (!request) return request.error();
    page.request = std::move(*request);
    if (auto problem = api::refuse_unknown(query)) return *std::move(problem);
    return page;
}

scopes::ConnectionReport to_report(const json::Document& document) {
    const auto& root = document.root();
    scopes::ConnectionReport report{.type = scopes::EventType::parse(document.member(root, "type")->text).value()};
    if (const auto* data = document.member(root, "data")) report.data_json = data->raw;
    return report;
}

}  // namespace

asio::awaitable<Result<Connection>> find_connection(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return workspace.error();
    const auto id = parse_id(connection_id_prefix, call.param("id"));
    if (!id) co_return api::to_problem(scopes::connection_not_found());
    auto connection = co_await call.services.identity.connections.get(*id);
    if (!connection) co_return api::to_problem(connection.error());
    if (connection->workspace != *workspace) co_return api::to_problem(scopes::connection_not_found());
    co_return std::move(*connection);
}

asio::awaitable<void> create_connection(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return call.fail(workspace.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await api::read_json(call);
    if (!document) co_return call.fail(document.error());
    auto request = parse_request(*document);
    if (!request) co_return call.fail(request.error());
    if (auto problem = refuse_needless_credentials(*request->auth_method, *request)) co_return call.fail(*problem);
    auto request_id = api::take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    scopes::NewConnection made{.workspace = *workspace,
                               .integration_name = *std::move(request->source),
                               .external_id = {},
                               .owner_external_id = std::move(request->external_id).value_or(std::nullopt),
                               .display_name = {},
                               .end_user = {},
                               .credentials = std::move(request->credentials).value_or(std::nullopt),
                               .auth_method = *request->auth_method};
    auto created = co_await call.services.identity.connections.create(std::move(made), std::move(*request_id));
    if (!created) co_return call.fail(api::to_problem(created.error()));
    answer(call, 201, *created);
}

asio::awaitable<void> list_connections(Call& call) {
    auto workspace = co_await enter(call);
    if (!workspace) co_return call.fail(workspace.error());
    auto query = http::Query::parse(call.request.query, {"status"});
    if (!query) co_return call.fail(api::invalid_field(query.error().name, query.error().message));
    auto page = take_connection_page(*query, *workspace);
    if (!page) co_return call.fail(page.error());
    auto listing = co_await call.services.identity.connections.list(*workspace, std::move(page->filter),
                                                                    std::move(page->request));
    if (!listing) co_return call.fail(api::to_problem(listing.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("data").open_array();
    for (const auto& connection : listing->items) {
        print_open(writer, connection);
        writer.close_object();
    }
    print_page_end(call, writer, {"deck_connections", page->filters}, listing->next);
}

asio::awaitable<void> get_connection(Call& call) {
    auto connection = co_await find_connection(call);
    if (!connection) co_return call.fail(connection.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    answer(call, 200, {.resource = std::move(*connection)});
}

asio::awaitable<void> update_connection(Call& call) {
    auto connection = co_await find_connection(call);
    if (!connection) co_return call.fail(connection.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await api::read_json(call);
    if (!document) co_return call.fail(document.error());
    auto request = parse_request(*document);
    if (!request) co_return call.fail(request.error());
    const auto method = request->auth_method.value_or(connection->auth_method);
    if (auto problem = refuse_needless_credentials(method, *request)) co_return call.fail(*problem);
    auto request_id = api::take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    scopes::ConnectionChanges changes{.external_id = {},
                                      .owner_external_id = std::move(request->external_id),
                                      .display_name = {},
                                      .credentials = std::move(request->credentials),
                                      .integration_name = std::move(request->source),
                                      .auth_method = request->auth_method};
    auto updated = co_await call.services.identity.connections.update(connection->id, std::move(changes),
                                                                      std::move(*request_id));
    if (!updated) co_return call.fail(api::to_problem(updated.error()));
    answer(call, 200, *updated);
}

asio::awaitable<void> delete_connection(Call& call) {
    auto connection = co_await find_connection(call);
    if (!connection) co_return call.fail(connection.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto refused = co_await api::refuse_members(call);
    if (refused) co_return call.fail(*refused);
    auto request_id = api::take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());
    auto terminated = co_await call.services.identity.connections.terminate(connection->id, std::move(*request_id));
    if (!terminated) co_return call.fail(api::to_problem(terminated.error()));
    answer(call, 200, *terminated);
}

asio::awaitable<void> disconnect_connection(Call& call) {
    auto connection = co_await find_connection(call);
    if (!connection) co_return call.fail(connection.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto refused = co_await api::refuse_members(call);
    if (refused) co_return call.fail(*refused);
    auto request_id = api::take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());
    auto disconnected =
        co_await call.services.identity.connections.disconnect(connection->id, std::move(*request_id));
    if (!disconnected) co_return call.fail(api::to_problem(disconnected.error()));
    answer(call, 200, *disconnected);
}

asio::awaitable<void> report_on_connection(Call& call) {
    auto connection = co_await find_connection(call);
    if (!connection) co_return call.fail(connection.error());
    if (auto problem = api::refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await api::read_json(call);
    if (!document) co_return call.fail(document.error());
    auto report = to_report(*document);
    auto request_id = api::take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());
    auto reported = co_await call.services.identity.connections.report(connection->id, std::move(report),
                                                                       std::move(*request_id));
    if (!reported) co_return call.fail(api::to_problem(reported.error()));
    api::set_replayed(call.response, reported->replayed);
    call.begin_json(201);
    json::Writer writer(call.response.body);
    print(writer, reported->resource);
}

}  // namespace alcove::deck

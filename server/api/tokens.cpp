#include "server/api/tokens.hpp"

#include <utility>

#include "server/api/connect.hpp"
#include "server/api/end_users.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/schema/schema.hpp"

namespace alcove::api {
namespace {

void print(json::Writer& writer, const scopes::ApiKey& key) {
    writer.open_object().member("id", scopes::format_uuid(key.id)).member("name", key.name);
    writer.name("permissions").open_array();
    for (const auto permission : key.permissions)
        writer.string(scopes::to_string(permission));
    writer.close_array().name("workspaceIds");
    if (key.workspaces) {
        writer.open_array();
        for (const auto& id : *key.workspaces)
            writer.plain_string(scopes::format_uuid(id));
        writer.close_array();
    } else {
        writer.null();
    }
    print_time(writer, "createdAt", key.created_ms);
    writer.close_object();
}

void print(json::Writer& writer, const scopes::IssuedEndUserToken& token, std::string_view end_user_external_id) {
    writer.open_object().member("id", scopes::format_uuid(token.id));
    writer.member("workspaceId", scopes::format_uuid(token.workspace));
    writer.member("endUserId", end_user_external_id);
    print_time(writer, "createdAt", token.created_ms);
    print_time(writer, "expiresAt", token.expires_ms);
    writer.close_object();
}

std::vector<scopes::Permission> read_permissions(const json::Document& document, ObjectReader& in) {
    std::vector<scopes::Permission> permissions;
    const auto* list = in.array("permissions");
    for (const auto* name = document.first(*list); name != nullptr; name = document.next(*name))
        permissions.push_back(scopes::parse_permission(name->text).value());
    return permissions;
}

// The workspaces' selectors as they came; nullopt for all of them.
std::optional<std::vector<std::string_view>> read_workspaces(const json::Document& document, ObjectReader& in) {
    const auto* list = in.any("workspaceIds");
    if (list == nullptr || list->type == json::Type::null) return std::nullopt;
    std::vector<std::string_view> selectors;
    for (const auto* each = document.first(*list); each != nullptr; each = document.next(*each))
        selectors.push_back(each->text);
    return selectors;
}

// A lifetime in seconds, as milliseconds.
kv::TimeMs read_lifetime(ObjectReader& in, kv::TimeMs otherwise_ms) {
    const auto* seconds = in.number("expiresIn");
    return seconds == nullptr ? otherwise_ms : schema::to_integer(seconds->raw) * 1000;
}

// The one selector that is an external id or else a UUID.
asio::awaitable<Result<scopes::EndUser>> find_by_either(Call& call, scopes::Uuid workspace, std::string text) {
    auto& end_users = call.services.identity.end_users;
    if (auto external_id = scopes::ExternalId::parse(text)) {
        auto found = co_await end_users.get_by_external_id(workspace, *std::move(external_id));
        if (found) co_return std::move(*found);
        if (found.error().code != scopes::Errc::end_user_not_found) co_return to_problem(found.error());
    }
    if (const auto id = scopes::parse_uuid(text)) {
        auto found = co_await end_users.get(*id);
        if (found && found->workspace == workspace) co_return std::move(*found);
    }
    co_return to_problem(scopes::end_user_not_found());
}

}  // namespace

asio::awaitable<void> list_api_keys(Call& call) {
    if (auto problem = refuse_limited(call)) co_return call.fail(*problem);
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    auto page = take_page(*query, {"api_keys"});
    if (!page) co_return call.fail(page.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    auto listing = co_await call.services.identity.tokens.list_api_keys(std::move(*page));
    if (!listing) co_return call.fail(to_problem(listing.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("apiKeys").open_array();
    for (const auto& key : listing->items)
        print(writer, key);
    print_list_end(writer, listing->total, {"api_keys"}, listing->next);
}

asio::awaitable<void> create_api_key(Call& call) {
    if (auto problem = refuse_limited(call)) co_return call.fail(*problem);
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    auto name = to_label(in, "name", in.required_text("name"));
    auto permissions = read_permissions(*document, in);
    const auto selectors = read_workspaces(*document, in);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    scopes::NewApiKey key{.name = std::move(*name), .permissions = std::move(permissions), .workspaces = {}};
    if (selectors) {
        key.workspaces.emplace();
        for (const auto selector : *selectors) {
            auto workspace = co_await resolve_workspace(call, selector);
            if (!workspace) co_return call.fail(workspace.error());
            key.workspaces->push_back((*workspace)->workspace);
        }
    }
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    auto issued = co_await call.services.identity.tokens.create_api_key(std::move(key), std::move(*request_id));
    if (!issued) co_return call.fail(to_problem(issued.error()));
    set_replayed(call.response, !issued->plain);
    call.begin_json(201);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("apiKey"), issued->token);
    if (issued->plain) writer.member("plainKey", *issued->plain);
    writer.close_object();
}

asio::awaitable<void> delete_api_key(Call& call) {
    if (auto problem = refuse_limited(call)) co_return call.fail(*problem);
    auto begun = co_await begin_deletion(call);
    if (!begun) co_return;
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto id = scopes::parse_uuid(call.param("uuid"));
    if (!id) co_return call.fail(not_found("there is no such API key"));
    auto deleted = co_await call.services.identity.tokens.delete_api_key(*id, std::move(begun->request_id));
    if (!deleted) co_return call.fail(to_problem(deleted.error()));
    answer_deleted(call, *id);
}

asio::awaitable<void> list_mcp_tokens(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    auto workspace = co_await take_workspace(call, *query);
    if (!workspace) co_return call.fail(workspace.error());
    const auto id = *workspace;
    const auto id_text = scopes::format_uuid(id);
    auto page = take_page(*query, {"mcp_tokens", id_text});
    if (!page) co_return call.fail(page.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    auto listing = co_await call.services.identity.tokens.list_mcp_tokens(id, std::move(*page));
    if (!listing) co_return call.fail(to_problem(listing.error()));
    std::vector<scopes::Uuid> owners;
    for (const auto& token : listing->items)
        owners.push_back(token.end_user);
    auto external_ids = co_await call.services.identity.end_users.external_ids(id, std::move(owners));
    if (!external_ids) co_return call.fail(to_problem(external_ids.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("mcpTokens").open_array();
    for (std::size_t i = 0; i < listing->items.size(); ++i)
        print(writer, listing->items[i], (*external_ids)[i].value_or(std::string()));
    print_list_end(writer, listing->total, {"mcp_tokens", id_text}, listing->next);
}

asio::awaitable<void> create_mcp_token(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    const auto selector = in.required_string("workspaceId");
    const auto end_user_text = in.required_string("endUserId");
    const auto lifetime_ms = read_lifetime(in, scopes::mcp_token_ms_default);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto workspace = co_await resolve_workspace(call, selector);
    if (!workspace) co_return call.fail(workspace.error());
    auto end_user = co_await find_by_either(call, (*workspace)->workspace, std::string(end_user_text));
    if (!end_user) co_return call.fail(end_user.error());
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    auto issued =
        co_await call.services.identity.tokens.create_mcp_token(end_user->id, lifetime_ms, std::move(*request_id));
    if (!issued) co_return call.fail(to_problem(issued.error()));
    set_replayed(call.response, !issued->plain);
    call.begin_json(201);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("mcpToken"), issued->token, end_user->external_id);
    if (issued->plain) writer.member("plainToken", *issued->plain);
    writer.close_object();
}

asio::awaitable<void> delete_mcp_token(Call& call) {
    auto begun = co_await begin_deletion(call);
    if (!begun) co_return;
    const auto id = scopes::parse_uuid(call.param("uuid"));
    if (!id) co_return call.fail(not_found("there is no such token"));
    auto token = co_await call.services.identity.tokens.get_mcp_token(*id);
    if (!token) co_return call.fail(to_problem(token.error()));
    if (auto problem = refuse_workspace(call, token->workspace)) co_return call.fail(*problem);
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto deleted = co_await call.services.identity.tokens.delete_mcp_token(*id, std::move(begun->request_id));
    if (!deleted) co_return call.fail(to_problem(deleted.error()));
    answer_deleted(call, *id);
}

asio::awaitable<void> create_connect_token(Call& call) {
    auto end_user = co_await find_end_user(call);
    if (!end_user) co_return call.fail(end_user.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    std::optional<scopes::IntegrationName> integration_name;
    if (const auto text = in.string("integrationName"))
        integration_name = to_integration_name(in, "integrationName", *text);
    const auto integration_id = read_uuid(in, "workspaceIntegrationId");
    const auto lifetime_ms = read_lifetime(in, scopes::end_user_token_ms_default);
    if (auto problem = in.finish()) co_return call.fail(*problem);

    auto held_to = scopes::text_of(integration_name);
    if (integration_id && *integration_id) {
        scopes::Selectors selectors{.workspace_integration_id = scopes::format_uuid(**integration_id),
                                    .integration_name = held_to};
        auto integration =
            co_await call.services.identity.resolver.find_integration(end_user->workspace, std::move(selectors));
        if (!integration) co_return call.fail(to_problem(integration.error()));
        held_to = std::move(integration->integration_name);
    }
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());
    auto issued = co_await call.services.identity.tokens.create_end_user_token(end_user->id, std::move(held_to),
                                                                               lifetime_ms, std::move(*request_id));
    if (!issued) co_return call.fail(to_problem(issued.error()));

    set_replayed(call.response, !issued->plain);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object();
    if (issued->plain) {
        writer.member("token", *issued->plain);
        writer.member("connectUrl", connect_url(call.services.settings, *issued->plain));
    }
    print_time(writer, "expiresAt", issued->token.expires_ms);
    writer.close_object();
}

}  // namespace alcove::api

#include "server/api/workspace_integrations.hpp"

#include <cstdint>
#include <utility>

#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/schema/schema.hpp"

namespace alcove::api {
namespace {

void answer(Call& call, unsigned status, const scopes::WorkspaceIntegration& integration) {
    call.begin_json(status);
    json::Writer writer(call.response.body);
    print(writer.open_object().name("workspaceIntegration"), integration);
    writer.close_object();
}

// The integration of the path, by id or alias.
asio::awaitable<Result<scopes::WorkspaceIntegration>> find(Call& call) {
    auto workspace = co_await resolve_workspace(call, call.param("workspace"));
    if (!workspace) co_return workspace.error();
    auto integration = co_await call.services.identity.integrations.get((*workspace)->workspace,
                                                                        std::string(call.param("integration")));
    if (!integration) co_return to_problem(integration.error());
    co_return std::move(*integration);
}

std::optional<scopes::Alias> to_alias(ObjectReader& in, std::string_view text) {
    auto alias = scopes::Alias::parse(text);
    if (!alias) in.refuse("alias", "'alias' must match ^[a-z][a-z0-9_-]{0,62}$ and not have the form of a UUID");
    return alias;
}

std::optional<scopes::ConnectionStrategy> read_strategy(ObjectReader& in) {
    const auto text = in.string("connectionStrategy");
    return text ? scopes::parse_connection_strategy(*text) : std::nullopt;
}

std::optional<std::optional<std::vector<std::string>>> read_enabled_actions(const json::Document& document,
                                                                            ObjectReader& in) {
    const auto* list = in.any("enabledActions");
    if (list == nullptr) return std::nullopt;
    if (list->type == json::Type::null) return std::optional<std::vector<std::string>>();
    std::vector<std::string> actions;
    for (const auto* action = document.first(*list); action != nullptr; action = document.next(*action))
        actions.emplace_back(action->text);
    return std::optional(std::move(actions));
}

std::optional<std::int64_t> read_sort_order(ObjectReader& in) {
    const auto* number = in.number("sortOrder");
    if (number == nullptr) return std::nullopt;
    return schema::to_integer(number->raw);
}

std::optional<scopes::Persistence> read_persistence(const json::Document& document, ObjectReader& in) {
    const auto* settings = in.object("settings");
    if (settings == nullptr) return std::nullopt;
    const auto* policy = document.member(*settings, "persistence");
    if (policy == nullptr) return std::nullopt;
    scopes::Persistence persistence;
    persistence.scope = scopes::parse_persistence_scope(document.member(*policy, "scope")->text).value();
    const auto* key = document.member(*policy, "externalId");
    if (key != nullptr && key->type != json::Type::null) persistence.external_id = std::string(key->text);
    return persistence;
}

}  // namespace

void print(json::Writer& writer, const scopes::WorkspaceIntegration& integration) {
    writer.open_object().member("id", scopes::format_uuid(integration.id));
    writer.member("workspaceId", scopes::format_uuid(integration.workspace));
    writer.member("integrationName", integration.integration_name).member("alias", integration.alias);
    writer.optional_member("displayName", integration.display_name);
    writer.member("connectionStrategy", scopes::to_string(integration.strategy));
    print_id(writer, "connectionId", integration.connection);
    writer.name("enabledActions");
    if (integration.enabled_actions) {
        writer.open_array();
        for (const auto& action : *integration.enabled_actions)
            writer.string(action);
        writer.close_array();
    } else {
        writer.null();
    }
    writer.name("settings").open_object().name("persistence").open_object();
    writer.member("scope", scopes::to_string(integration.persistence.scope));
    if (integration.persistence.external_id) writer.member("externalId", *integration.persistence.external_id);
    writer.close_object().close_object().name("sortOrder").number(integration.sort_order);
    print_time(writer, "createdAt", integration.created_ms);
    print_time(writer, "updatedAt", integration.updated_ms);
    writer.close_object();
}

asio::awaitable<void> list_workspace_integrations(Call& call) {
    auto workspace = co_await resolve_workspace(call, call.param("workspace"));
    if (!workspace) co_return call.fail(workspace.error());
    const auto id = (*workspace)->workspace;
    const auto id_text = scopes::format_uuid(id);
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    auto page = take_page(*query, {"workspace_integrations", id_text});
    if (!page) co_return call.fail(page.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    auto listing = co_await call.services.identity.integrations.list(id, std::move(*page));
    if (!listing) co_return call.fail(to_problem(listing.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("workspaceIntegrations").open_array();
    for (const auto& integration : listing->items)
        print(writer, integration);
    print_list_end(writer, listing->total, {"workspace_integrations", id_text}, listing->next);
}

asio::awaitable<void> create_workspace_integration(Call& call) {
    auto workspace = co_await resolve_workspace(call, call.param("workspace"));
    if (!workspace) co_return call.fail(workspace.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    const auto name_text = in.required_string("integrationName");
    auto name = to_integration_name(in, "integrationName", name_text);
    auto alias = to_alias(in, in.string("alias").value_or(name_text));
    auto display_name = read_label(in, "displayName");
    const auto strategy = read_strategy(in);
    const auto connection = read_uuid(in, "connectionId");
    auto enabled_actions = read_enabled_actions(*document, in);
    auto persistence = read_persistence(*document, in);
    const auto sort_order = read_sort_order(in);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    scopes::NewIntegration integration{.workspace = (*workspace)->workspace,
                                       .integration_name = std::move(*name),
                                       .alias = std::move(*alias),
                                       .display_name = std::move(display_name).value_or(std::nullopt),
                                       .strategy = strategy.value_or(scopes::ConnectionStrategy::per_user),
                                       .connection = connection.value_or(std::nullopt),
                                       .enabled_actions = std::move(enabled_actions).value_or(std::nullopt),
                                       .persistence = std::move(persistence).value_or(scopes::Persistence()),
                                       .sort_order = sort_order.value_or(0)};
    auto created =
        co_await call.services.identity.integrations.create(std::move(integration), std::move(*request_id));
    if (!created) co_return call.fail(to_problem(created.error()));
    set_replayed(call.response, created->replayed);
    answer(call, 201, created->resource);
}

asio::awaitable<void> get_workspace_integration(Call& call) {
    auto integration = co_await find(call);
    if (!integration) co_return call.fail(integration.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    answer(call, 200, *integration);
}

asio::awaitable<void> update_workspace_integration(Call& call) {
    auto integration = co_await find(call);
    if (!integration) co_return call.fail(integration.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    scopes::IntegrationChanges changes;
    if (const auto alias = in.string("alias")) changes.alias = to_alias(in, *alias);
    changes.display_name = read_label(in, "displayName");
    changes.strategy = read_strategy(in);
    changes.connection = read_uuid(in, "connectionId");
    changes.enabled_actions = read_enabled_actions(*document, in);
    changes.persistence = read_persistence(*document, in);
    changes.sort_order = read_sort_order(in);
    if (auto problem = in.finish()) co_return call.fail(*problem);
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    auto updated = co_await call.services.identity.integrations.update(integration->workspace, integration->id,
                                                                       std::move(changes), std::move(*request_id));
    if (!updated) co_return call.fail(to_problem(updated.error()));
    set_replayed(call.response, updated->replayed);
    answer(call, 200, updated->resource);
}

asio::awaitable<void> delete_workspace_integration(Call& call) {
    auto begun = co_await begin_deletion(call);
    if (!begun) co_return;
    auto integration = co_await find(call);
    if (!integration) co_return call.fail(integration.error());
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto deleted = co_await call.services.identity.integrations.remove(integration->workspace, integration->id,
                                                                       std::move(begun->request_id));
    if (!deleted) co_return call.fail(to_problem(deleted.error()));
    answer_deleted(call, integration->id);
}

}  // namespace alcove::api

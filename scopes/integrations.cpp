#include "scopes/integrations.hpp"

#include <utility>

#include "scopes/connections.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

// What does not go together, whatever else there is.
std::optional<Error> refuse(const IntegrationRecord& record) {
    const bool fixed = record.strategy == ConnectionStrategy::fixed;
    if (fixed && !record.connection) {
        return invalid_error("connectionId", "the connection strategy 'fixed' needs 'connectionId'");
    }
    if (record.strategy == ConnectionStrategy::per_user && record.connection) {
        return invalid_error("connectionId", "the connection strategy 'per_user' takes no 'connectionId'");
    }
    const bool external = record.persistence.scope == PersistenceScope::external;
    if (external && !record.persistence.external_id) {
        return invalid_error("settings.persistence.externalId",
                             "'settings.persistence.externalId' is required for the scope 'external'");
    }
    if (!external && record.persistence.external_id) {
        return invalid_error("settings.persistence.externalId",
                             "'settings.persistence.externalId' is for the scope 'external' alone");
    }
    return std::nullopt;
}

Error alias_conflict(const std::string& alias) {
    return {.code = Errc::alias_conflict,
            .message = "another integration of the workspace has the alias '" + alias + "'",
            .field = "alias"};
}

Error no_such_connection() {
    auto error = connection_not_found();
    error.message = "the workspace has no connection with that 'connectionId'";
    error.field = "connectionId";
    return error;
}

Written<WorkspaceIntegration> written(const Uuid& workspace, const Uuid& id, const kv::Committed& committed) {
    return {.resource = to_integration(workspace, id, kv::view_of(main_record(committed))),
            .replayed = committed.replayed};
}

std::string name_key(const Uuid& workspace, const Uuid& id, const IntegrationRecord& record) {
    return keys::integrations_named(workspace, record.integration_name) + format_uuid(id);
}

}  // namespace

Error integration_not_found() {
    return {.code = Errc::integration_not_found, .message = "the workspace has no such integration"};
}

WorkspaceIntegration to_integration(const Uuid& workspace, const Uuid& id, const kv::EntryView& entry) {
    auto record = parse_record<IntegrationRecord>(entry.value);
    return {.id = id,
            .workspace = workspace,
            .integration_name = std::move(record.integration_name),
            .alias = std::move(record.alias),
            .display_name = std::move(record.display_name),
            .strategy = record.strategy,
            .connection = record.connection,
            .enabled_actions = std::move(record.enabled_actions),
            .persistence = std::move(record.persistence),
            .sort_order = record.sort_order,
            .created_ms = entry.created_ms,
            .updated_ms = entry.updated_ms};
}

asio::awaitable<Result<Written<WorkspaceIntegration>>> Integrations::create(NewIntegration integration,
                                                                            std::optional<kv::RequestId> request) {
    const Uuid id = ids_.make();
    const Uuid workspace = integration.workspace;
    const IntegrationRecord record{.integration_name = integration.integration_name.text(),
                                   .alias = integration.alias.text(),
                                   .display_name = text_of(integration.display_name),
                                   .strategy = integration.strategy,
                                   .connection = integration.connection,
                                   .enabled_actions = std::move(integration.enabled_actions),
                                   .persistence = std::move(integration.persistence),
                                   .sort_order = integration.sort_order};
    if (auto refused = refuse(record)) co_return *std::move(refused);
    auto total_key = keys::integrations_total(workspace);
    auto total = co_await records_.total(std::move(total_key));
    if (!total) co_return total.error();
    if (*total >= integrations_per_workspace_max) {
        co_return Error{.code = Errc::too_many,
                        .message = "a workspace has at most " + std::to_string(integrations_per_workspace_max) +
                                   " integrations"};
    }

    RecordCommit commit;
    commit.request(std::move(request), format_uuid(id));
    const auto workspace_is_there = commit.check_present(keys::workspace(workspace));
    const auto alias_is_free = commit.check_absent(keys::alias(workspace, record.alias));
    if (record.connection) commit.check_present(keys::connection(workspace, *record.connection));
    commit.put_main(keys::integration(workspace, id), print(record));
    commit.put(keys::alias(workspace, record.alias), print(AliasRecord{.integration = id}));
    commit.put(name_key(workspace, id, record), "{}");
    commit.count(keys::integrations_total(workspace), 1);

    auto outcome = co_await records_.commit(std::move(commit));
    if (outcome) co_return written(workspace, outcome->replayed ? noted_id(*outcome) : id, *outcome);
    if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    if (failed_check(outcome.error(), workspace_is_there) != nullptr) co_return workspace_not_found();
    if (failed_check(outcome.error(), alias_is_free) != nullptr) co_return alias_conflict(record.alias);
    co_return no_such_connection();
}

asio::awaitable<Result<WorkspaceIntegration>> Integrations::get(Uuid workspace, std::string selector) {
    auto id = parse_uuid(selector);
    if (!id) {
        if (!Alias::parse(selector)) co_return integration_not_found();
        auto alias_key = keys::alias(workspace, selector);
        auto alias = co_await records_.find(std::move(alias_key));
        if (!alias) co_return alias.error();
        if (!*alias) co_return integration_not_found();
        id = parse_record<AliasRecord>((*alias)->value).integration;
    }
    auto key = keys::integration(workspace, *id);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return integration_not_found();
    co_return to_integration(workspace, *id, kv::view_of(**entry));
}

asio::awaitable<Result<std::vector<WorkspaceIntegration>>> Integrations::named(Uuid workspace,
                                                                               std::string integration_name) {
    std::vector<Uuid> ids;
    auto collect = [&ids](std::string_view key, const kv::EntryView&) {
        ids.push_back(id_at_end(key));
        return true;
    };
    auto prefix = keys::integrations_named(workspace, integration_name);
    auto walked = co_await records_.walk(std::move(prefix), kv::Values::omit, collect);
    if (!walked) co_return walked.error();
    std::vector<std::string> wanted;
    wanted.reserve(ids.size());
    for (const auto& id : ids)
        wanted.push_back(keys::integration(workspace, id));
    auto entries = co_await records_.find_many(std::move(wanted));
    if (!entries) co_return entries.error();
    std::vector<WorkspaceIntegration> integrations;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto& entry = (*entries)[i];
        if (entry) integrations.push_back(to_integration(workspace, ids[i], kv::view_of(*entry)));
    }
    co_return integrations;
}

asio::awaitable<Result<Listing<WorkspaceIntegration>>> Integrations::list(Uuid workspace, ListRequest request) {
    auto prefix = keys::integrations(workspace);
    auto total_key = keys::integrations_total(workspace);
    auto listed = co_await records_.list(std::move(prefix), std::move(total_key), std::move(request));
    if (!listed) co_return listed.error();
    Listing<WorkspaceIntegration> listing;
    listing.total = listed->total;
    listing.next = std::move(listed->next);
    for (const auto& item : listed->items)
        listing.items.push_back(to_integration(workspace, id_at_end(item.key), kv::view_of(item.entry)));
    co_return listing;
}

asio::awaitable<Result<Written<WorkspaceIntegration>>> Integrations::update(Uuid workspace, Uuid id,
                                                                            IntegrationChanges changes,
                                                                            std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto key = keys::integration(workspace, id);
        auto entry = co_await records_.find(std::move(key));
        if (!entry) co_return entry.error();
        if (!*entry) co_return integration_not_found();
        const auto former = parse_record<IntegrationRecord>((*entry)->value);
        auto record = former;
        if (changes.alias) record.alias = changes.alias->text();
        if (changes.display_name) record.display_name = text_of(*changes.display_name);
        if (changes.strategy) record.strategy = *changes.strategy;
        if (changes.connection) record.connection = *changes.connection;
        if (changes.enabled_actions) record.enabled_actions = *changes.enabled_actions;
        if (changes.persistence) record.persistence = *changes.persistence;
        if (changes.sort_order) record.sort_order = *changes.sort_order;
        if (auto refused = refuse(record)) co_return *std::move(refused);

        RecordCommit commit;
        commit.request(request);
        const auto workspace_is_there = commit.check_present(keys::workspace(workspace));
        const auto unchanged = commit.check_version(keys::integration(workspace, id), (*entry)->version);
        std::optional<std::size_t> connection_is_there;
        if (record.connection && record.connection != former.connection) {
            connection_is_there = commit.check_present(keys::connection(workspace, *record.connection));
        }
        commit.put_main(keys::integration(workspace, id), print(record));
        if (record.alias != former.alias) {
            commit.check_absent(keys::alias(workspace, record.alias));
            commit.erase(keys::alias(workspace, former.alias));
            commit.put(keys::alias(workspace, record.alias), print(AliasRecord{.integration = id}));
        }
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return written(workspace, id, *outcome);
        const auto& error = outcome.error();
        if (error.code != kv::Errc::check_failed) co_return store_error(error);
        if (failed_check(error, workspace_is_there) != nullptr) co_return integration_not_found();
        if (failed_check(error, unchanged) != nullptr) continue;
        if (connection_is_there && failed_check(error, *connection_is_there) != nullptr) {
            co_return no_such_connection();
        }
        co_return alias_conflict(record.alias);
    }
    co_return changes_too_often("integration");
}

asio::awaitable<Result<void>> Integrations::remove(Uuid workspace, Uuid id, std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto key = keys::integration(workspace, id);
        auto entry = co_await records_.find(std::move(key));
        if (!entry) co_return entry.error();
        if (!*entry) co_return integration_not_found();
        const auto record = parse_record<IntegrationRecord>((*entry)->value);
        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.frees_space();
        commit.check_version(keys::integration(workspace, id), (*entry)->version);
        commit.erase(keys::integration(workspace, id));
        commit.erase(keys::alias(workspace, record.alias));
        commit.erase(name_key(workspace, id, record));
        commit.count(keys::integrations_total(workspace), -1);
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return Result<void>();
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    }
    co_return changes_too_often("integration");
}

}  // namespace alcove::scopes

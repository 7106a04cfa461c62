#include "scopes/workspaces.hpp"

#include <utility>

namespace alcove::scopes {
namespace {

Workspace to_workspace(const Uuid& id, WorkspaceRecord record, const kv::Entry& entry) {
    return {.id = id,
            .name = std::move(record.name),
            .slug = std::move(record.slug),
            .created_ms = entry.created_ms,
            .updated_ms = entry.updated_ms};
}

Error slug_exists(const std::string& slug) {
    return {.code = Errc::slug_exists, .message = "another workspace has the slug '" + slug + "'", .cause = {}};
}

}  // namespace

Error workspace_not_found() {
    return {.code = Errc::workspace_not_found, .message = "there is no such workspace", .cause = {}};
}

asio::awaitable<Result<Workspace>> Workspaces::create(NewWorkspace workspace) {
    const Uuid id = ids_.make();
    WorkspaceRecord record{.name = workspace.name.text(), .slug = workspace.slug.text()};
    RecordCommit commit;
    commit.check_absent(keys::slug(record.slug));
    commit.put(keys::workspace(id), print(record));
    commit.put(keys::slug(record.slug), print(SlugRecord{.workspace = id}));
    commit.count(std::string(keys::workspaces_total), 1);

    auto outcome = co_await records_.commit(std::move(commit));
    if (outcome) co_return to_workspace(id, std::move(record), *outcome->results[0].entry);
    if (outcome.error().code == kv::Errc::check_failed) co_return slug_exists(record.slug);
    co_return store_error(outcome.error());
}

asio::awaitable<Result<Workspace>> Workspaces::get(Uuid id) {
    auto key = keys::workspace(id);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return workspace_not_found();
    co_return to_workspace(id, parse_record<WorkspaceRecord>((*entry)->value), **entry);
}

asio::awaitable<Result<Listing<Workspace>>> Workspaces::list(ListRequest request) {
    auto prefix = std::string(keys::workspaces);
    auto total_key = std::string(keys::workspaces_total);
    auto listed = co_await records_.list(std::move(prefix), std::move(total_key), std::move(request));
    if (!listed) co_return listed.error();

    Listing<Workspace> listing;
    listing.total = listed->total;
    listing.next = std::move(listed->next);
    for (const auto& item : listed->items) {
        const auto id = parse_uuid(std::string_view(item.key).substr(keys::workspaces.size()));
        if (!id) throw kv::StoreFailure("a workspace's record has a key without a UUID");
        listing.items.push_back(to_workspace(*id, parse_record<WorkspaceRecord>(item.entry.value), item.entry));
    }
    co_return listing;
}

asio::awaitable<Result<Workspace>> Workspaces::update(Uuid id, WorkspaceChanges changes) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto key = keys::workspace(id);
        auto entry = co_await records_.find(std::move(key));
        if (!entry) co_return entry.error();
        if (!*entry) co_return workspace_not_found();
        auto record = parse_record<WorkspaceRecord>((*entry)->value);

        RecordCommit commit;
        const auto unchanged = commit.check_version(keys::workspace(id), (*entry)->version);
        if (changes.name) record.name = changes.name->text();
        if (changes.slug && changes.slug->text() != record.slug) {
            commit.erase(keys::slug(record.slug));
            record.slug = changes.slug->text();
            commit.check_absent(keys::slug(record.slug));
            commit.put(keys::slug(record.slug), print(SlugRecord{.workspace = id}));
        }
        commit.put(keys::workspace(id), print(record));

        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return to_workspace(id, std::move(record), *outcome->results.back().entry);
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (failed_check(outcome.error(), unchanged) == nullptr) co_return slug_exists(record.slug);
    }
    co_return changes_too_often("workspace");
}

}  // namespace alcove::scopes

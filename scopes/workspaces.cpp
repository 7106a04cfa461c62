#include "scopes/workspaces.hpp"

#include <utility>

namespace alcove::scopes {
namespace {

Workspace to_workspace(const Uuid& id, const kv::Entry& entry) {
    auto record = parse_record<WorkspaceRecord>(entry.value);
    return {.id = id,
            .name = std::move(record.name),
            .slug = std::move(record.slug),
            .created_ms = entry.created_ms,
            .updated_ms = entry.updated_ms};
}

Written<Workspace> written(const Uuid& id, const kv::Committed& committed) {
    return {.resource = to_workspace(id, main_record(committed)), .replayed = committed.replayed};
}

Error slug_exists(const std::string& slug) {
    return {.code = Errc::slug_exists, .message = "another workspace has the slug '" + slug + "'", .field = "slug"};
}

}  // namespace

Error workspace_not_found() {
    return {.code = Errc::workspace_not_found, .message = "there is no such workspace", .cause = {}};
}

asio::awaitable<Result<Written<Workspace>>> Workspaces::create(NewWorkspace workspace,
                                                               std::optional<kv::RequestId> request) {
    const Uuid id = ids_.make();
    const WorkspaceRecord record{.name = workspace.name.text(), .slug = workspace.slug.text()};
    RecordCommit commit;
    commit.request(std::move(request), format_uuid(id));
    commit.check_absent(keys::slug(record.slug));
    commit.put_main(keys::workspace(id), print(record));
    commit.put(keys::slug(record.slug), print(SlugRecord{.workspace = id}));
    commit.count(std::string(keys::workspaces_total), 1);

    auto outcome = co_await records_.commit(std::move(commit));
    if (outcome) co_return written(outcome->replayed ? noted_id(*outcome) : id, *outcome);
    if (outcome.error().code == kv::Errc::check_failed) co_return slug_exists(record.slug);
    co_return store_error(outcome.error());
}

asio::awaitable<Result<Workspace>> Workspaces::get(Uuid id) {
    auto key = keys::workspace(id);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return workspace_not_found();
    co_return to_workspace(id, **entry);
}

asio::awaitable<Result<Listing<Workspace>>> Workspaces::list(ListRequest request) {
    auto prefix = std::string(keys::workspaces);
    auto total_key = std::string(keys::workspaces_total);
    auto listed = co_await records_.list(std::move(prefix), std::move(total_key), std::move(request));
    if (!listed) co_return listed.error();

    Listing<Workspace> listing;
    listing.total = listed->total;
    listing.next = std::move(listed->next);
    for (const auto& item : listed->items)
        listing.items.push_back(to_workspace(id_at_end(item.key), item.entry));
    co_return listing;
}

asio::awaitable<Result<Written<Workspace>>> Workspaces::update(Uuid id, WorkspaceChanges changes,
                                                               std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto key = keys::workspace(id);
        auto entry = co_await records_.find(std::move(key));
        if (!entry) co_return entry.error();
        if (!*entry) co_return workspace_not_found();
        auto record = parse_record<WorkspaceRecord>((*entry)->value);

        const auto former_slug = record.slug;
        if (changes.name) record.name = changes.name->text();
        if (changes.slug) record.slug = changes.slug->text();
        RecordCommit commit;
        commit.request(request);
        const auto unchanged = commit.check_version(keys::workspace(id), (*entry)->version);
        commit.put_main(keys::workspace(id), print(record));
        if (record.slug != former_slug) {
            commit.erase(keys::slug(former_slug));
            commit.check_absent(keys::slug(record.slug));
            commit.put(keys::slug(record.slug), print(SlugRecord{.workspace = id}));
        }

        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return written(id, *outcome);
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (failed_check(outcome.error(), unchanged) == nullptr) co_return slug_exists(record.slug);
    }
    co_return changes_too_often("workspace");
}

}  // namespace alcove::scopes

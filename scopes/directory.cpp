#include "scopes/directory.hpp"

#include <utility>

#include "scopes/end_users.hpp"
#include "scopes/resolver.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

Resolved share(kv::NamespaceName name) {
    return std::make_shared<const kv::NamespaceName>(std::move(name));
}

}  // namespace

Directory::Directory(SystemStore& records, Integrations& integrations, std::size_t entries_max)
    : records_(records),
      integrations_(integrations),
      cache_(entries_max),
      policies_(entries_max),
      subscription_(records.store().subscribe(records.name(),
                                              [this](const kv::PublicationPointer& told) { observe(*told); })) {}

// Invalidating a record that nothing came from costs a few nanoseconds, so it is not asked which record it is.
void Directory::observe(const kv::Publication& publication) {
    for (const auto& change : publication.changes()) {
        if (change.kind == kv::Change::Kind::empty) {
            cache_.invalidate_all();
            policies_.invalidate_all();
        } else {
            cache_.invalidate(change.key);
            policies_.invalidate(change.key);
        }
    }
}

asio::awaitable<Result<Resolved>> Directory::workspace(std::string_view selector) {
    auto known = cached_workspace(selector);
    if (known) co_return known;

    auto id = parse_uuid(selector);
    if (!id && !Slug::parse(selector)) co_return workspace_not_found();
    auto key = id ? keys::workspace(*id) : keys::slug(selector);
    const auto generation = cache_.generation(key);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return workspace_not_found();
    if (!id) id = parse_record<SlugRecord>((*entry)->value).workspace;

    auto resolved = share({.scope = kv::Scope::workspace, .workspace = *id, .subject = {}});
    cache_.insert(Uuid{}, selector, resolved, generation);
    co_return resolved;
}

asio::awaitable<Result<Resolved>> Directory::end_user(Uuid workspace, std::string_view external_id) {
    auto known = cached_end_user(workspace, external_id);
    if (known) co_return known;

    if (!ExternalId::parse(external_id)) co_return end_user_not_found();
    auto key = keys::end_user_external_id(workspace, external_id);
    const auto generation = cache_.generation(key);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return end_user_not_found();
    const auto id = parse_record<ExternalIdRecord>((*entry)->value).end_user;

    auto resolved = share({.scope = kv::Scope::end_user, .workspace = workspace, .subject = uuid_bytes(id)});
    cache_.insert(workspace, external_id, resolved, generation);
    co_return resolved;
}

asio::awaitable<Result<Resolved>> Directory::policy(Uuid workspace, std::string_view selector) {
    auto known = cached_policy(workspace, selector);
    if (known) co_return known;

    // The record that counts has the id in its key, which is known only once the alias was read.
    for (;;) {
        auto found = co_await integrations_.get(workspace, std::string(selector));
        if (!found) co_return found.error();
        const auto generation = policies_.generation(keys::integration(workspace, found->id));
        auto again = co_await integrations_.get(workspace, std::string(selector));
        if (!again) co_return again.error();
        if (again->id != found->id) continue;
        std::optional<Uuid> any_end_user = Uuid{};
        auto name = choose_namespace(again->persistence, workspace, any_end_user);
        if (!name) co_return name.error();
        if (name->scope == kv::Scope::end_user) name->subject.clear();
        auto resolved = share(std::move(*name));
        policies_.insert(workspace, selector, resolved, generation);
        co_return resolved;
    }
}

kv::NamespaceName external_namespace(const Uuid& workspace, const ExternalId& key) {
    return {.scope = kv::Scope::external, .workspace = workspace, .subject = key.text()};
}

}  // namespace alcove::scopes

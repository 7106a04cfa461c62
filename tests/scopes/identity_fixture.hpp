// Identity over a real store in a folder of its own, with a clock that the test moves and calls that read like
// plain ones.
#pragma once

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kv/lmdb/engine.hpp"
#include "scopes/identity.hpp"
#include "tests/support/build.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

inline std::string_view name_of(scopes::Errc code) {
    using enum scopes::Errc;
    switch (code) {
        case workspace_not_found:
            return "workspace_not_found";
        case end_user_not_found:
            return "end_user_not_found";
        case connection_not_found:
            return "connection_not_found";
        case integration_not_found:
            return "integration_not_found";
        case token_not_found:
            return "token_not_found";
        case event_not_found:
            return "event_not_found";
        case webhook_not_found:
            return "webhook_not_found";
        case connection_terminated:
            return "connection_terminated";
        case slug_exists:
            return "slug_exists";
        case alias_conflict:
            return "alias_conflict";
        case duplicate:
            return "duplicate";
        case ambiguous_integration:
            return "ambiguous_integration";
        case connection_required:
            return "connection_required";
        case invalid:
            return "invalid";
        case too_many:
            return "too_many";
        case bad_cursor:
            return "bad_cursor";
        case store:
            return "store";
    }
    return "?";
}

// "ok" or the error's name: for one-line expectations about outcomes.
template <class T>
std::string outcome(const scopes::Result<T>& result) {
    return result ? "ok" : std::string(name_of(result.error().code));
}

// A context for a thread of a test. It must outlive the store, whose writer may still be on its way out of the call
// that handed over the last outcome.
class ThreadContext {
public:
    template <class T>
    T run(kv::asio::awaitable<T> task) {
        std::optional<T> result;
        context_.restart();
        kv::asio::co_spawn(context_, std::move(task), [&result](std::exception_ptr failure, T value) {
            if (failure) std::rethrow_exception(failure);
            result.emplace(std::move(value));
        });
        context_.run();
        return std::move(*result);
    }

private:
    kv::asio::io_context context_{1};
};

class IdentityFixture {
public:
    IdentityFixture() { open(); }

    kv::Engine& store() { return *engine_; }
    scopes::Identity& identity() { return *identity_; }

    void open() {
        kv::EngineOptions options;
        options.directory = folder_ / "data";
        options.wall_clock = clock.source();
        options.segment_bytes = std::uint64_t{1} << 20;
        engine_ = kv::open_engine(options);
        identity_ = std::make_unique<scopes::Identity>(*engine_, scopes::MasterKeys());
    }
    void reopen() {
        identity_.reset();
        engine_.reset();
        open();
    }

    static scopes::NewWorkspace new_workspace(std::string_view slug) {
        return {.name = *scopes::Label::parse("Name of " + std::string(slug)), .slug = *scopes::Slug::parse(slug)};
    }
    static scopes::NewEndUser new_end_user(const kv::Uuid& workspace, std::string_view external_id) {
        return {.workspace = workspace,
                .external_id = *scopes::ExternalId::parse(external_id),
                .display_name = {},
                .email = {},
                .metadata = {}};
    }

    kv::Uuid create_workspace(std::string_view slug) {
        return run(identity().workspaces.create(new_workspace(slug))).value()->id;
    }
    kv::Uuid create_end_user(const kv::Uuid& workspace, std::string_view external_id) {
        return run(identity().end_users.create(new_end_user(workspace, external_id))).value()->id;
    }

    static scopes::NewConnection new_connection(const kv::Uuid& workspace, std::string_view integration) {
        return {.workspace = workspace, .integration_name = *scopes::IntegrationName::parse(integration)};
    }
    static scopes::NewIntegration new_integration(const kv::Uuid& workspace, std::string_view integration,
                                                  std::string_view alias) {
        return {.workspace = workspace,
                .integration_name = *scopes::IntegrationName::parse(integration),
                .alias = *scopes::Alias::parse(alias)};
    }
    // With a policy, where that is "end_user", "workspace" or the key of an external namespace.
    kv::Uuid create_integration(const kv::Uuid& workspace, std::string_view integration, std::string_view alias,
                                std::string_view where) {
        auto made = new_integration(workspace, integration, alias);
        if (const auto scope = scopes::parse_persistence_scope(where)) {
            made.persistence.scope = *scope;
        } else {
            made.persistence = {.scope = scopes::PersistenceScope::external, .external_id = std::string(where)};
        }
        return run(identity().integrations.create(std::move(made))).value()->id;
    }
    // Of the end user, or of the workspace when that is empty.
    kv::Uuid create_connection(const kv::Uuid& workspace, std::string_view integration, std::string_view end_user,
                               std::string_view external_id = "") {
        auto made = new_connection(workspace, integration);
        if (!end_user.empty()) made.end_user = scopes::ExternalId::parse(end_user);
        if (!external_id.empty()) made.external_id = scopes::ExternalId::parse(external_id);
        return run(identity().connections.create(std::move(made))).value()->id;
    }

    // Where a selector leads: the namespace, or nullopt when it leads nowhere.
    std::optional<kv::NamespaceName> resolve(std::string_view workspace) {
        auto resolved = run(identity().directory.workspace(workspace));
        if (!resolved) return std::nullopt;
        return **resolved;
    }
    std::optional<kv::NamespaceName> resolve(std::string_view workspace, std::string_view external_id) {
        const auto owner = resolve(workspace);
        if (!owner) return std::nullopt;
        auto resolved = run(identity().directory.end_user(owner->workspace, external_id));
        if (!resolved) return std::nullopt;
        return **resolved;
    }

    bool write(const kv::NamespaceName& name, std::string_view key, std::string_view value) {
        return bool(run(store().commit(name, commit_of({put(key, value)}))));
    }
    // The value, or what refused it.
    std::string read(const kv::NamespaceName& name, std::string_view key) {
        auto entry = run(store().get(name, key));
        return entry ? entry->value : std::string(kv::to_string(entry.error().code));
    }
    // Every key of the system namespace below the prefix, in one line.
    std::string system_keys(std::string_view prefix) {
        kv::KeyRange range;
        range.prefix = prefix;
        kv::PageRequest request;
        request.entries_max = 1000;
        const auto page = run(store().list(kv::system_namespace(), range, request)).value();
        std::string text;
        for (const auto& item : page.items)
            text.append(text.empty() ? "" : ", ").append(item.key);
        return text;
    }

    ManualClock clock;

    // For threads of the test, each its own; before the store, so that it goes after it.
    std::array<ThreadContext, 20> threads;

private:
    TemporaryFolder folder_;
    std::unique_ptr<kv::Engine> engine_;
    std::unique_ptr<scopes::Identity> identity_;
};

}  // namespace alcove::test

#include "scopes/deletion.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "scopes/connections.hpp"
#include "scopes/webhooks.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

// One step holds up other identity commits for well under a millisecond.
constexpr std::size_t records_per_step = 200;

constexpr int drop_attempts_max = 50;
constexpr std::chrono::milliseconds drop_pause{100};

kv::Owner owner_of(const DropJob& job) {
    kv::Owner owner{.workspace = job.workspace, .subject = {}};
    if (job.end_user) {
        owner.subject = kv::Owner::Subject{.scope = kv::Scope::end_user, .id = uuid_bytes(*job.end_user)};
    }
    return owner;
}

Uuid id_of(const DropJob& job) {
    return job.end_user.value_or(job.workspace);
}

Error cut_off() {
    kv::Error cause;
    cause.code = kv::Errc::shutting_down;
    cause.message = "the server stops";
    return store_error(cause);
}

bool passes(kv::Errc code) {
    return code == kv::Errc::overloaded || code == kv::Errc::store_full;
}

}  // namespace

Deletion::Deletion(SystemStore& records, EndUsers& end_users, std::function<void(std::string_view)> notice)
    : records_(records), end_users_(end_users), notice_(std::move(notice)) {}

Deletion::~Deletion() {
    stopping_ = true;
    behind_.join();
}

asio::awaitable<Result<void>> Deletion::delete_end_user(Uuid id, std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await end_users_.find(id);
        if (!found) co_return found.error();
        const DropJob job{.workspace = found->workspace, .end_user = id};
        const auto& record = found->record;

        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.check_present(keys::workspace(job.workspace));
        commit.check_version(keys::end_user(job.workspace, id), found->entry.version);
        auto dependents = co_await erase_dependents(commit, job.workspace, id);
        if (!dependents) co_return dependents.error();
        commit.erase(keys::end_user(job.workspace, id));
        commit.erase(keys::id(id));
        commit.erase(keys::end_user_external_id(job.workspace, record.external_id));
        for (const auto& former : record.deprecated_external_ids) {
            commit.erase(keys::end_user_external_id(job.workspace, former));
        }
        commit.count(keys::end_users_total(job.workspace), -1);
        tell(commit, job.workspace, event_of("end_user.deleted", id, record, found->entry.created_ms));
        commit.put(keys::drop_job(id), print(job));
        commit.frees_space();

        auto outcome = co_await records_.commit(std::move(commit));
        if (!outcome && outcome.error().code == kv::Errc::check_failed) continue;
        if (!outcome) co_return store_error(outcome.error());

        auto dropped = co_await drop(job);
        if (!dropped) co_return dropped.error();
        auto cleared = co_await clear_records(job);
        if (!cleared) notice_("a deletion's job stays until the next start: " + cleared.error().message);
        co_return Result<void>();
    }
    co_return changes_too_often("end user");
}

asio::awaitable<Result<void>> Deletion::delete_workspace(Uuid id, std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto key = keys::workspace(id);
        auto entry = co_await records_.find(std::move(key));
        if (!entry) co_return entry.error();
        if (!*entry) co_return workspace_not_found();
        const auto record = parse_record<WorkspaceRecord>((*entry)->value);
        const DropJob job{.workspace = id, .end_user = {}};

        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.check_version(keys::workspace(id), (*entry)->version);
        commit.erase(keys::workspace(id));
        commit.erase(keys::slug(record.slug));
        commit.count(std::string(keys::workspaces_total), -1);
        commit.put(keys::drop_job(id), print(job));
        commit.frees_space();

        auto outcome = co_await records_.commit(std::move(commit));
        if (!outcome && outcome.error().code == kv::Errc::check_failed) continue;
        if (!outcome) co_return store_error(outcome.error());

        auto dropped = co_await drop(job);
        if (!dropped) co_return dropped.error();
        asio::co_spawn(behind_.executor(), clear_behind(job), asio::detached);  // catches everything itself
        co_return Result<void>();
    }
    co_return changes_too_often("workspace");
}

asio::awaitable<Result<void>> Deletion::resume_jobs() {
    for (;;) {
        kv::KeyRange range;
        range.prefix = keys::drop_jobs;
        kv::PageRequest request;
        request.values = kv::Values::include;
        auto page = co_await records_.store().list(records_.name(), range, request);
        if (!page) co_return store_error(page.error());
        if (page->items.empty()) co_return Result<void>();
        for (const auto& item : page->items) {
            const auto job = parse_record<DropJob>(item.entry.value);
            auto dropped = co_await drop(job);
            if (!dropped) co_return dropped.error();
            auto cleared = co_await clear_records(job);
            if (!cleared) co_return cleared.error();
        }
    }
}

asio::awaitable<Result<void>> Deletion::drop(DropJob job) {
    const auto owner = owner_of(job);
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer pause(executor);
    for (int attempt = 1;; ++attempt) {
        auto dropped = co_await records_.store().drop_owner(owner);
        if (dropped) co_return Result<void>();
        if (!passes(dropped.error().code) || attempt == drop_attempts_max) co_return store_error(dropped.error());
        pause.expires_after(drop_pause);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

// The end user's connections and tokens. Their counts are checked, so that none is added meanwhile.
asio::awaitable<Result<void>> Deletion::erase_dependents(RecordCommit& commit, Uuid workspace, Uuid end_user) {
    const std::vector<std::string> counts{keys::connections_total_of(workspace, end_user),
                                          keys::tokens_made(workspace, end_user)};
    auto entries = co_await records_.find_many(counts);
    if (!entries) co_return entries.error();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto& entry = (*entries)[i];
        entry ? commit.check_version(counts[i], entry->version) : commit.check_absent(counts[i]);
        commit.erase(counts[i]);
    }
    std::vector<std::string> wanted;
    auto collect = [&wanted, &workspace](std::string_view, const kv::EntryView& entry) {
        wanted.push_back(keys::connection(workspace, parse_record<ConnectionPointer>(entry.value).connection));
        return true;
    };
    auto walked = co_await records_.walk(keys::connections_of(workspace, end_user), kv::Values::include, collect);
    if (!walked) co_return walked.error();
    auto connections = co_await records_.find_many(wanted);
    if (!connections) co_return connections.error();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto& entry = (*connections)[i];
        if (!entry) continue;
        commit.check_version(wanted[i], entry->version);  // a change moves what leads to it, but not the count
        erase_connection(commit, workspace, id_at_end(wanted[i]), parse_record<ConnectionRecord>(entry->value),
                         entry->created_ms);
    }
    auto erase_token = [&commit, &workspace](std::string_view key, const kv::EntryView& entry) {
        const auto issued = parse_record<IssuedToken>(entry.value);
        commit.erase(std::string(key));
        commit.erase(keys::token(issued.sha256));
        commit.erase(keys::mcp_token(workspace, issued.token.id));
        commit.erase(keys::id(issued.token.id));
        return true;
    };
    walked = co_await records_.walk(keys::tokens_of(workspace, end_user), kv::Values::include, erase_token);
    co_return walked;
}

// Removes what is left of the owner in identity, in steps, and the job last.
asio::awaitable<Result<void>> Deletion::clear_records(DropJob job) {
    if (!job.end_user) {
        // What stands outside the workspace's prefix goes together with the record that names it.
        const auto erase_id = [](RecordCommit& step, const kv::Item& item) {
            step.erase(keys::id(id_at_end(item.key)));
            step.erase(keys::sealed(id_at_end(item.key)));
        };
        const auto erase_token = [](RecordCommit& step, const kv::Item& item) {
            const auto issued = parse_record<IssuedToken>(item.entry.value);
            step.erase(keys::token(issued.sha256));
            step.erase(keys::id(issued.token.id));
        };
        for (auto prefix : {keys::end_users(job.workspace), keys::connections(job.workspace)}) {
            auto cleared = co_await clear_outside(std::move(prefix), erase_id);
            if (!cleared) co_return cleared.error();
        }
        auto cleared = co_await clear_outside(keys::all_tokens_of(job.workspace), erase_token);
        if (!cleared) co_return cleared.error();
        const auto erase_webhook = [](RecordCommit& step, const kv::Item& item) {
            erase_delivery(step, id_at_end(item.key));
        };
        for (const auto kind : {WebhookKind::destination, WebhookKind::trigger}) {
            cleared = co_await clear_outside(keys::webhooks(job.workspace, to_string(kind)), erase_webhook);
            if (!cleared) co_return cleared.error();
        }
        for (bool complete = false; !complete;) {
            if (stopping_) co_return cut_off();
            kv::Commit step;
            step.frees_space = true;
            step.operations.emplace_back(kv::DeletePrefix{
                .prefix = keys::owned(job.workspace), .keys_max = records_per_step, .partial = true});
            auto outcome = co_await records_.store().commit(records_.name(), std::move(step));
            if (!outcome) co_return store_error(outcome.error());
            complete = outcome->results[0].complete;
        }
    }
    RecordCommit done;
    done.frees_space();
    done.erase(keys::drop_job(id_of(job)));
    auto outcome = co_await records_.commit(std::move(done));
    if (!outcome) co_return store_error(outcome.error());
    co_return Result<void>();
}

asio::awaitable<Result<void>> Deletion::clear_outside(std::string prefix,
                                                      void (*erase_outside)(RecordCommit& step,
                                                                            const kv::Item& item)) {
    kv::KeyRange range;
    range.prefix = std::move(prefix);
    kv::PageRequest request;
    request.entries_max = records_per_step;
    request.values = kv::Values::include;
    for (;;) {
        if (stopping_) co_return cut_off();
        auto page = co_await records_.store().list(records_.name(), range, request);
        if (!page) co_return store_error(page.error());
        if (page->items.empty()) co_return Result<void>();
        RecordCommit step;
        step.frees_space();
        for (const auto& item : page->items) {
            step.erase(std::string(item.key));
            erase_outside(step, item);
        }
        auto outcome = co_await records_.commit(std::move(step));
        if (!outcome) co_return store_error(outcome.error());
    }
}

asio::awaitable<void> Deletion::clear_behind(DropJob job) {
    try {
        auto cleared = co_await clear_records(job);
        if (!cleared) notice_("a deletion's job stays until the next start: " + cleared.error().message);
    } catch (const std::exception& failure) {
        notice_(std::string("a deletion's job failed: ") + failure.what());
    }
}

}  // namespace alcove::scopes

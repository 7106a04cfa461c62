#include "scopes/deletion.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

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

// The store's writer may still be on its way out of the call that handed over the last outcome, so what it called
// stays until the process ends.
void retire(std::unique_ptr<asio::thread_pool> pool) {
    static std::mutex mutex;
    static std::vector<std::unique_ptr<asio::thread_pool>> retired;
    const std::lock_guard lock(mutex);
    retired.push_back(std::move(pool));
}

bool passes(kv::Errc code) {
    return code == kv::Errc::overloaded || code == kv::Errc::store_full;
}

}  // namespace

Deletion::Deletion(SystemStore& records, EndUsers& end_users, std::function<void(std::string_view)> notice)
    : records_(records),
      end_users_(end_users),
      notice_(std::move(notice)),
      behind_(std::make_unique<asio::thread_pool>(1)) {}

Deletion::~Deletion() {
    stopping_ = true;
    behind_->join();
    retire(std::move(behind_));
}

asio::awaitable<Result<void>> Deletion::delete_end_user(Uuid id) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await end_users_.find(id);
        if (!found) co_return found.error();
        const DropJob job{.workspace = found->workspace, .end_user = id};
        const auto& record = found->record;

        RecordCommit commit;
        commit.check_present(keys::workspace(job.workspace));
        commit.check_version(keys::end_user(job.workspace, id), found->version);
        commit.erase(keys::end_user(job.workspace, id));
        commit.erase(keys::id(id));
        commit.erase(keys::end_user_external_id(job.workspace, record.external_id));
        for (const auto& former : record.deprecated_external_ids) {
            commit.erase(keys::end_user_external_id(job.workspace, former));
        }
        commit.count(keys::end_users_total(job.workspace), -1);
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

asio::awaitable<Result<void>> Deletion::delete_workspace(Uuid id) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto key = keys::workspace(id);
        auto entry = co_await records_.find(std::move(key));
        if (!entry) co_return entry.error();
        if (!*entry) co_return workspace_not_found();
        const auto record = parse_record<WorkspaceRecord>((*entry)->value);
        const DropJob job{.workspace = id, .end_user = {}};

        RecordCommit commit;
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
        asio::co_spawn(*behind_, clear_behind(job), asio::detached);  // catches everything itself
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

// Removes what is left of the owner in identity, in steps, and the job last.
asio::awaitable<Result<void>> Deletion::clear_records(DropJob job) {
    if (!job.end_user) {
        auto ids_cleared = co_await clear_end_user_ids(job.workspace);
        if (!ids_cleared) co_return ids_cleared.error();
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

// `id/<uuid>` stands outside the workspace's prefix: each goes together with the record that names it.
asio::awaitable<Result<void>> Deletion::clear_end_user_ids(Uuid workspace) {
    kv::KeyRange range;
    range.prefix = keys::end_users(workspace);
    kv::PageRequest request;
    request.entries_max = records_per_step;
    for (;;) {
        if (stopping_) co_return cut_off();
        auto page = co_await records_.store().list(records_.name(), range, request);
        if (!page) co_return store_error(page.error());
        if (page->items.empty()) co_return Result<void>();
        RecordCommit step;
        step.frees_space();
        for (const auto& item : page->items) {
            step.erase(std::string(item.key));
            const auto id = parse_uuid(item.key.substr(range.prefix.size()));
            if (id) step.erase(keys::id(*id));
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

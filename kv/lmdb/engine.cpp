// The embedded engine: puts reader, writer and applier behind the Store interface.
#include "kv/lmdb/engine.hpp"

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include "kv/apply.hpp"
#include "kv/lmdb/applier.hpp"
#include "kv/lmdb/core.hpp"
#include "kv/lmdb/files.hpp"
#include "kv/lmdb/reader.hpp"
#include "kv/lmdb/writer.hpp"

namespace alcove::kv {

namespace {

Error shutting_down() {
    return error(Errc::shutting_down, "the store is closing");
}

// The store is called writable while it would take a commit of that size.
constexpr std::size_t ordinary_commit_bytes = std::size_t{64} << 10;

// A job whose caller is a coroutine (or any other handler) on an executor of its own.
template <class Handler>
class WaitingJob : public Job {
public:
    template <class... Arguments>
    explicit WaitingJob(Handler handler, Arguments&&... arguments)
        : Job(std::forward<Arguments>(arguments)...), handler_(std::move(handler)) {}

    asio::any_io_executor executor() const override { return asio::get_associated_executor(handler_); }

    void resume(Result<Committed> outcome) override { std::move(handler_)(std::move(outcome)); }

private:
    Handler handler_;
};

// How much a commit weighs in the queue and in the log, at most: what it brings along. What operations compute from
// stored values comes on top, once each.
std::size_t weight(const Commit& commit) {
    constexpr std::size_t per_operation = 128;
    std::size_t bytes = per_operation;
    for (const Check& check : commit.checks)
        bytes += per_operation + check.key.size();
    for (const Operation& operation : commit.operations) {
        bytes += per_operation + key_of(operation).size();
        if (const auto* put = std::get_if<Put>(&operation)) bytes += put->value.size() + put->content_type.size();
        if (const auto* put = std::get_if<PutSequential>(&operation))
            bytes += put->suffix.size() + put->value.size() + put->content_type.size();
        if (const auto* append = std::get_if<Append>(&operation)) bytes += append->value.size();
        if (const auto* add = std::get_if<AddToList>(&operation)) bytes += add->value_json.size();
        if (const auto* merge = std::get_if<Merge>(&operation)) bytes += merge->patch_json.size();
    }
    return bytes;
}

std::optional<Error> refuse_key(const std::string& key, bool may_be_empty) {
    if (key.empty() && !may_be_empty) return error(Errc::invalid, "a key must not be empty");
    if (key.size() <= limits::key_bytes_max) return std::nullopt;
    return error(Errc::too_large, "a key has at most " + std::to_string(limits::key_bytes_max) + " bytes");
}

std::optional<Error> refuse_name(const NamespaceName& name) {
    if (name.subject.size() <= limits::subject_bytes_max) return std::nullopt;
    return error(Errc::invalid, "a subject has at most " + std::to_string(limits::subject_bytes_max) + " bytes");
}

std::optional<Error> refuse_request_id(const std::optional<RequestId>& request_id) {
    if (!request_id) return std::nullopt;
    if (request_id->id.empty() || request_id->id.size() > limits::request_id_bytes_max) {
        return error(Errc::invalid,
                     "a request id has 1 to " + std::to_string(limits::request_id_bytes_max) + " bytes");
    }
    if (request_id->note.size() > limits::request_note_bytes_max) {
        return error(Errc::invalid,
                     "a request's note has at most " + std::to_string(limits::request_note_bytes_max) + " bytes");
    }
    return std::nullopt;
}

// What is wrong with a commit, whatever the state.
std::optional<Error> refuse(const NamespaceName& name, const Commit& commit, std::size_t bytes) {
    if (commit.operations.size() > limits::operations_per_commit_max ||
        commit.checks.size() > limits::checks_per_commit_max) {
        return error(Errc::too_large, "a commit has at most " + std::to_string(limits::operations_per_commit_max) +
                                          " operations and as many checks");
    }
    if (bytes > limits::commit_bytes_max) {
        return error(Errc::too_large,
                     "a commit has at most " + std::to_string(limits::commit_bytes_max) + " bytes");
    }
    if (auto refused = refuse_name(name)) return refused;
    if (auto refused = refuse_request_id(commit.request_id)) return refused;
    for (const Check& check : commit.checks) {
        if (auto refused = refuse_key(check.key, false)) return refused;
    }
    for (std::size_t i = 0; i < commit.operations.size(); ++i) {
        const Operation& operation = commit.operations[i];
        const auto* put = std::get_if<PutSequential>(&operation);
        auto refused = put ? refuse_key(sequential_key(put->prefix, 0, put->suffix), false)
                           : refuse_key(key_of(operation), std::holds_alternative<DeletePrefix>(operation));
        if (!refused) continue;
        refused->operation = i;
        return refused;
    }
    return std::nullopt;
}

class LmdbEngine : public Engine {
    // To be awaited: hands a job to the writer and gives its outcome.
    template <class... Arguments>
    auto submit(std::size_t bytes, Arguments... arguments) {
        auto initiate = [this, bytes](auto handler, auto... job_arguments) {
            using Handler = decltype(handler);
            std::unique_ptr<Job> job =
                std::make_unique<WaitingJob<Handler>>(std::move(handler), std::move(job_arguments)...);
            job->bytes = bytes;
            if (core_.closing) {
                answer_later(std::move(job), shutting_down());
            } else if (!writer_.push(job)) {
                core_.counts.overloaded.fetch_add(1, std::memory_order_relaxed);
                answer_later(std::move(job), error(Errc::overloaded, "too many commits are waiting"));
            }
        };
        return asio::async_initiate<const asio::deferred_t, void(Result<Committed>)>(
            std::move(initiate), asio::deferred, std::move(arguments)...);
    }

public:
    explicit LmdbEngine(EngineOptions options)
        : core_(std::move(options)), applier_(core_), writer_(core_, applier_), reader_(core_) {
        core_.blobs.sweep([this](const BlobId& id) {
            return Snapshot::at_published(core_.index, core_.overlays).get(blob_key(id)).has_value();
        });
    }

    ~LmdbEngine() override { close(); }

    asio::awaitable<Result<Entry>> get(const NamespaceName& name, std::string_view key,
                                       Collection collection) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.get(name, key, collection);
    }

    asio::awaitable<Result<std::vector<std::optional<Entry>>>> get_many(const NamespaceName& name,
                                                                        std::span<const std::string> keys,
                                                                        Collection collection) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.get_many(name, keys, collection);
    }

    asio::awaitable<Result<Page>> list(const NamespaceName& name, const KeyRange& range, const PageRequest& request,
                                       Collection collection) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.list(name, range, request, collection);
    }

    asio::awaitable<Result<std::unique_ptr<File>>> open_file(const NamespaceName& name,
                                                             std::string_view path) override {
        if (core_.closing) co_return shutting_down();
        co_return kv::open_file(core_, reader_, name, path);
    }

    asio::awaitable<Result<std::unique_ptr<Upload>>> begin_upload(const NamespaceName& name, std::string_view path,
                                                                  std::optional<std::uint64_t> size) override {
        if (core_.closing) co_return shutting_down();
        if (auto refused = refuse_name(name)) co_return std::move(*refused);
        if (auto refused = refuse_key(std::string(path), false)) co_return std::move(*refused);
        co_return kv::begin_upload(core_, reader_, *this, name, path, size);
    }

    asio::awaitable<Result<ChangesPage>> changes(const NamespaceName& name, Version after, std::size_t changes_max,
                                                 std::size_t bytes_max) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.changes(name, after, changes_max, bytes_max);
    }

    asio::awaitable<Result<Usage>> usage(const NamespaceName& name) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.usage(name);
    }

    asio::awaitable<Result<NamespaceInfo>> describe(const NamespaceName& name) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.describe(name);
    }

    asio::awaitable<Result<NamespacesPage>> namespaces(const Uuid& workspace, const NamespaceFilter& filter,
                                                       const NamespacesRequest& request) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.namespaces(workspace, filter, request);
    }

    asio::awaitable<Result<Committed>> commit(const NamespaceName& name, Commit commit) override {
        const std::size_t bytes = weight(commit);
        if (auto refused = refuse(name, commit, bytes)) co_return std::move(*refused);
        auto submitted = submit(bytes, name, Task(std::move(commit)));
        auto outcome = co_await std::move(submitted);
        co_return outcome;
    }

    asio::awaitable<Result<std::optional<Committed>>> recall(const NamespaceName& name,
                                                             const RequestId& request) override {
        if (core_.closing) co_return shutting_down();
        co_return reader_.recall(name, request);
    }

    asio::awaitable<Result<Version>> set_quota(const NamespaceName& name, const Quota& quota) override {
        if (auto refused = refuse_name(name)) co_return std::move(*refused);
        if (name.scope == Scope::system) co_return error(Errc::invalid, "the system namespace has no quota");
        if (quota.writes_per_second == 0U)
            co_return error(Errc::invalid, "a quota allows a write a second at least");
        auto submitted = submit(0, name, Task(SetQuota{.quota = quota}));
        auto outcome = co_await std::move(submitted);
        if (!outcome) co_return std::move(outcome).error();
        co_return outcome->version;
    }

    asio::awaitable<Result<Committed>> empty(const NamespaceName& name,
                                             std::optional<RequestId> request_id) override {
        if (auto refused = refuse_name(name)) co_return std::move(*refused);
        if (auto refused = refuse_request_id(request_id)) co_return std::move(*refused);
        // Identity is in it.
        if (name.scope == Scope::system) co_return error(Errc::invalid, "the system namespace cannot be emptied");
        auto submitted = submit(0, name, Task(Empty{.request_id = std::move(request_id)}));
        auto outcome = co_await std::move(submitted);
        co_return outcome;
    }

    asio::awaitable<Result<Version>> drop_owner(const Owner& owner) override {
        // The system namespace stands under the nil workspace, and identity with it.
        if (owner.workspace.is_nil()) co_return error(Errc::invalid, "the nil workspace cannot be dropped");
        auto submitted = submit(0, NamespaceName(), Task(Drop{.owner = owner}));
        auto outcome = co_await std::move(submitted);
        if (!outcome) co_return std::move(outcome).error();
        co_return outcome->version;
    }

    std::unique_ptr<Subscription> subscribe(const NamespaceName& name, Observer observer) override {
        return core_.observers.subscribe(name, std::move(observer));
    }

    Version told() const override { return core_.told; }

    std::string epoch() const override { return print_epoch(core_.state); }

    TimeMs now_ms() const override { return core_.clock.now_ms(); }

    StoreStatus status() const override {
        return {.open = !core_.closing,
                .failed = core_.failed,
                .shortage = core_.shortage(ordinary_commit_bytes),
                .version = core_.overlays.published(),
                .applied = core_.applied,
                .forgotten = core_.log->forgotten(),
                .queued = core_.queued};
    }

    StoreMetrics metrics() const override {
        const Counts& counts = core_.counts;
        StoreMetrics metrics{.status = status(),
                             .commits = counts.commits,
                             .expired_keys = counts.expired_keys,
                             .group_commits = counts.group_commits.read(),
                             .sync_ns = counts.sync_ns.read(),
                             .commit_ns = counts.commit_ns.read(),
                             .apply_ns = counts.apply_ns.read(),
                             .overlay_bytes = core_.unapplied_bytes(),
                             .map_used_bytes = counts.map_used_bytes,
                             .map_limit_bytes = core_.options.map_bytes,
                             .log_bytes = core_.log->bytes(),
                             .blobs = counts.blobs,
                             .disk_free_bytes = counts.disk_free_bytes,
                             .disk_reserve_bytes = core_.options.disk_reserve_bytes};
        std::ranges::copy(counts.refused, metrics.refused.begin());
        metrics.refused[static_cast<std::size_t>(Errc::overloaded)] += counts.overloaded;
        return metrics;
    }

    void apply_now() override {
        const Version through = core_.overlays.published();
        writer_.flush_to_index();
        applier_.wait_applied(through);
    }

    void close() override {
        core_.closing = true;
        writer_.stop();
        applier_.stop();
        core_.blobs.stop();
    }

private:
    Core core_;
    Applier applier_;
    Writer writer_;
    Reader reader_;
};

}  // namespace

std::unique_ptr<Engine> open_engine(EngineOptions options) {
    return std::make_unique<LmdbEngine>(std::move(options));
}

}  // namespace alcove::kv

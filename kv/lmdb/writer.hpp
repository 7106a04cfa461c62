// The one writer: takes commits from a queue, evaluates them in groups, logs each group with one sync, and answers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "kv/lmdb/applier.hpp"
#include "kv/lmdb/change_runs.hpp"
#include "kv/lmdb/core.hpp"
#include "kv/lmdb/evaluator.hpp"
#include "kv/lmdb/rates.hpp"

namespace alcove::kv {

// What a job asks for beside a commit.
struct SetQuota {
    Quota quota;
};
struct Empty {
    std::optional<RequestId> request_id;
};
struct Drop {
    Owner owner;
};
using Task = std::variant<Commit, SetQuota, Empty, Drop>;

// A task for the writer, with the one who waits for it.
class Job {
public:
    Job(NamespaceName job_name, Task job_task) : name(std::move(job_name)), task(std::move(job_task)) {}
    virtual ~Job() = default;

    virtual asio::any_io_executor executor() const = 0;

    // Goes on with the caller. Called once, on its executor.
    virtual void resume(Result<Committed> outcome) = 0;

    NamespaceName name;  // not for Drop
    Task task;
    std::size_t bytes = 0;  // rough size, for the queue's bound
    std::chrono::steady_clock::time_point queued_at{};
};

struct Answer {
    std::unique_ptr<Job> job;
    Result<Committed> outcome;
};

// Hands answers to their callers' executors, one hand-over for all that share one: waking a thread for each of
// hundreds of answers would cost more than the answers. Any thread.
void answer_later(std::vector<Answer> answers);
void answer_later(std::unique_ptr<Job> job, Result<Committed> outcome);

// Operation: what has queued while the last sync ran becomes the next group; when that was more than one commit,
// other threads of the core go first once, and what they bring joins it. A lone commit is not delayed. Each commit
// is evaluated against everything before it, its effects are put into the overlay at a version that readers do not
// see yet, and its record into the group. One write and one fdatasync later the versions are published, the
// observers told and all answers of the group leave, failed checks too: they may rest on what was not yet durable.
// Expired keys are swept in between, a bounded number per group.
//
// Concurrency: push() from any thread; the rest happens on the writer's own thread.
//
// Limitations: a failed write or sync ends the process (EngineOptions::fatal).
class Writer {
public:
    Writer(Core& core, Applier& applier);
    ~Writer();  // calls stop()

    // False when the queue is full or the store is closing: the job was not taken.
    bool push(std::unique_ptr<Job>& job);

    // Everything committed so far is handed to the applier as soon as it can take it.
    void flush_to_index();

    // Answers what is queued, hands everything to the applier, and ends.
    void stop();

private:
    using Steady = std::chrono::steady_clock;

    struct Logged {  // of the group
        log::CommitRecord record;
        Version version;
    };
    void loop();
    bool wait_for_work();
    std::chrono::milliseconds idle_time() const;
    void take_queue();
    void run_group();
    void sweep();
    void answer(std::unique_ptr<Job> job, Result<Committed> outcome);
    Result<Committed> run(Job& job);
    Result<Committed> run_commit(const Job& job, Commit& commit);
    Result<Committed> run_set_quota(const NamespaceName& name, const Quota& quota);
    Result<Committed> run_empty(const NamespaceName& name, const std::optional<RequestId>& request_id);
    Result<Committed> run_drop(const Owner& owner);
    bool log_records(Records records);
    bool log_record(log::CommitRecord record);
    void finish_group();
    void tell_observers();
    void fail(const std::string& why);
    void freeze_when_due();
    NamespaceState* state_of(const NamespaceName& name);
    Version next_version() const { return core_.log->last_version() + group_commits_ + 1; }
    void view_anew();

    Core& core_;
    Applier& applier_;

    std::mutex mutex_;  // guards the queue and the flags
    std::condition_variable wake_;
    std::vector<std::unique_ptr<Job>> queue_;
    std::size_t queued_bytes_ = 0;
    bool stop_ = false;
    bool flush_ = false;

    // The rest belongs to the writer's thread.
    std::deque<std::unique_ptr<Job>> taken_;
    std::optional<Snapshot> view_;
    std::shared_ptr<const OverlaySet> overlays_;
    TimeMs now_ms_ = 0;
    std::string group_;    // space for the header, then the payload
    std::string payload_;  // of the commits that are being logged, and
    std::string encoded_;  // one of them: kept for their memory
    std::uint32_t group_commits_ = 0;
    std::uint64_t group_expired_ = 0;  // keys
    std::vector<Answer> answers_;
    std::vector<Logged> logged_;  // for the observers
    ChangeRuns runs_;
    std::vector<BlobId> freed_blobs_;
    std::unordered_map<NamespaceName, NamespaceState, NamespaceNameHash> states_;
    std::vector<NamespaceName> touched_;  // states that the group changed
    bool renumbered_any_ = false;         // a name has another number from this group on, or none
    WriteRates rates_;
    TimeMs next_expiry_ms_ = 0;             // no key expires before it
    std::string sweep_from_;                // where a sweep that met too much goes on; empty: at the beginning
    Steady::time_point unapplied_since_{};  // the first commit of the overlay that is written to

    std::thread thread_;
};

}  // namespace alcove::kv

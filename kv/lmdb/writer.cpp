// The one writer of the engine.
#include "kv/lmdb/writer.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/container/small_vector.hpp>
#include <limits>
#include <utility>

#include "kv/record.hpp"

namespace alcove::kv {

namespace {

constexpr TimeMs never_ms = std::numeric_limits<TimeMs>::max();
constexpr std::size_t states_cached_max = std::size_t{64} << 10;
// Entries of dropped and emptied namespaces stay in the expiry index until they are purged: look at so many, then
// pause.
constexpr std::size_t sweep_scan_max = 16 * limits::sweep_keys_max;
constexpr TimeMs sweep_pause_ms = 50;
constexpr auto slow_down = std::chrono::milliseconds(2);
constexpr auto longest_idle = std::chrono::seconds(10);
// A clock that tests move by hand, or that someone sets, is looked at this often while keys wait to expire.
constexpr auto longest_expiry_wait = std::chrono::milliseconds(100);

Error owner_dropped() {
    return error(Errc::not_found, "the namespace's owner was deleted");
}

Error no_room_for_segment() {
    return error(Errc::store_full, "there is no room for another segment of the log");
}

Error rate_limited(TimeMs wait_ms) {
    Error out = error(Errc::rate_limited, "the namespace is written faster than its quota allows");
    out.retry_after_ms = wait_ms;
    return out;
}

Committed committed_at(Version version) {
    return {.version = version, .results = {}, .replayed = false};
}

bool only_frees(const Commit& commit) {
    return commit.frees_space ||
           std::all_of(commit.operations.begin(), commit.operations.end(), [](const auto& op) {
               return std::holds_alternative<Delete>(op) || std::holds_alternative<DeletePrefix>(op) ||
                      std::holds_alternative<Get>(op);
           });
}

}  // namespace

void answer_later(std::vector<Answer> answers) {
    struct Delivery {
        asio::any_io_executor executor;
        std::vector<Answer> answers;
    };
    std::vector<Delivery> deliveries;  // as many as the server has threads
    for (Answer& answer : answers) {
        const asio::any_io_executor executor = answer.job->executor();
        auto delivery = std::ranges::find(deliveries, executor, &Delivery::executor);
        if (delivery == deliveries.end())
            delivery = deliveries.insert(delivery, {.executor = executor, .answers = {}});
        delivery->answers.push_back(std::move(answer));
    }
    for (Delivery& delivery : deliveries) {
        asio::post(delivery.executor, [all = std::move(delivery.answers)]() mutable {
            for (Answer& answer : all)
                answer.job->resume(std::move(answer.outcome));
        });
    }
}

void answer_later(std::unique_ptr<Job> job, Result<Committed> outcome) {
    std::vector<Answer> answers;
    answers.push_back({std::move(job), std::move(outcome)});
    answer_later(std::move(answers));
}

Writer::Writer(Core& core, Applier& applier) : core_(core), applier_(applier) {
    unapplied_since_ = Steady::now();
    applier_.start([this] {
        const std::lock_guard lock(mutex_);
        wake_.notify_one();
    });
    thread_ = std::thread([this] { loop(); });
}

Writer::~Writer() {
    stop();
}

bool Writer::push(std::unique_ptr<Job>& job) {
    bool first = false;
    job->queued_at = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (stop_ || core_.queued.load(std::memory_order_relaxed) >= core_.options.queued_commits_max ||
            queued_bytes_ + job->bytes > limits::queued_bytes_max) {
            return false;
        }
        core_.queued.fetch_add(1, std::memory_order_relaxed);
        queued_bytes_ += job->bytes;
        queue_.push_back(std::move(job));
        first = queue_.size() == 1;
    }
    // Not under the lock: the writer would wake only to wait for it.
    if (first) wake_.notify_one();
    return true;
}

void Writer::flush_to_index() {
    const std::lock_guard lock(mutex_);
    flush_ = true;
    wake_.notify_one();
}

void Writer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        wake_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
}

void Writer::loop() {
    try {
        std::size_t together = 0;
        while (wait_for_work()) {
            // Who wrote together will write together again. On a busy core their requests are still with the thread
            // that reads them: it goes first, so that they share a sync instead of having several.
            if (together > 1) std::this_thread::yield();
            take_queue();
            together = taken_.size();
            run_group();
            freeze_when_due();
        }
    } catch (const std::exception& failure) {
        fail(failure.what());
    }
}

// False when the writer is to end: nothing is queued and the applier has taken everything.
bool Writer::wait_for_work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (!queue_.empty() || !taken_.empty()) return true;
        const bool unapplied = !core_.overlays.current()->active->empty();
        if (stop_ && (!unapplied || applier_.gave_up())) return false;
        if (unapplied && (stop_ || flush_) && !applier_.busy()) return true;
        if (!unapplied) flush_ = false;
        if (wake_.wait_for(lock, idle_time()) == std::cv_status::timeout) return true;
    }
}

// How long the writer may sleep when nothing is queued.
std::chrono::milliseconds Writer::idle_time() const {
    std::chrono::milliseconds idle = longest_idle;
    if (next_expiry_ms_ != never_ms) {
        const std::chrono::milliseconds left(std::max<TimeMs>(next_expiry_ms_ - core_.clock.now_ms(), 0));
        idle = std::min({idle, left, std::chrono::milliseconds(longest_expiry_wait)});
    }
    if (!core_.overlays.current()->active->empty()) {
        const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - unapplied_since_);
        const auto left = std::max(core_.options.apply_interval - age, std::chrono::milliseconds(0));
        // While the applier works it will wake us.
        if (!applier_.busy()) idle = std::min(idle, left);
    }
    return idle;
}

void Writer::take_queue() {
    const std::lock_guard lock(mutex_);
    for (auto& job : queue_)
        taken_.push_back(std::move(job));
    queue_.clear();
}

void Writer::run_group() {
    now_ms_ = core_.clock.now_ms();
    group_.assign(log::group_header_bytes, '\0');
    if (taken_.empty() && now_ms_ < next_expiry_ms_) return;
    view_anew();
    sweep();
    answers_.reserve(std::min(taken_.size(), limits::group_commits_max));
    for (std::size_t jobs = 0; !taken_.empty(); ++jobs) {
        if (jobs == limits::group_commits_max || group_.size() > limits::group_bytes_max) break;
        std::unique_ptr<Job> job = std::move(taken_.front());
        taken_.pop_front();
        Result<Committed> outcome = run(*job);
        answer(std::move(job), std::move(outcome));
    }
    finish_group();
    view_.reset();
    overlays_.reset();
}

void Writer::view_anew() {
    view_.reset();
    view_.emplace(Snapshot::of_writer(core_.index, core_.overlays));
    overlays_ = core_.overlays.current();
}

// Ends keys whose time has come, a bounded number of them, and finds out when to look again.
void Writer::sweep() {
    if (now_ms_ < next_expiry_ms_) return;
    next_expiry_ms_ = never_ms;
    std::size_t swept = 0;
    std::size_t seen = 0;
    // Behind what the last sweep looked at and could not end: it would be met again and again until it is purged.
    const bool resumed = !sweep_from_.empty();
    const std::string lower =
        resumed ? std::exchange(sweep_from_, {}) : std::string(IndexKey(Table::expiry).view());
    for (Scan scan(*view_, lower, end_of(Table::expiry), Order::ascending); scan.valid(); scan.next()) {
        Decoder decoder(scan.key());
        const auto deadline = static_cast<TimeMs>(load_be64(decoder.raw(8).data()));
        if (deadline > now_ms_ || swept == limits::sweep_keys_max) {
            next_expiry_ms_ = deadline;
            break;
        }
        if (++seen == sweep_scan_max) {
            sweep_from_ = std::string(1, static_cast<char>(Table::expiry)).append(scan.key());
            next_expiry_ms_ = now_ms_ + sweep_pause_ms;
            break;
        }
        decoder.u8();
        const NamespaceId id = load_be64(decoder.raw(8).data());
        const auto collection = static_cast<Collection>(decoder.u8());
        const std::string user_key(decoder.rest());
        const auto named = view_->get(id_key(id));
        NamespaceState* state = named ? state_of(decode_state(*named).name) : nullptr;
        // Dropped or emptied: its entries go with it.
        if (!state || state->id_of(collection) != id) continue;
        const auto stored = view_->get(entry_key(state->name.scope, id, collection, user_key));
        if (!stored) continue;
        const EntryView record = decode_record(*stored);
        if (record.expires_ms != deadline) continue;
        NamespaceState after = *state;
        auto expired =
            Evaluator::expire(after, collection, user_key, stored_entry(user_key, record), now_ms_, next_version());
        if (!log_record(std::move(expired))) {  // the disk has no room
            next_expiry_ms_ = now_ms_ + sweep_pause_ms;
            break;
        }
        *state = std::move(after);
        ++swept;
    }
    // Before the place where it went on something may have come meanwhile.
    if (resumed) next_expiry_ms_ = std::min(next_expiry_ms_, now_ms_ + sweep_pause_ms);
}

void Writer::answer(std::unique_ptr<Job> job, Result<Committed> outcome) {
    answers_.push_back({std::move(job), std::move(outcome)});
}

Result<Committed> Writer::run(Job& job) {
    if (auto* commit = std::get_if<Commit>(&job.task)) return run_commit(job, *commit);
    if (const auto* change = std::get_if<SetQuota>(&job.task)) return run_set_quota(job.name, change->quota);
    if (const auto* drop = std::get_if<Drop>(&job.task)) return run_drop(drop->owner);
    return run_empty(job.name, std::get<Empty>(job.task).request_id);
}

Result<Committed> Writer::run_commit(const Job& job, Commit& commit) {
    NamespaceState* state = state_of(job.name);
    if (!state) return owner_dropped();
    const bool fresh = state->id == 0;
    NamespaceState before = *state;
    if (fresh) before.id = before.internal_id = core_.next_id;
    Evaluator evaluator(*view_, before, now_ms_, next_version());
    if (!fresh && commit.request_id) {
        // First of all, since a commit that has had its effect must not be refused.
        if (auto earlier = evaluator.replay(*commit.request_id)) return std::move(*earlier);
    }
    const bool limited = before.quota.writes_per_second && !only_frees(commit);
    if (const Shortage shortage = core_.shortage(job.bytes); shortage && !only_frees(commit)) {
        return store_full(shortage);
    }
    if (limited) {
        const TimeMs wait_ms = rates_.wait_ms(job.name, *before.quota.writes_per_second, now_ms_);
        if (wait_ms > 0) return rate_limited(wait_ms);
    }
    auto evaluated = evaluator.evaluate(commit);
    if (!evaluated) return std::move(evaluated).error();
    if (evaluated->records.empty()) return std::move(evaluated->committed);
    if (!log_records(std::move(evaluated->records))) return no_room_for_segment();
    if (limited) rates_.take(job.name);
    if (fresh) ++core_.next_id;
    *state = std::move(evaluated->state);
    return std::move(evaluated->committed);
}

Result<Committed> Writer::run_set_quota(const NamespaceName& name, const Quota& quota) {
    const NamespaceState* state = state_of(name);
    if (!state) return owner_dropped();
    NamespaceState after = *state;
    if (after.quota == quota) return committed_at(after.usage.version);
    if (const Shortage shortage = core_.shortage(0)) return store_full(shortage);
    const bool fresh = after.id == 0;
    after.quota = quota;
    after.usage.version = next_version();
    if (fresh) {
        after.id = after.internal_id = core_.next_id;
        after.created_version = after.usage.version;
    }
    if (!log_record(record_for(after, now_ms_))) return no_room_for_segment();
    if (fresh) ++core_.next_id;
    const Version version = after.usage.version;
    *state_of(name) = std::move(after);
    return committed_at(version);
}

// The namespace goes on under another number; what stands under the old one is deleted behind.
Result<Committed> Writer::run_empty(const NamespaceName& name, const std::optional<RequestId>& request_id) {
    const NamespaceState* state = state_of(name);
    if (!state) return owner_dropped();
    const bool fresh = state->id == 0;
    const bool holds = state->usage.keys != 0 || state->usage.files != 0;
    NamespaceState after = *state;
    if (fresh) after.internal_id = core_.next_id;
    const Version version = next_version();
    const Evaluator evaluator(*view_, after, now_ms_, version);
    if (request_id && !fresh) {
        if (auto earlier = evaluator.replay(*request_id)) return std::move(*earlier);
    }
    if (!holds && !request_id) return committed_at(state->usage.version);
    if (fresh || holds) after.id = core_.next_id;
    if (fresh) after.created_version = version;
    if (holds) {
        after.emptied_version = version;
        after.usage = {.version = version, .last_written_ms = now_ms_};
    }
    after.usage.version = version;
    log::CommitRecord record = record_for(after, now_ms_);
    std::optional<Leftover> leftover;
    if (holds) {
        record.emptied_id = state->id;
        leftover = leftover_of(record);
    }
    Committed committed = committed_at(version);
    if (request_id) record.effects.push_back(evaluator.remember(*request_id, committed));
    if (!log_record(std::move(record))) return no_room_for_segment();
    if (fresh || holds) ++core_.next_id;
    *state_of(name) = std::move(after);
    if (leftover) {
        renumbered_any_ = true;
        applier_.purge(*leftover, version);
    }
    return committed;
}

Result<Committed> Writer::run_drop(const Owner& owner) {
    finish_group();  // so that no state of the group is lost with the states forgotten below
    log::CommitRecord record;
    record.dropped = owner;
    const Version version = next_version();
    if (!log_record(std::move(record))) return no_room_for_segment();
    states_.clear();
    renumbered_any_ = true;
    applier_.purge(owner, version);
    return committed_at(version);
}

bool Writer::log_record(log::CommitRecord record) {
    Records records;
    records.push_back(std::move(record));
    return log_records(std::move(records));
}

// Puts records into the group and into the overlay, where readers do not see them yet. False when the log has no
// room on the disk: then nothing happened.
bool Writer::log_records(Records records) {
    payload_.clear();
    boost::container::small_vector<std::size_t, 8> sizes;  // of the framed records
    for (const log::CommitRecord& record : records) {
        const std::size_t before = payload_.size();
        encoded_.clear();
        log::encode(record, encoded_);
        log::append_commit(encoded_, payload_);
        sizes.push_back(payload_.size() - before);
    }
    const std::size_t own = payload_.size();
    if (!core_.log->fits(group_.size() - log::group_header_bytes + own)) {
        // The versions do not move by it: nothing comes between.
        finish_group();
        if (!core_.log->fits(own) && !core_.log->roll(own)) return false;
    }
    if (overlays_->active->empty()) unapplied_since_ = Steady::now();
    log::Position at = core_.log->end();
    at.offset += group_.size();
    for (std::size_t i = 0; i < records.size(); ++i) {
        const Version version = next_version();
        log::CommitRecord& record = records[i];
        materialise(record, version, *overlays_->active);
        ++group_commits_;
        if (!record.dropped) {
            if (core_.options.history) runs_.add(record.id, version, at, sizes[i]);
            for (const log::Effect& effect : record.effects) {
                if (effect.freed_blob) freed_blobs_.push_back(*effect.freed_blob);
                if (effect.kind == Change::Kind::expire) ++group_expired_;
                if (effect.kind != Change::Kind::put) continue;
                if (const auto expires = decode_record(effect.record).expires_ms) {
                    next_expiry_ms_ = std::min(next_expiry_ms_, *expires);
                }
            }
            if (touched_.empty() || !(touched_.back() == record.name)) touched_.push_back(record.name);
        }
        at.offset += sizes[i];
        logged_.push_back({std::move(record), version});
    }
    group_.append(payload_);
    return true;
}

// Makes the group durable, then visible, then answers.
void Writer::finish_group() {
    if (group_commits_ != 0) {
        const Version last = next_version() - 1;
        for (const NamespaceName& name : touched_) {
            const auto it = states_.find(name);
            if (it != states_.end()) overlays_->active->put(state_key(name), last, encode_state(it->second));
        }
        runs_.put_into(*overlays_->active);
        const auto begin = Steady::now();
        core_.log->append(group_, group_commits_, now_ms_);
        core_.counts.sync_ns.add(ns_between(begin, Steady::now()));
        core_.counts.group_commits.add(group_commits_);
        core_.counts.commits += group_commits_;
        core_.counts.expired_keys += std::exchange(group_expired_, 0);
        core_.clock.advance_to(now_ms_);
        if (renumbered_any_) core_.names.close();
        core_.overlays.publish(last);
        if (renumbered_any_) core_.names.open();
        tell_observers();
        core_.told.store(last);
        core_.blobs.remove(std::exchange(freed_blobs_, {}));
        group_.assign(log::group_header_bytes, '\0');
        group_commits_ = 0;
        touched_.clear();
        logged_.clear();
        renumbered_any_ = false;
    }
    if (answers_.empty()) return;
    std::size_t bytes = 0;
    const auto now = Steady::now();
    for (const Answer& answer : answers_) {
        bytes += answer.job->bytes;
        core_.counts.commit_ns.add(ns_between(answer.job->queued_at, now));
        if (!answer.outcome) core_.counts.refused[static_cast<std::size_t>(answer.outcome.error().code)] += 1;
    }
    {
        const std::lock_guard lock(mutex_);
        queued_bytes_ -= bytes;
    }
    core_.queued.fetch_sub(answers_.size(), std::memory_order_relaxed);
    answer_later(std::exchange(answers_, {}));
}

// Who subscribes while the group is on its way to the disk has not read what it holds: so all of it is told, and
// whether somebody listens is asked now.
void Writer::tell_observers() {
    for (Logged& logged : logged_) {
        log::CommitRecord& record = logged.record;
        if (record.dropped) {
            core_.observers.notify_dropped(*record.dropped, logged.version);
        } else {
            core_.observers.notify(record.name, [&] { return changes_of(record, logged.version); });
        }
    }
}

NamespaceState* Writer::state_of(const NamespaceName& name) {
    const auto it = states_.find(name);
    if (it != states_.end()) return &it->second;
    auto found = find_state(*view_, name);
    if (!found) return nullptr;
    if (states_.size() >= states_cached_max && touched_.empty()) states_.clear();
    return &states_.emplace(name, std::move(*found)).first->second;
}

// Hands the overlay to the applier when it is large or old enough; slows down when the applier does not keep up.
void Writer::freeze_when_due() {
    const std::size_t bytes = core_.overlays.current()->active->bytes();
    const bool empty = core_.overlays.current()->active->empty();
    bool wanted =
        bytes >= core_.options.overlay_bytes || Steady::now() - unapplied_since_ >= core_.options.apply_interval;
    {
        const std::lock_guard lock(mutex_);
        wanted |= flush_ || stop_;
    }
    if (empty || !wanted || applier_.gave_up()) return;
    if (applier_.busy()) {
        // Slower from one overlay on, not at all from two: the queue fills then, and callers are refused.
        const bool stand_still = bytes >= 2 * core_.options.overlay_bytes;
        if (bytes >= core_.options.overlay_bytes) std::this_thread::sleep_for(slow_down);
        while (stand_still && applier_.busy() && !applier_.gave_up())
            std::this_thread::sleep_for(slow_down);
        if (applier_.busy()) return;
    }
    core_.overlays.freeze();
    applier_.apply(core_.log->last_version(), core_.log->end(), core_.next_id);
}

void Writer::fail(const std::string& why) {
    const std::string text = "the store failed while writing and must be restarted: " + why;
    const Error unknown = error(Errc::outcome_unknown, "the disk failed: whether the write is kept is not known");
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        for (auto& job : queue_)
            taken_.push_back(std::move(job));
        queue_.clear();
    }
    core_.failed = true;
    core_.closing = true;
    for (Answer& answer : answers_)
        answer.outcome = unknown;
    for (auto& job : taken_)
        answers_.push_back({std::move(job), unknown});
    taken_.clear();
    answer_later(std::exchange(answers_, {}));
    core_.options.fatal(text);
}

}  // namespace alcove::kv

// Drives an engine and the model through the same history.
#include "tests/support/model_driver.hpp"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include "tests/support/build.hpp"
#include "tests/support/print.hpp"
#include "tests/support/run.hpp"

namespace alcove::test {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t versions_kept = 64;
constexpr auto sweep_patience = 5s;  // the promise is one second, on a machine with time for it

template <class T>
std::string print_all(const std::vector<T>& values) {
    std::string out;
    for (const T& value : values)
        out += "\n    " + print(value);
    return out.empty() ? "nothing" : out;
}

std::string print_optional(const std::optional<kv::Entry>& entry) {
    return entry ? print(*entry) : "none";
}

std::string print_error(const kv::Error& error) {
    kv::Error plain = error;
    plain.message.clear();
    return print(plain);
}

// Changes of one version in the order of their keys, as the model has them.
void sort_within_versions(std::vector<kv::Change>& changes) {
    std::sort(changes.begin(), changes.end(), [](const kv::Change& a, const kv::Change& b) {
        return std::tie(a.version, a.key) < std::tie(b.version, b.key);
    });
}

}  // namespace

ModelDriver::ModelDriver(std::uint64_t seed, std::uint64_t history_bytes)
    : seed_(seed), history_bytes_(history_bytes), history_(seed) {
    const std::vector<kv::NamespaceName> names = {
        kv::system_namespace(),      workspace_namespace(1),
        workspace_namespace(2),      end_user_namespace(1, 1),
        end_user_namespace(2, 1),    external_namespace("x", 1),
        external_namespace("x/", 1), external_namespace(std::string(1020, 'x'), 2)};
    for (const auto& name : names) {
        spaces_.push_back(std::make_unique<Space>());
        spaces_.back()->name = name;
    }
    open();
}

void ModelDriver::open() {
    kv::EngineOptions options;
    options.directory = folder_ / "store";
    options.map_bytes = std::uint64_t{1} << 30;
    // Tiny, so that segments roll and overlays freeze all the time.
    options.segment_bytes = 32 << 10;
    options.overlay_bytes = 16 << 10;
    options.apply_interval = 10ms;
    options.history_bytes = history_bytes_;
    options.wall_clock = clock_.source();
    engine_ = kv::open_engine(std::move(options));
}

void ModelDriver::reopen() {
    doing_ = "reopen";
    engine_->close();
    engine_.reset();
    open();
    ++reopenings_;
}

std::size_t ModelDriver::expirations() const {
    std::size_t sum = 0;
    for (const auto& space : spaces_)
        sum += space->model.expirations().size();
    return sum;
}

void ModelDriver::expect(bool holds, const std::string& what, const std::string& engine, const std::string& model) {
    if (holds) return;
    std::ostringstream out;
    out << "seed " << seed_ << ", step " << steps_ << ", clock " << clock_.now_ms() << ": " << what << "\n  doing "
        << doing_ << "\n  engine: " << engine << "\n  model: " << model;
    if (current_) {
        out << "\n  in " << print(current_->name) << ", which the model holds as\n"
            << current_->model.print(clock_.now_ms());
        if (auto usage = run(engine_->usage(current_->name))) out << "  engine's usage: " << print(*usage) << "\n";
        kv::KeyRange all;
        kv::PageRequest request;
        request.entries_max = 1000;
        request.values = kv::Values::include;
        if (auto page = run(engine_->list(current_->name, all, request))) {
            out << "  the engine's keys are\n";
            for (const auto& item : page->items)
                out << "  " << printable(item.key) << " = " << print(to_entry(item.entry)) << "\n";
        }
    }
    throw Difference(out.str());
}

ModelDriver::Space& ModelDriver::any_space() {
    current_ = spaces_[history_.below(spaces_.size())].get();
    return *current_;
}

void ModelDriver::step() {
    ++steps_;
    const std::size_t kind = history_.below(1000);
    if (kind < 400) return commit_one();
    if (kind < 450) return commit_at_once();
    if (kind < 930) return read_one();
    if (kind < 980) return move_clock();
    if (kind < 985) return settle(any_space());
    if (kind < 988) return empty_one();
    if (kind < 990) return set_quota_one();
    if (kind < 994) return drop_one();
    if (kind < 997) return reopen();
    if (kind < 998) return engine_->apply_now();
    if (kind == 998 && history_.one_in(4)) verify();
}

void ModelDriver::commit_one() {
    Space& space = any_space();
    // What has expired and is not yet swept may count against a quota or not.
    if (space.model.quota() != kv::Quota{} && !space.model.all_swept(clock_.now_ms())) settle(space);
    Sent sent{.space = &space, .commit = history_.commit(clock_.now_ms(), versions_)};
    doing_ = print(sent.commit);
    const auto outcome = run(engine_->commit(sent.space->name, sent.commit));
    take(sent, outcome);
}

// Several commits in flight together. Their versions tell the order in which they were taken; a commit that failed
// has none, and whether it should have is not known: that it changed nothing is.
void ModelDriver::commit_at_once() {
    std::vector<Sent> batch;
    const std::size_t wanted = 2 + history_.below(10);
    for (std::size_t i = 0; i < wanted; ++i) {
        Space& space = any_space();
        if (space.model.quota() != kv::Quota{}) continue;  // keys may expire in the middle of it
        batch.push_back({.space = &space, .commit = history_.commit(clock_.now_ms(), versions_)});
    }
    const std::size_t size = batch.size();
    std::vector<kv::asio::awaitable<kv::Result<kv::Committed>>> tasks;
    tasks.reserve(size);
    for (const Sent& sent : batch)
        tasks.push_back(engine_->commit(sent.space->name, sent.commit));
    const auto outcomes = run_all(std::move(tasks));
    std::vector<std::size_t> order;
    std::vector<std::size_t> replayed;
    for (std::size_t i = 0; i < size; ++i) {
        operations_ += outcomes[i] ? 0 : batch[i].commit.operations.size();
        if (outcomes[i]) (outcomes[i]->replayed ? replayed : order).push_back(i);
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return outcomes[a]->version < outcomes[b]->version; });
    // Commits that changed nothing have the version of the one before them, which must be taken first.
    for (std::size_t first = 0; first < order.size(); ++first) {
        std::size_t best = first;
        for (std::size_t i = first; i < order.size(); ++i) {
            if (outcomes[order[i]]->version != outcomes[order[first]]->version) break;
            if (!is_logged_as(batch[order[i]], *outcomes[order[i]])) continue;
            best = i;
            break;
        }
        std::swap(order[first], order[best]);
        const std::size_t i = order[first];
        current_ = batch[i].space;
        doing_ = "one of several at once: " + print(batch[i].commit);
        take(batch[i], outcomes[i]);
    }
    for (const std::size_t i : replayed) {
        current_ = batch[i].space;
        doing_ = "one of several at once: " + print(batch[i].commit);
        take(batch[i], outcomes[i]);
    }
}

bool ModelDriver::is_logged_as(const Sent& sent, const kv::Committed& outcome) const {
    ModelNamespace model = sent.space->model;
    auto expected = model.evaluate(sent.commit, clock_.now_ms());
    if (expected.error || !expected.logged || outcome.version <= model.last_version()) return false;
    model.apply(sent.commit, expected, outcome.version, clock_.now_ms());
    kv::Committed committed;
    committed.version = outcome.version;
    committed.results = expected.results;
    return print(committed) == print(outcome);
}

void ModelDriver::take(Sent& sent, const kv::Result<kv::Committed>& outcome) {
    operations_ += sent.commit.operations.size() + sent.commit.checks.size();
    ModelNamespace& model = sent.space->model;
    auto expected = model.evaluate(sent.commit, clock_.now_ms());
    if (expected.error) {
        expect(!outcome, "the commit should fail", outcome ? print(*outcome) : "", print_error(*expected.error));
        if (expected.error->code == kv::Errc::quota_exceeded) ++refusals_;
        const std::string found = print_error(outcome.error());
        expect(found == print_error(*expected.error), "the error differs", found, print_error(*expected.error));
        return;
    }
    expect(bool(outcome), "the commit should succeed", outcome ? "" : print(outcome.error()), "success");
    const kv::Version version = outcome->version;
    if (expected.replayed) {
        ++replays_;
    } else if (expected.logged) {
        expect(version > latest_, "a version was used before", std::to_string(version),
               "above " + std::to_string(latest_));
        latest_ = version;
        model.apply(sent.commit, expected, version, clock_.now_ms());
        versions_.push_back(version);
        if (versions_.size() > versions_kept) versions_.erase(versions_.begin());
    } else {
        const kv::Version status = engine_->status().version;
        expect(version >= model.last_version() && version <= status,
               "a commit without effect is at another version", std::to_string(version),
               std::to_string(model.last_version()));
        model.apply(sent.commit, expected, version, clock_.now_ms());
    }
    kv::Committed committed;
    committed.version = expected.replayed || expected.logged ? expected.version : version;
    committed.replayed = expected.replayed;
    committed.results = expected.results;
    expect(print(*outcome) == print(committed), "the outcome differs", print(*outcome), print(committed));
}

void ModelDriver::move_clock() {
    doing_ = "move the clock";
    if (history_.one_in(100)) {
        clock_.advance(kv::limits::request_memory_ms - 1 + static_cast<kv::TimeMs>(history_.below(2)));
    } else {
        clock_.advance(static_cast<kv::TimeMs>(history_.below(history_.one_in(4) ? 3'000 : 30)));
    }
}

// A dropped owner never comes back: another takes its place in the history.
void ModelDriver::drop_one() {
    Space& space = any_space();
    if (space.name.scope == kv::Scope::system) return;
    doing_ = "drop";
    ++drops_;
    kv::Owner owner;
    owner.workspace = space.name.workspace;
    if (!space.name.subject.empty()) {
        owner.subject = kv::Owner::Subject{.scope = space.name.scope, .id = space.name.subject};
    }
    const bool whole_workspace = !owner.subject || history_.one_in(4);
    if (whole_workspace) owner.subject.reset();
    const auto version = run(engine_->drop_owner(owner));
    expect(bool(version), "the drop failed", version ? "" : print(version.error()), "success");
    expect(*version > latest_, "a version was used before", std::to_string(*version), std::to_string(latest_));
    latest_ = *version;
    const kv::NamespaceName name = space.name;
    const std::uint8_t subject = next_subject_++;
    for (auto& other : spaces_) {
        const bool gone = whole_workspace ? other->name.workspace == name.workspace : other->name == name;
        if (!gone || other->name.scope == kv::Scope::system) continue;
        kv::NamespaceName fresh = other->name;
        if (whole_workspace) {
            fresh.workspace = uuid(subject);
        } else if (fresh.scope == kv::Scope::external) {
            fresh.subject += std::to_string(subject);
            if (fresh.subject.size() > kv::limits::subject_bytes_max) fresh.subject = std::to_string(subject);
        } else {
            fresh = end_user_namespace(subject, 0);
            fresh.workspace = name.workspace;
        }
        dropped_.push_back(std::move(other));
        other = std::make_unique<Space>();
        other->name = fresh;
    }
    current_ = nullptr;
    check_dropped(*dropped_.back());
}

// The version of what is no commit of operations: its own, or the namespace's when it changed nothing.
void ModelDriver::take_version(const kv::Result<kv::Version>& version, bool logged, const ModelNamespace& model) {
    expect(bool(version), doing_ + " failed", version ? "" : print(version.error()), "success");
    if (logged) {
        expect(*version > latest_, "a version was used before", std::to_string(*version), std::to_string(latest_));
        latest_ = *version;
    } else {
        expect(*version >= model.last_version() && *version <= engine_->status().version,
               doing_ + " without effect is at another version", std::to_string(*version),
               std::to_string(model.last_version()));
    }
}

void ModelDriver::empty_one() {
    Space& space = any_space();
    if (space.name.scope == kv::Scope::system) return;
    if (!space.model.all_swept(clock_.now_ms())) settle(space);
    doing_ = "empty";
    const bool logged = space.model.holds_anything();
    const auto emptied = run(engine_->empty(space.name));
    const auto version = emptied ? kv::Result<kv::Version>(emptied->version) : emptied.error();
    take_version(version, logged, space.model);
    if (!logged) return;
    ++empties_;
    space.model.empty(*version, clock_.now_ms());
    space.verified_through = *version;
    space.changes_verified = 0;
}

void ModelDriver::set_quota_one() {
    Space& space = any_space();
    if (space.name.scope == kv::Scope::system) return;
    kv::Quota quota;
    if (history_.one_in(2)) quota.bytes = history_.below(4000);
    if (history_.one_in(2)) quota.keys = history_.below(20);
    doing_ = "set a quota of " + print(quota);
    const bool logged = quota != space.model.quota();
    const auto version = run(engine_->set_quota(space.name, quota));
    take_version(version, logged, space.model);
    if (!logged) return;
    ++quotas_;
    space.model.set_quota(quota, *version);
}

void ModelDriver::check_dropped(Space& space) {
    doing_ = "look at a dropped namespace, " + print(space.name);
    const kv::Commit commit = commit_of({put("a", "1")});
    const auto gone = [&](const auto& result, const char* what) {
        expect(outcome(result) == "not_found", std::string(what) + " of a dropped namespace", outcome(result),
               "not_found");
    };
    const std::vector<std::string> keys = {"a"};
    const kv::KeyRange everything;
    const kv::PageRequest page;
    gone(run(engine_->commit(space.name, commit)), "commit");
    gone(run(engine_->get(space.name, "a")), "get");
    gone(run(engine_->get_many(space.name, keys)), "get_many");
    gone(run(engine_->list(space.name, everything, page)), "list");
    gone(run(engine_->usage(space.name)), "usage");
    gone(run(engine_->changes(space.name, 0, 10, 1 << 20)), "changes");
}

void ModelDriver::read_one() {
    ++operations_;
    Space& space = any_space();
    const auto collection = history_.one_in(8) ? kv::Collection::file : kv::Collection::key;
    switch (history_.below(8)) {
        case 0:
        case 1:
        case 2:
            return check_get(space, history_.key(), collection);
        case 3:
            return check_get_many(space);
        case 4:
            if (history_.one_in(2)) return check_usage(space);
            return check_namespaces(space.name.workspace);
        default:
            const kv::KeyRange range = history_.range();
            return check_list(space, range, history_.page_request(), collection);
    }
}

void ModelDriver::check_get(Space& space, const std::string& key, kv::Collection collection) {
    doing_ = "get " + printable(key);
    const auto entry = run(engine_->get(space.name, key, collection));
    const auto expected = space.model.get(key, collection, clock_.now_ms());
    const std::string found = entry ? print(*entry) : outcome(entry);
    expect(found == (expected ? print(*expected) : "not_found"), "get differs", found, print_optional(expected));
    expect(!entry || entry->value == expected->value, "the value differs", "", "");
}

void ModelDriver::check_get_many(Space& space) {
    doing_ = "get many";
    std::vector<std::string> keys;
    for (std::size_t i = history_.below(12); i > 0; --i)
        keys.push_back(history_.key());
    const auto entries = run(engine_->get_many(space.name, keys));
    expect(entries && entries->size() == keys.size(), "get_many failed", outcome(entries), "ok");
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto expected = space.model.get(keys[i], kv::Collection::key, clock_.now_ms());
        const std::string found = print_optional((*entries)[i]);
        expect(found == print_optional(expected), "get_many differs at " + printable(keys[i]), found,
               print_optional(expected));
    }
}

void ModelDriver::check_list(Space& space, const kv::KeyRange& range, kv::PageRequest request,
                             kv::Collection collection) {
    doing_ = "list prefix '" + printable(range.prefix) + "' from '" + printable(range.start) + "' to '" +
             printable(range.end) + "' delimiter '" + printable(range.delimiter) + "' order " +
             std::to_string(static_cast<int>(request.order)) + ", " + std::to_string(request.entries_max) +
             " entries, " + std::to_string(request.bytes_max) + " bytes";
    const auto expected = space.model.list(range, request.order, collection, clock_.now_ms());
    std::size_t at = 0;
    do {
        const auto page = run(engine_->list(space.name, range, request, collection));
        expect(bool(page), "list failed", page ? "" : print(page.error()), "ok");
        const std::size_t size = page->items.size() + page->prefixes.size();
        const std::string found = print(*page);
        expect(size <= request.entries_max && at + size <= expected.size(), "too many entries", found,
               std::to_string(expected.size() - at) + " left");
        expect(size > 0 || page->next.empty(), "a page is empty and not the last", found, "");
        std::size_t item = 0;
        std::size_t prefix = 0;
        std::size_t bytes = 0;
        for (; item + prefix < size; ++at) {
            const ModelNamespace::Listed& one = expected[at];
            bytes += one.key.size();
            if (!one.entry) {
                expect(prefix < page->prefixes.size() && page->prefixes[prefix] == one.key, "prefix differs", found,
                       printable(one.key));
                ++prefix;
                continue;
            }
            kv::Entry entry = *one.entry;
            if (request.values == kv::Values::omit) entry.value.clear();
            bytes += entry.value.size();
            expect(item < page->items.size() && page->items[item].key == one.key &&
                       page->items[item].value_size == one.entry->value.size() &&
                       print(to_entry(page->items[item].entry)) == print(entry),
                   "item differs", found, printable(one.key) + " = " + print(entry));
            ++item;
        }
        expect(bytes <= request.bytes_max || size == 1, "a page is too large", std::to_string(bytes), found);
        expect(page->version <= engine_->status().version, "a page from the future", found, "");
        request.after = page->next;
        ++operations_;
    } while (!request.after.empty());
    expect(at == expected.size(), "the list ends too early", std::to_string(at), std::to_string(expected.size()));
}

void ModelDriver::check_usage(Space& space) {
    if (!space.model.all_swept(clock_.now_ms())) return;  // may or may not count what has expired
    doing_ = "usage";
    auto usage = run(engine_->usage(space.name));
    expect(bool(usage), "usage failed", outcome(usage), "ok");
    kv::Usage expected = space.model.usage();
    expect(usage->version >= space.model.last_version() && usage->version <= engine_->status().version,
           "the version of the namespace differs", print(*usage), std::to_string(space.model.last_version()));
    expected.version = usage->version;
    expect(print(*usage) == print(expected), "usage differs", print(*usage), print(expected));
}

void ModelDriver::check_namespaces(const kv::Uuid& workspace) {
    doing_ = "list namespaces";
    std::vector<std::string> found;
    kv::NamespacesRequest request;
    request.entries_max = 1 + history_.below(5);
    std::string last;
    do {
        const kv::NamespaceFilter everything;
        const auto page = run(engine_->namespaces(workspace, everything, request));
        expect(bool(page), "the list failed", outcome(page), "ok");
        expect(page->items.size() <= request.entries_max && (!page->items.empty() || page->next.empty()),
               "a page has a wrong size", std::to_string(page->items.size()), std::to_string(request.entries_max));
        for (const kv::NamespaceInfo& info : page->items) {
            const auto scope = static_cast<char>(info.name.scope);
            std::string order = std::string(1, scope).append(info.name.subject, 0, 448);
            expect(order >= last, "the order is wrong", print(info.name), printable(last));
            last = std::move(order);
            found.push_back(print(info.name) + ": " + print(info.quota));
        }
        request.after = page->next;
    } while (!request.after.empty());
    std::vector<std::string> expected;
    for (const auto& space : spaces_) {
        if (space->name.scope == kv::Scope::system || space->name.workspace != workspace) continue;
        if (space->model.last_version() == 0) continue;  // never written
        expected.push_back(print(space->name) + ": " + print(space->model.quota()));
    }
    std::sort(found.begin(), found.end());
    std::sort(expected.begin(), expected.end());
    const auto joined = [](const std::vector<std::string>& lines) {
        std::string text;
        for (const std::string& line : lines)
            text += "\n    " + line;
        return text;
    };
    expect(found == expected, "the namespaces differ", joined(found), joined(expected));
}

// Waits until the engine has swept what has expired, and compares what depends on it.
void ModelDriver::settle(Space& space) {
    current_ = &space;
    doing_ = "settle";
    const kv::TimeMs now_ms = clock_.now_ms();
    space.model.sweep(now_ms);
    const kv::Usage expected = space.model.usage();
    const auto deadline = std::chrono::steady_clock::now() + sweep_patience;
    kv::Usage usage;
    do {
        usage = run(engine_->usage(space.name)).value();
        if (usage.keys == expected.keys && usage.files == expected.files) break;
        std::this_thread::sleep_for(2ms);
    } while (std::chrono::steady_clock::now() < deadline);
    check_usage(space);
    check_changes(space, space.verified_through, space.changes_verified);
}

// The engine's history after a version, against the model's changes from that position on.
void ModelDriver::check_changes(Space& space, kv::Version after, std::size_t changes_verified) {
    doing_ = "changes after " + std::to_string(after);
    if (after < space.model.emptied_version()) {
        const auto page = run(engine_->changes(space.name, after, 10, 5000));
        expect(outcome(page) == "compacted" && page.error().emptied, "a history reaches behind an emptying",
               outcome(page), "compacted");
        after = space.model.emptied_version();
    }
    const bool whole = after == space.model.emptied_version();
    std::vector<kv::Change> changes;
    kv::Version through = after;
    for (bool more = true; more;) {
        const auto page =
            run(engine_->changes(space.name, through, 1 + history_.below(20), 1 + history_.below(5000)));
        if (outcome(page) == "compacted" && history_bytes_ != history_unbounded) {
            space.verified_through = engine_->status().version;
            space.changes_verified = space.model.changes().size();
            return;
        }
        expect(bool(page), "changes failed", outcome(page), "ok");
        expect(!page->more || page->through > through, "no progress", std::to_string(page->through), "more");
        for (const kv::Change& change : page->changes) {
            expect(change.version > through && change.version <= page->through, "a change outside of its page",
                   print(change), std::to_string(page->through));
        }
        changes.insert(changes.end(), page->changes.begin(), page->changes.end());
        through = page->through;
        more = page->more;
        ++operations_;
    }
    expect(std::is_sorted(changes.begin(), changes.end(),
                          [](const auto& a, const auto& b) { return a.version < b.version; }),
           "changes are out of order", print_all(changes), "");
    std::vector<kv::Change> written;
    std::set<ModelNamespace::Expiration> due = space.model.expirations();
    for (const kv::Change& change : changes) {
        if (change.kind != kv::Change::Kind::expire) {
            written.push_back(change);
            continue;
        }
        const auto it = std::find_if(due.begin(), due.end(), [&](const auto& one) {
            return one.collection == change.collection && one.key == change.key &&
                   one.previous_version == change.previous_version;
        });
        expect(it != due.end(), "a key expired that should not", print(change), "");
        expect(change.version > it->previous_version && (it->before == 0 || change.version < it->before) &&
                   change.time_ms >= it->deadline_ms,
               "a key expired at a wrong moment", print(change), "before " + std::to_string(it->before));
        due.erase(it);
    }
    // What the history told earlier is not due now.
    std::erase_if(due, [&](const auto& one) { return !whole && one.before <= after; });
    if (whole) expect(due.empty(), "a key did not expire", std::to_string(changes.size()), due.begin()->key);
    sort_within_versions(written);
    std::vector<kv::Change> expected(space.model.changes().begin() + static_cast<std::ptrdiff_t>(changes_verified),
                                     space.model.changes().end());
    for (std::size_t i = 0; i < std::max(written.size(), expected.size()); ++i) {
        const std::string found = i < written.size() ? print(written[i]) : "none";
        const std::string wanted = i < expected.size() ? print(expected[i]) : "none";
        expect(found == wanted, "the history differs at its change " + std::to_string(i), found, wanted);
    }
    space.verified_through = through;
    space.changes_verified = space.model.changes().size();
}

void ModelDriver::verify() {
    for (const auto& space : spaces_) {
        settle(*space);
        for (const auto collection : {kv::Collection::key, kv::Collection::file}) {
            kv::PageRequest request = history_.page_request();
            request.entries_max = 1000;
            request.values = kv::Values::include;
            check_list(*space, {}, request, collection);
            for (const std::string& key : history_.keys())
                check_get(*space, key, collection);
        }
        check_changes(*space, 0, 0);
        check_namespaces(space->name.workspace);
    }
    current_ = nullptr;
    for (const auto& space : dropped_)
        check_dropped(*space);
}

}  // namespace alcove::test

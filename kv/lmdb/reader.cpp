// The reads of the embedded engine.
#include "kv/lmdb/reader.hpp"

#include <algorithm>
#include <array>

#include "kv/files/content.hpp"
#include "kv/lmdb/change_runs.hpp"
#include "kv/lmdb/evaluator.hpp"
#include "kv/record.hpp"

namespace alcove::kv {

namespace {

// How a Page::next begins: it goes on behind a key, or behind all keys with a prefix.
constexpr char after_key = 'k';
constexpr char after_folded = 'p';

constexpr std::size_t items_reserved_max = 128;

Error owner_dropped() {
    return error(Errc::not_found, "the namespace's owner was deleted");
}

bool fits_key(std::string_view text) {
    return text.size() <= limits::key_bytes_max;
}

// The scopes whose namespaces belong to a workspace, in the order of lists.
constexpr std::array listed_scopes = {Scope::workspace, Scope::end_user, Scope::external};

// Whether the subject was dropped on its own; the workspace is asked about once.
bool is_dropped(const Snapshot& snapshot, const NamespaceName& name) {
    if (name.subject.empty()) return false;
    return snapshot
        .get(tombstone_key({.workspace = name.workspace, .subject = Owner::Subject{name.scope, name.subject}}))
        .has_value();
}

// Where the run begins that the first change behind `after` is in.
IndexKey first_change(const Snapshot& snapshot, NamespaceId id, Version after) {
    const IndexKey next = change_key(id, after + 1);
    const Scan scan(snapshot, change_key(id, 0), next, Order::descending);
    if (!scan.valid()) return next;
    const ChangeRun run = decode_change_run(scan.key(), scan.value());
    return run.end() > after + 1 ? change_key(id, run.first) : next;
}

std::string position_of(const NamespaceName& name) {
    const IndexKey key = state_key(name);
    const std::size_t base = state_prefix(name.scope, name.workspace).view().size();
    return std::string(1, static_cast<char>(name.scope)).append(key.view().substr(base));
}

// The part of the scope's table that a list covers: [lower, upper), with the position taken into account.
struct Bounds {
    std::string lower;
    std::string upper;
};

Bounds bounds_of(std::string_view base, const KeyRange& range, const PageRequest& request) {
    const std::string prefix = std::string(base).append(range.prefix);
    Bounds bounds{.lower = prefix, .upper = after_prefix(prefix)};
    bounds.lower = std::max(bounds.lower, std::string(base).append(range.start));
    if (!range.end.empty()) bounds.upper = std::min(bounds.upper, std::string(base).append(range.end));
    if (request.after.empty()) return bounds;
    const std::string passed = std::string(base).append(request.after, 1);
    if (request.order == Order::descending) {
        bounds.upper = std::min(bounds.upper, passed);
    } else {
        const bool key = request.after[0] == after_key;
        bounds.lower = std::max(bounds.lower, key ? passed + '\0' : after_prefix(passed));
    }
    return bounds;
}

// Fills one page from a scan, whose snapshot must outlive it: items show the snapshot's bytes until the end.
class PageBuilder {
public:
    PageBuilder(Scan& scan, std::string_view base, const KeyRange& range, const PageRequest& request)
        : scan_(scan), base_(base), range_(range), request_(request) {}

    Page build(TimeMs now_ms) {
        page_.items.reserve(std::min(request_.entries_max, items_reserved_max));
        while (scan_.valid()) {
            const EntryView entry = decode_record(scan_.value());
            if (entry.expired(now_ms)) {
                scan_.next();
                continue;
            }
            const std::string_view key = scan_.key().substr(base_.size() - 1);
            const std::size_t cut =
                range_.delimiter.empty() ? std::string::npos : key.find(range_.delimiter, range_.prefix.size());
            const bool room =
                cut == std::string::npos ? add(key, entry) : fold(key.substr(0, cut + range_.delimiter.size()));
            if (!room) {
                page_.next = std::string(1, last_kind_).append(last_);
                break;
            }
        }
        own_bytes();
        return std::move(page_);
    }

private:
    bool full(std::size_t more_bytes) {
        const std::size_t entries = page_.items.size() + page_.prefixes.size();
        if (entries == request_.entries_max) return true;
        if (entries != 0 && bytes_ + more_bytes > request_.bytes_max) return true;
        bytes_ += more_bytes;
        return false;
    }

    bool add(std::string_view key, EntryView entry) {
        const std::uint64_t value_size = content_bytes(entry);
        entry.file = {};
        if (request_.values == Values::omit) entry.value = {};
        if (full(key.size() + entry.value.size())) return false;
        page_.items.push_back({.key = key, .entry = entry, .value_size = value_size});
        shown_bytes_ += key.size() + entry.content_type.size() + entry.value.size();
        last_kind_ = after_key;
        last_ = key;
        scan_.next();
        return true;
    }

    bool fold(std::string_view common) {
        if (full(common.size())) return false;
        page_.prefixes.emplace_back(common);
        last_kind_ = after_folded;
        last_ = common;
        const std::string folded = std::string(base_).append(common);
        scan_.jump(request_.order == Order::ascending ? after_prefix(folded) : folded);
        return true;
    }

    // Copies what the items show out of the snapshot.
    void own_bytes() {
        page_.bytes = std::make_unique_for_overwrite<char[]>(shown_bytes_);
        char* at = page_.bytes.get();
        const auto own = [&at](std::string_view& view) {
            const std::size_t size = view.copy(at, view.size());
            view = {at, size};
            at += size;
        };
        for (Item& item : page_.items) {
            own(item.key);
            own(item.entry.content_type);
            own(item.entry.value);
        }
    }

    Scan& scan_;
    std::string_view base_;
    const KeyRange& range_;
    const PageRequest& request_;
    Page page_;
    char last_kind_ = after_key;
    std::string_view last_;        // key or prefix of the page
    std::size_t bytes_ = 0;        // as the request counts them
    std::size_t shown_bytes_ = 0;  // of items, with their content types
};

}  // namespace

Result<NamespaceId> Reader::resolve(const NamespaceName& name) const {
    if (const auto id = core_.names.find(name)) return *id;
    const std::uint64_t generation = core_.names.generation();
    const Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
    const auto state = find_state(snapshot, name);
    if (!state) return owner_dropped();
    if (state->id != 0) core_.names.insert(name, state->id, generation);
    return state->id;
}

// A number out of the cache knows nothing of snapshots: it is that of this one if no generation came between.
Result<Reader::View> Reader::view(const NamespaceName& name) const {
    for (;;) {
        const std::uint64_t generation = core_.names.generation();
        const auto known = core_.names.find(name);
        Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
        if (!known) {
            const auto state = find_state(snapshot, name);
            if (!state) return owner_dropped();
            if (state->id != 0) core_.names.insert(name, state->id, generation);
            return View{.id = state->id, .snapshot = std::move(snapshot)};
        }
        if (core_.names.generation() == generation) return View{.id = *known, .snapshot = std::move(snapshot)};
    }
}

Result<Entry> Reader::get(const NamespaceName& name, std::string_view key, Collection collection) const {
    if (!fits_key(key)) return error(Errc::not_found, "no such key");
    const auto id = resolve(name);
    if (!id) return id.error();
    if (*id != 0) {
        const Snapshot snapshot = Snapshot::for_one_key(core_.index, core_.overlays);
        if (const auto bytes = snapshot.get(entry_key(name.scope, *id, collection, key))) {
            const EntryView record = decode_record(*bytes);
            if (!record.expires_ms || !record.expired(core_.clock.now_ms())) return to_entry(record);
        }
    }
    return error(Errc::not_found, "no such key");
}

Result<std::vector<std::optional<Entry>>> Reader::get_many(const NamespaceName& name,
                                                           std::span<const std::string> keys,
                                                           Collection collection) const {
    const auto view = this->view(name);
    if (!view) return view.error();
    std::vector<std::optional<Entry>> entries(keys.size());
    if (view->id == 0) return entries;
    const Snapshot& snapshot = view->snapshot;
    const TimeMs now_ms = core_.clock.now_ms();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!fits_key(keys[i])) continue;
        const auto bytes = snapshot.get(entry_key(name.scope, view->id, collection, keys[i]));
        if (!bytes) continue;
        const EntryView record = decode_record(*bytes);
        if (!record.expired(now_ms)) entries[i] = to_entry(record);
    }
    return entries;
}

Result<Page> Reader::list(const NamespaceName& name, const KeyRange& range, const PageRequest& request,
                          Collection collection) const {
    for (const std::string* text : {&range.prefix, &range.start, &range.end, &range.delimiter}) {
        if (!fits_key(*text)) return error(Errc::invalid, "a bound of the range is longer than a key can be");
    }
    const bool after_valid =
        request.after.empty() || request.after[0] == after_key || request.after[0] == after_folded;
    if (!after_valid || request.after.size() > limits::key_bytes_max + 1 || request.entries_max == 0) {
        return error(Errc::invalid, "not a position in this list");
    }
    const auto view = this->view(name);
    if (!view) return view.error();
    if (view->id == 0) return Page{};
    const Snapshot& snapshot = view->snapshot;
    const IndexKey base = entry_key(name.scope, view->id, collection, {});
    const Bounds bounds = bounds_of(base, range, request);
    Scan scan(snapshot, bounds.lower, bounds.upper, request.order);
    Page page = PageBuilder(scan, base, range, request).build(core_.clock.now_ms());
    if (const auto state = snapshot.get(state_key(name))) page.version = decode_state(*state).usage.version;
    return page;
}

Result<ChangesPage> Reader::changes(const NamespaceName& name, Version after, std::size_t changes_max,
                                    std::size_t bytes_max) const {
    const Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
    // Asked behind the snapshot: what is missing in it was forgotten before. What is forgotten later is noticed
    // when its segment is gone.
    const Version forgotten = core_.log->forgotten();
    const auto state = find_state(snapshot, name);
    if (!state) return owner_dropped();
    ChangesPage page;
    page.through = std::max(after, snapshot.version());
    if (state->usage.version <= after) return page;
    Error compacted = error(Errc::compacted, "the history no longer reaches back to that version");
    compacted.oldest = std::max(core_.options.history ? forgotten : snapshot.version(), state->emptied_version);
    if (after < state->emptied_version) {
        compacted.message = "the namespace was emptied since that version";
        compacted.emptied = true;
        return compacted;
    }
    if (!core_.options.history || (after < forgotten && state->created_version <= forgotten)) return compacted;
    std::size_t bytes = 0;
    Version last = after;
    const IndexKey lower = first_change(snapshot, state->id, after);
    for (Scan scan(snapshot, lower, change_key(state->id + 1, 0), Order::ascending); scan.valid() && !page.more;
         scan.next()) {
        const ChangeRun run = decode_change_run(scan.key(), scan.value());
        const auto add = [&, version = run.first](std::string_view record) mutable {
            const Version of_record = version++;
            if (of_record <= after) return;
            page.more = page.changes.size() >= changes_max || bytes >= bytes_max;
            if (page.more) return;
            last = of_record;
            bytes += record.size();
            for (Change& change : changes_of(log::decode_commit(record), last))
                page.changes.push_back(std::move(change));
        };
        if (!core_.log->visit(run.at, run.bytes, add)) {
            compacted.oldest = std::max(compacted.oldest, core_.log->forgotten());
            return compacted;
        }
    }
    if (page.more) page.through = last;
    return page;
}

Result<std::optional<Committed>> Reader::recall(const NamespaceName& name, const RequestId& request) const {
    const Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
    const auto state = find_state(snapshot, name);
    if (!state) return owner_dropped();
    if (state->internal_id == 0 || !fits_key(request.id)) return std::optional<Committed>();
    const auto bytes = snapshot.get(entry_key(name.scope, state->internal_id, Collection::internal, request.id));
    if (!bytes) return std::optional<Committed>();
    const EntryView record = decode_record(*bytes);
    if (record.expired(core_.clock.now_ms())) return std::optional<Committed>();
    auto committed = decode_outcome(record.value, request.digest);
    if (!committed) return std::move(committed).error();
    return std::optional(std::move(*committed));
}

Result<Usage> Reader::usage(const NamespaceName& name) const {
    const Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
    const auto state = find_state(snapshot, name);
    if (!state) return owner_dropped();
    return state->usage;
}

Result<NamespaceInfo> Reader::describe(const NamespaceName& name) const {
    const Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
    auto state = find_state(snapshot, name);
    if (!state) return owner_dropped();
    return NamespaceInfo{.name = std::move(state->name), .usage = state->usage, .quota = state->quota};
}

// A position is the scope and what the last state's key ended in, so that the state need not be there any more.
Result<NamespacesPage> Reader::namespaces(const Uuid& workspace, const NamespaceFilter& filter,
                                          const NamespacesRequest& request) const {
    const bool after_valid =
        request.after.empty() ||
        (request.after.size() <= 1 + state_subject_bytes_max &&
         std::ranges::find(listed_scopes, static_cast<Scope>(request.after[0])) != listed_scopes.end());
    if (!after_valid || request.entries_max == 0) return error(Errc::invalid, "not a position in this list");
    NamespacesPage page;
    if (filter.subject_prefix.size() > limits::subject_bytes_max) return page;
    const Snapshot snapshot = Snapshot::at_published(core_.index, core_.overlays);
    if (snapshot.get(tombstone_key({.workspace = workspace, .subject = {}}))) return page;
    for (const Scope scope : listed_scopes) {
        if (filter.scope && *filter.scope != scope) continue;
        const IndexKey base = state_prefix(scope, workspace);
        const IndexKey prefix = state_prefix(scope, workspace, filter.subject_prefix);
        std::string lower(prefix.view());
        if (!request.after.empty()) {
            const auto passed = static_cast<Scope>(request.after[0]);
            if (scope < passed) continue;
            if (scope == passed) lower = std::max(lower, std::string(base.view()).append(request.after, 1) + '\0');
        }
        for (Scan scan(snapshot, lower, after_prefix(prefix), Order::ascending); scan.valid(); scan.next()) {
            NamespaceState state = decode_state(scan.value());
            if (!state.name.subject.starts_with(filter.subject_prefix)) continue;  // alike as far as the key goes
            if (is_dropped(snapshot, state.name)) continue;
            if (page.items.size() == request.entries_max) {
                page.next = position_of(page.items.back().name);
                return page;
            }
            page.items.push_back({.name = std::move(state.name), .usage = state.usage, .quota = state.quota});
        }
    }
    return page;
}

}  // namespace alcove::kv

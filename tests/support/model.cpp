// The store's promises in the plainest form that keeps them.
#include "tests/support/model.hpp"

#include <sstream>

#include "kv/apply.hpp"
#include "tests/support/print.hpp"

namespace alcove::test {

namespace {

using kv::Entry;
using kv::TimeMs;
using kv::Version;

bool expired(const Entry& entry, TimeMs now_ms) {
    return entry.expires_ms && *entry.expires_ms <= now_ms;
}

void name_version(Entry& entry, Version version) {
    if (entry.version == ModelNamespace::own_version) entry.version = version;
    if (entry.created_version == ModelNamespace::own_version) entry.created_version = version;
}

// The histories make no key of their own that holds the digits.
std::string name_version(std::string key, Version version) {
    const auto at = key.find(kv::sequential_key("", ModelNamespace::own_version, ""));
    if (at != std::string::npos) key.replace(at, kv::version_digits, kv::sequential_key("", version, ""));
    return key;
}

kv::Error failure(kv::Errc code, std::optional<std::size_t> operation) {
    kv::Error error;
    error.code = code;
    error.operation = operation;
    return error;
}

// The live entries as the operations of one commit see and change them.
class Transaction {
public:
    Transaction(const ModelNamespace::Entries& before, TimeMs now_ms) : now_ms_(now_ms) {
        for (const auto& [key, entry] : before) {
            if (!expired(entry, now_ms)) live_.emplace(key, entry);
        }
    }

    std::optional<Entry> find(const std::string& key) const {
        const auto it = live_.find(key);
        return it == live_.end() ? std::nullopt : std::optional(it->second);
    }

    kv::Result<kv::OperationResult> run(const kv::Operation& operation, std::size_t value_bytes_max) {
        if (const auto* prefix = std::get_if<kv::DeletePrefix>(&operation)) return remove_prefix(*prefix);
        std::string key = kv::key_of(operation);
        if (const auto* put = std::get_if<kv::PutSequential>(&operation)) {
            key = kv::sequential_key(put->prefix, ModelNamespace::own_version, put->suffix);
        }
        const kv::ApplyContext context{
            .now_ms = now_ms_, .version = ModelNamespace::own_version, .value_bytes_max = value_bytes_max};
        const auto current = find(key);
        std::optional<kv::EntryView> view;
        if (current) view = kv::view_of(*current);
        auto applied = kv::apply(kv::Operation(operation), view, context);
        if (!applied) return applied.error();
        if (applied->effect == kv::Applied::Effect::put) set(key, *applied->entry);
        if (applied->effect == kv::Applied::Effect::remove) remove(key);
        return applied->result;
    }

    const std::map<std::string, std::optional<Entry>>& changed() const { return changed_; }

private:
    void set(const std::string& key, const Entry& entry) {
        live_[key] = entry;
        changed_[key] = entry;
    }
    void remove(const std::string& key) {
        live_.erase(key);
        changed_[key] = std::nullopt;
    }

    kv::Result<kv::OperationResult> remove_prefix(const kv::DeletePrefix& operation) {
        std::vector<std::string> keys;
        for (const auto& [key, entry] : live_) {
            if (key.starts_with(operation.prefix)) keys.push_back(key);
        }
        kv::OperationResult result;
        result.complete = keys.size() <= operation.keys_max;
        if (!result.complete && !operation.partial) return failure(kv::Errc::too_large, std::nullopt);
        if (!result.complete) keys.resize(operation.keys_max);
        for (const std::string& key : keys)
            remove(key);
        result.deleted = keys.size();
        return result;
    }

    const TimeMs now_ms_;
    ModelNamespace::Entries live_;
    std::map<std::string, std::optional<Entry>> changed_;
};

}  // namespace

const ModelNamespace::Entries& ModelNamespace::entries(kv::Collection collection) const {
    return collection == kv::Collection::key ? keys_ : files_;
}

ModelNamespace::Entries& ModelNamespace::entries(kv::Collection collection) {
    return const_cast<Entries&>(std::as_const(*this).entries(collection));
}

ModelNamespace::Expected ModelNamespace::evaluate(const kv::Commit& commit, TimeMs now_ms) const {
    Expected expected;
    if (commit.request_id) {
        const auto it = requests_.find(commit.request_id->id);
        if (it != requests_.end() && it->second.until_ms > now_ms) {
            if (it->second.digest != commit.request_id->digest) {
                expected.error = failure(kv::Errc::idempotency_conflict, std::nullopt);
                return expected;
            }
            expected.replayed = true;
            expected.version = it->second.version;
            expected.results = it->second.results;
            return expected;
        }
    }
    Transaction transaction(entries(commit.collection), now_ms);
    kv::Error failed = failure(kv::Errc::check_failed, std::nullopt);
    for (std::size_t i = 0; i < commit.checks.size(); ++i) {
        const kv::Check& check = commit.checks[i];
        const auto entry = transaction.find(check.key);
        bool holds = !entry;
        if (check.kind == kv::Check::Kind::present) holds = entry.has_value();
        if (check.kind == kv::Check::Kind::version) holds = entry && entry->version == check.version;
        if (holds) continue;
        kv::FailedCheck one;
        one.index = i;
        if (entry) one.current_version = entry->version;
        failed.failed.push_back(one);
    }
    if (!failed.failed.empty()) {
        expected.error = failed;
        return expected;
    }
    for (std::size_t i = 0; i < commit.operations.size(); ++i) {
        const auto result = transaction.run(commit.operations[i], commit.value_bytes_max);
        if (!result) {
            expected.error = failure(result.error().code, i);
            return expected;
        }
        expected.results.push_back(*result);
    }
    if (const auto exceeded = exceeded_by(commit.collection, transaction.changed(), now_ms)) {
        expected.results.clear();
        expected.error = failure(kv::Errc::quota_exceeded, std::nullopt);
        expected.error->exceeded = exceeded;
        return expected;
    }
    expected.changed = transaction.changed();
    expected.logged = !expected.changed.empty() || commit.request_id.has_value();
    return expected;
}

void ModelNamespace::apply(const kv::Commit& commit, Expected& expected, Version version, TimeMs now_ms) {
    expected.version = version;
    for (kv::OperationResult& result : expected.results) {
        if (result.entry) name_version(*result.entry, version);
    }
    if (!expected.logged) return;
    last_version_ = version;
    last_written_ms_ = now_ms;
    std::map<std::string, std::optional<Entry>> changed;
    for (auto& [placed_at, entry] : expected.changed)
        changed[name_version(placed_at, version)] = std::move(entry);
    for (auto& [key, entry] : changed) {
        Entries& all = entries(commit.collection);
        auto stored = all.find(key);
        if (stored != all.end() && expired(stored->second, now_ms)) {
            expirations_.insert(
                {commit.collection, key, stored->second.version, *stored->second.expires_ms, version});
            all.erase(stored);
            stored = all.end();
        }
        if (stored == all.end() && !entry) continue;  // made and removed within the commit
        kv::Change change;
        change.kind = entry ? kv::Change::Kind::put : kv::Change::Kind::remove;
        change.collection = commit.collection;
        change.key = key;
        change.version = version;
        change.previous_version = stored == all.end() ? 0 : stored->second.version;
        change.time_ms = now_ms;
        if (entry) {
            name_version(*entry, version);
            change.entry = entry;
            all[key] = *entry;
        } else {
            all.erase(key);
        }
        changes_.push_back(std::move(change));
    }
    if (!commit.request_id) return;
    requests_[commit.request_id->id] = {.digest = commit.request_id->digest,
                                        .until_ms = now_ms + kv::limits::request_memory_ms,
                                        .version = version,
                                        .results = expected.results};
}

std::optional<Entry> ModelNamespace::get(const std::string& key, kv::Collection collection, TimeMs now_ms) const {
    const auto it = entries(collection).find(key);
    if (it == entries(collection).end() || expired(it->second, now_ms)) return std::nullopt;
    return it->second;
}

std::vector<ModelNamespace::Listed> ModelNamespace::list(const kv::KeyRange& range, kv::Order order,
                                                         kv::Collection collection, TimeMs now_ms) const {
    std::vector<Listed> out;
    for (const auto& [key, entry] : entries(collection)) {
        const bool covered = key.starts_with(range.prefix) && key >= range.start &&
                             (range.end.empty() || key < range.end) && !expired(entry, now_ms);
        if (!covered) continue;
        const std::size_t cut =
            range.delimiter.empty() ? std::string::npos : key.find(range.delimiter, range.prefix.size());
        if (cut == std::string::npos) {
            out.push_back({key, entry});
            continue;
        }
        const std::string common = key.substr(0, cut + range.delimiter.size());
        if (out.empty() || out.back().entry || out.back().key != common) out.push_back({common, std::nullopt});
    }
    if (order == kv::Order::descending) std::reverse(out.begin(), out.end());
    return out;
}

// Holds when everything that has expired was swept before.
std::optional<kv::ExceededQuota> ModelNamespace::exceeded_by(
    kv::Collection collection, const std::map<std::string, std::optional<Entry>>& changed, TimeMs now_ms) const {
    std::uint64_t bytes_before = 0;
    std::uint64_t keys_before = 0;
    std::uint64_t bytes = 0;
    std::uint64_t keys = 0;
    for (const auto each : {kv::Collection::key, kv::Collection::file}) {
        for (const auto& [key, entry] : entries(each)) {
            if (expired(entry, now_ms)) continue;
            bytes_before += key.size() + entry.value.size();
            ++keys_before;
            if (each == collection && changed.contains(key)) continue;
            bytes += key.size() + entry.value.size();
            ++keys;
        }
    }
    for (const auto& [key, entry] : changed) {
        if (!entry) continue;
        bytes += key.size() + entry->value.size();
        ++keys;
    }
    using Kind = kv::ExceededQuota::Kind;
    if (quota_.bytes && bytes > *quota_.bytes && bytes > bytes_before) {
        return kv::ExceededQuota{.kind = Kind::bytes, .used = bytes_before, .limit = *quota_.bytes};
    }
    if (quota_.keys && keys > *quota_.keys && keys > keys_before) {
        return kv::ExceededQuota{.kind = Kind::keys, .used = keys_before, .limit = *quota_.keys};
    }
    return std::nullopt;
}

void ModelNamespace::empty(Version version, TimeMs now_ms) {
    keys_.clear();
    files_.clear();
    changes_.clear();
    expirations_.clear();
    last_version_ = emptied_version_ = version;
    last_written_ms_ = now_ms;
}

void ModelNamespace::set_quota(const kv::Quota& quota, Version version) {
    quota_ = quota;
    last_version_ = version;
}

void ModelNamespace::sweep(TimeMs now_ms) {
    for (const auto collection : {kv::Collection::key, kv::Collection::file}) {
        std::erase_if(entries(collection), [&](const auto& one) {
            if (!expired(one.second, now_ms)) return false;
            expirations_.insert({collection, one.first, one.second.version, *one.second.expires_ms, 0});
            return true;
        });
    }
}

bool ModelNamespace::all_swept(TimeMs now_ms) const {
    for (const auto collection : {kv::Collection::key, kv::Collection::file}) {
        for (const auto& [key, entry] : entries(collection)) {
            if (expired(entry, now_ms)) return false;
        }
    }
    return true;
}

kv::Usage ModelNamespace::usage() const {
    kv::Usage usage;
    usage.last_written_ms = last_written_ms_;
    for (const auto& [key, entry] : keys_) {
        ++usage.keys;
        usage.bytes += key.size() + entry.value.size();
    }
    for (const auto& [key, entry] : files_) {
        ++usage.files;
        usage.file_bytes += key.size() + entry.value.size();
    }
    return usage;
}

std::string ModelNamespace::print(TimeMs now_ms) const {
    std::ostringstream out;
    for (const auto collection : {kv::Collection::key, kv::Collection::file}) {
        for (const auto& [key, entry] : entries(collection)) {
            out << "  " << static_cast<int>(collection) << " " << printable(key) << " = " << test::print(entry)
                << (expired(entry, now_ms) ? " EXPIRED" : "") << "\n";
        }
    }
    return out.str();
}

}  // namespace alcove::test

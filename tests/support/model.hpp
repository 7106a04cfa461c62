// The store's promises in the plainest form that keeps them: maps in memory, to compare an engine with.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kv/error.hpp"
#include "kv/types.hpp"

namespace alcove::test {

// One namespace with its keys and files. Single operations go through kv::apply, which has tests of its own;
// everything else is told here again, without a look at the engine. The caller moves the clock and passes the
// versions that the engine chose.
class ModelNamespace {
public:
    using Entries = std::map<std::string, kv::Entry>;

    // What a commit must come to; its version stands as `own_version` until the engine has named it.
    struct Expected {
        std::optional<kv::Error> error;  // code, operation and failed checks; no message
        std::vector<kv::OperationResult> results;
        bool logged = false;    // it has a version of its own
        bool replayed = false;  // the outcome of an earlier commit, whose version is in `version`
        kv::Version version = 0;
        std::map<std::string, std::optional<kv::Entry>> changed;
    };
    static constexpr kv::Version own_version = ~kv::Version{0};

    Expected evaluate(const kv::Commit& commit, kv::TimeMs now_ms) const;

    // Makes it so, at that version.
    void apply(const kv::Commit& commit, Expected& expected, kv::Version version, kv::TimeMs now_ms);

    std::optional<kv::Entry> get(const std::string& key, kv::Collection collection, kv::TimeMs now_ms) const;

    // The whole answer to a list: keys, and folded prefixes in their places.
    struct Listed {
        std::string key;
        std::optional<kv::Entry> entry;  // nullopt: a prefix
    };
    std::vector<Listed> list(const kv::KeyRange& range, kv::Order order, kv::Collection collection,
                             kv::TimeMs now_ms) const;

    // Removes all keys and files; nothing when there are none. The history begins anew.
    bool holds_anything() const { return !keys_.empty() || !files_.empty(); }
    void empty(kv::Version version, kv::TimeMs now_ms);
    kv::Version emptied_version() const { return emptied_version_; }

    void set_quota(const kv::Quota& quota, kv::Version version);
    const kv::Quota& quota() const { return quota_; }

    // Takes expired entries out, as an engine that has swept everything has done.
    void sweep(kv::TimeMs now_ms);
    bool all_swept(kv::TimeMs now_ms) const;
    kv::Usage usage() const;  // without its version

    // Puts and removals of keys and files, in order.
    const std::vector<kv::Change>& changes() const { return changes_; }

    // An expire event that the history must hold.
    struct Expiration {
        kv::Collection collection;
        std::string key;
        kv::Version previous_version;
        kv::TimeMs deadline_ms;
        kv::Version before;  // the write that met the expired key; 0: none did

        auto operator<=>(const Expiration&) const = default;
    };
    const std::set<Expiration>& expirations() const { return expirations_; }

    kv::Version last_version() const { return last_version_; }

    std::string print(kv::TimeMs now_ms) const;

private:
    std::optional<kv::ExceededQuota> exceeded_by(kv::Collection collection,
                                                 const std::map<std::string, std::optional<kv::Entry>>& changed,
                                                 kv::TimeMs now_ms) const;
    const Entries& entries(kv::Collection collection) const;
    Entries& entries(kv::Collection collection);

    struct Remembered {
        std::string digest;
        kv::TimeMs until_ms = 0;
        kv::Version version = 0;
        std::vector<kv::OperationResult> results;
    };

    Entries keys_;
    Entries files_;
    std::map<std::string, Remembered> requests_;
    std::vector<kv::Change> changes_;
    std::set<Expiration> expirations_;
    kv::Version last_version_ = 0;  // of the last commit that had one of its own
    kv::Version emptied_version_ = 0;
    kv::TimeMs last_written_ms_ = 0;
    kv::Quota quota_;
};

}  // namespace alcove::test

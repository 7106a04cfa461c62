// The plain values that go in and out of a Store: names, entries, operations, commits, pages.
#pragma once

#include <array>
#include <boost/uuid/uuid.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kv/limits.hpp"

namespace alcove::kv {

using Uuid = boost::uuids::uuid;

// Grows with every commit of the whole store and is never reused. 0 means "never written".
using Version = std::uint64_t;

// Milliseconds since 1970-01-01 UTC.
using TimeMs = std::int64_t;

using Sha256 = std::array<std::uint8_t, 32>;

// Which database a namespace lives in. The numbers are part of the format on disk.
enum class Scope : std::uint8_t { system = 0, workspace = 1, end_user = 2, external = 3 };

// What an entry is. `internal` entries are the store's own: outside usage, lists of callers and watches.
enum class Collection : std::uint8_t { key = 1, file = 2, internal = 3 };

// Names one namespace. It costs nothing to name one that was never written.
struct NamespaceName {
    Scope scope = Scope::workspace;
    Uuid workspace{};
    std::string subject;  // an end user's UUID (16 bytes), an external key, or empty; see subject_bytes_max

    bool operator==(const NamespaceName&) const = default;
};

struct NamespaceNameHash {
    std::size_t operator()(const NamespaceName& name) const;
};

// The namespace in which identity keeps its records; one for the whole server.
NamespaceName system_namespace();

// Whose namespaces drop_owner drops: all of a workspace (no subject), or those of one subject in one scope.
struct Owner {
    Uuid workspace{};
    struct Subject {
        Scope scope = Scope::end_user;
        std::string id;
        bool operator==(const Subject&) const = default;
    };
    std::optional<Subject> subject;
};

struct Entry {
    Version version = 0;          // of the commit that wrote it last
    Version created_version = 0;  // of the commit that created it
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
    std::optional<TimeMs> expires_ms;  // readable before this instant, gone from it on
    std::string content_type;
    std::string file;  // of a file, what is known of its content: see kv/files/content.hpp; of a key, nothing
    std::string value;
};

// An Entry in bytes that something else keeps.
struct EntryView {
    Version version = 0;
    Version created_version = 0;
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
    std::optional<TimeMs> expires_ms;
    std::string_view content_type;
    std::string_view file;
    std::string_view value;

    bool expired(TimeMs now_ms) const { return expires_ms && *expires_ms <= now_ms; }
};

Entry to_entry(const EntryView& view);
EntryView view_of(const Entry& entry);

// When a written key ends. `after_ms` counts from the commit.
struct Expiry {
    enum class Kind : std::uint8_t { never, after, at };
    Kind kind = Kind::never;
    TimeMs ms = 0;

    static Expiry never() { return {}; }
    static Expiry after(TimeMs duration_ms) { return {.kind = Kind::after, .ms = duration_ms}; }
    static Expiry at(TimeMs instant_ms) { return {.kind = Kind::at, .ms = instant_ms}; }
};

// The operations of a commit. JSON arguments are UTF-8 JSON text that the caller has already validated.
// Unless said otherwise an operation on an existing key keeps that key's expiry.
struct Get {
    std::string key;
};
struct Put {  // replaces value, content type and expiry
    std::string key;
    std::string value;
    std::string content_type;
    Expiry expiry;
    std::string file{};  // Entry::file
};
struct PutSequential {  // a Put under sequential_key(prefix, the commit's own version, suffix)
    std::string prefix;
    std::string suffix;
    std::string value;
    std::string content_type;
    Expiry expiry;
};
struct Delete {
    std::string key;
};
struct DeletePrefix {  // an empty prefix means every key; more than keys_max is too_large unless `partial`
    std::string prefix;
    std::size_t keys_max = limits::prefix_deletes_per_commit_max;
    bool partial = false;  // stop at keys_max and say so, instead of failing
};
struct Increment {  // a missing key counts as 0; 64-bit integers are exact, overflow is a type mismatch
    std::string key;
    std::variant<std::int64_t, double> by = std::int64_t{1};
};
struct Append {  // text; the separator stands between, not before the first
    std::string key;
    std::string value;
    std::string separator;
};
struct AddToList {
    std::string key;
    std::string value_json;
    bool unique = false;  // leaves the list alone when a deep-equal element is there
};
struct RemoveFromList {  // the first deep-equal element goes
    std::string key;
    std::string value_json;
};
struct Merge {  // RFC 7396
    std::string key;
    std::string patch_json;
};
struct Touch {  // only the expiry changes; a missing key stays missing
    std::string key;
    Expiry expiry;
};
using Operation = std::variant<Get, Put, PutSequential, Delete, DeletePrefix, Increment, Append, AddToList,
                               RemoveFromList, Merge, Touch>;

// The version as 16 hexadecimal digits between the two: the order of such keys is the order of their commits.
inline constexpr std::size_t version_digits = 16;
std::string sequential_key(std::string_view prefix, Version version, std::string_view suffix);

// A condition on the state before the commit. All are read before any operation runs.
struct Check {
    enum class Kind : std::uint8_t { absent, present, version };
    std::string key;
    Kind kind = Kind::absent;
    Version version = 0;  // for Kind::version
};

// Makes a commit safe to send again. The digest stands for everything that the caller asked:
// the same id with another digest is an idempotency_conflict.
struct RequestId {
    std::string id;  // 1 to request_id_bytes_max bytes
    std::string digest;
    std::string note;  // comes back with every outcome of the id, as it was first given; request_note_bytes_max
};

struct Commit {
    std::vector<Check> checks;
    std::vector<Operation> operations;
    Collection collection = Collection::key;
    std::size_t value_bytes_max = limits::value_bytes_default;  // also bounds what operations compute
    std::optional<RequestId> request_id;
    bool frees_space = false;  // admitted even when the store is full, because it leads to space being freed
};

// One per operation, in order.
struct OperationResult {
    bool existed = false;        // before the operation (Delete, Put, PutSequential, Touch)
    std::uint64_t deleted = 0;   // DeletePrefix
    bool complete = true;        // DeletePrefix: nothing with that prefix is left
    std::optional<Entry> entry;  // Get: what it saw. Put: without the value. The others: the outcome with it
};

struct Committed {
    Version version = 0;  // of this commit; of the namespace's last one when nothing changed
    std::vector<OperationResult> results;
    bool replayed = false;  // the outcome of an earlier commit with this request id
    std::string note;       // RequestId::note of the commit that had the effect
};

// Which keys a list covers; all conditions hold together. [start, end): start is included, end is not.
struct KeyRange {
    std::string prefix;
    std::string start;
    std::string end;        // empty: unbounded
    std::string delimiter;  // not empty: keys that hold it behind the prefix are folded into Page::prefixes
};

enum class Order : std::uint8_t { ascending, descending };
enum class Values : std::uint8_t { omit, include };

struct PageRequest {
    std::size_t entries_max = 100;                 // items and prefixes together
    std::size_t bytes_max = std::size_t{1} << 20;  // of keys and values; one item is always returned
    Order order = Order::ascending;
    Values values = Values::omit;
    std::string after;  // Page::next of the page before, or empty
};

struct Item {
    std::string_view key;
    EntryView entry;               // without its value when values were omitted
    std::uint64_t value_size = 0;  // in bytes, also then; of a file, wherever its content is
};

struct Page {
    std::vector<Item> items;        // views of `bytes`: they hold until the page goes, wherever it is moved
    std::unique_ptr<char[]> bytes;  // one allocation for all items
    std::vector<std::string> prefixes;
    std::string next;  // resumes behind this page; empty when nothing follows
    Version version = 0;
};

struct Usage {
    Version version = 0;  // of the namespace's last commit
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;  // keys and values of Collection::key
    std::uint64_t files = 0;
    std::uint64_t file_bytes = 0;  // paths and contents
    TimeMs last_written_ms = 0;
};

// What a namespace may hold at most; nullopt: no limit.
struct Quota {
    std::optional<std::uint64_t> bytes;              // Usage::bytes and Usage::file_bytes together
    std::optional<std::uint64_t> keys;               // Usage::keys and Usage::files together
    std::optional<std::uint64_t> writes_per_second;  // commits; at least 1

    bool operator==(const Quota&) const = default;
};

// A namespace as lists of namespaces show it.
struct NamespaceInfo {
    NamespaceName name;
    Usage usage;
    Quota quota;
};

// Which namespaces of a workspace a list covers; the conditions hold together.
struct NamespaceFilter {
    std::optional<Scope> scope;
    std::string subject_prefix;
};

struct NamespacesRequest {
    std::size_t entries_max = 100;
    std::string after;  // NamespacesPage::next of the page before, or empty
};

struct NamespacesPage {
    std::vector<NamespaceInfo> items;
    std::string next;  // resumes behind this page; empty when nothing follows
};

// One changed key of one commit, as the history tells it. `empty` stands for all keys and files at once and names
// none of them, `drop` for the end of the namespace with its owner; only observers meet these two, because a
// history does not reach back behind them.
struct Change {
    enum class Kind : std::uint8_t { put = 1, remove = 2, expire = 3, empty = 4, drop = 5 };
    Kind kind = Kind::put;
    Collection collection = Collection::key;
    std::string key;
    Version version = 0;
    Version previous_version = 0;  // of the entry it replaced or removed; 0 when there was none
    TimeMs time_ms = 0;
    std::optional<Entry> entry;  // for put
};

struct ChangesPage {
    std::vector<Change> changes;  // whole versions only, in order
    Version through = 0;          // every change up to this version is in this page or before it
    bool more = false;            // further changes were there when the page was read
};

}  // namespace alcove::kv

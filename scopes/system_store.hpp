// The system namespace as identity uses it: finding, paging and committing records.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/store.hpp"
#include "scopes/error.hpp"
#include "scopes/keys.hpp"
#include "scopes/records.hpp"

namespace alcove::scopes {

namespace asio = boost::asio;

inline constexpr std::size_t list_limit_default = 50;
inline constexpr std::size_t list_limit_max = 100;
inline constexpr std::size_t list_offset_max = 10'000;

// How often a change is tried again when the record changed between its reading and its commit.
inline constexpr int attempts_max = 64;

// Whether a list tells how many there are in all, which a filtered one has to walk through them for.
enum class Total : std::uint8_t { count, skip };

// One page of a list, in the order of creation. A cursor goes before the offset.
struct ListRequest {
    std::size_t limit = list_limit_default;
    std::size_t offset = 0;
    std::string cursor;  // Listing::next of the page before, or empty
    Total total = Total::count;
};

template <class Item>
struct Listing {
    std::vector<Item> items;
    std::uint64_t total = 0;
    std::string next;  // empty when nothing follows
};

struct StoredRecord {
    std::string key;
    kv::Entry entry;
};

struct Counted {
    std::uint64_t total = 0;
    std::optional<Version> version{};  // nullopt: nothing was counted yet
};

// What a change made of a resource.
template <class Resource>
struct Written {
    Resource resource;
    bool replayed = false;  // by an earlier request with the same id

    const Resource* operator->() const { return &resource; }
};

// Collects the checks and operations of one commit.
class RecordCommit {
public:
    // Puts the record that the answer will show, before anything else: main_record() finds it in the outcome, in a
    // replayed one too.
    void put_main(std::string key, std::string json, kv::Expiry expiry = kv::Expiry::never());

    // What makes the commit safe to send again, if anything. The note comes back with the outcome.
    void request(std::optional<kv::RequestId> id, std::string note = {});

    // Each returns the position of its check.
    std::size_t check_absent(std::string key);
    std::size_t check_present(std::string key);
    std::size_t check_version(std::string key, Version version);
    // That the number which counted() found there is still the same.
    std::size_t check_counted(std::string key, const std::optional<Version>& version);

    void put(std::string key, std::string json, kv::Expiry expiry = kv::Expiry::never());
    // Its key ends in its place: the commit's version, and how many such entries the commit has before it.
    void put_sequential(std::string prefix, std::string json, kv::Expiry expiry);
    void erase(std::string key);
    // The same in two operations, the first of which brings what was there, in a replayed outcome too.
    void take_away(std::string key);
    void count(std::string key, std::int64_t by);

    // Goes through on a full store too.
    void frees_space() { commit_.frees_space = true; }

    kv::Commit take() { return std::move(commit_); }

private:
    kv::Commit commit_;
    std::size_t sequential_ = 0;
};

// A place in an order of commits: something of the commit with that version. As text, places grow with time.
struct Place {
    static constexpr std::size_t index_max = 0xffff;
    static constexpr std::size_t text_length = kv::version_digits + 4;

    Version version = 0;
    std::size_t index = 0;

    auto operator<=>(const Place&) const = default;

    // Behind everything of that commit.
    static Place behind(Version version) { return {.version = version, .index = index_max}; }
};
std::string print(const Place& place);
std::optional<Place> parse_place(std::string_view text);

// Thread-safe; holds nothing but the store.
class SystemStore {
public:
    explicit SystemStore(kv::Store& store) : store_(store), name_(kv::system_namespace()) {}

    kv::Store& store() const { return store_; }
    const kv::NamespaceName& name() const { return name_; }

    asio::awaitable<Result<std::optional<kv::Entry>>> find(std::string key);

    // All at one moment.
    asio::awaitable<Result<std::vector<std::optional<kv::Entry>>>> find_many(std::vector<std::string> keys);

    // The entries below a prefix. `total_key` is where their number is counted; empty: nowhere.
    asio::awaitable<Result<Listing<StoredRecord>>> list(std::string prefix, std::string total_key,
                                                        ListRequest request);

    // Calls `visit` with every entry below a prefix, in order, until it returns false. Other work of the thread
    // goes on in between.
    using Visitor = std::function<bool(std::string_view key, const kv::EntryView& entry)>;
    asio::awaitable<Result<void>> walk(std::string prefix, kv::Values values, Visitor visit);

    // The number that is kept there by RecordCommit::count; 0 without it.
    asio::awaitable<Result<std::uint64_t>> total(std::string key);

    // The same with its version, for who wants to count on it.
    asio::awaitable<Result<Counted>> counted(std::string key);

    // check_failed is an outcome for the caller; its Error::failed tells which.
    asio::awaitable<kv::Result<kv::Committed>> commit(RecordCommit records);

    // What an earlier commit with that request id came to; nullopt also without an id.
    asio::awaitable<Result<std::optional<kv::Committed>>> recall(std::optional<kv::RequestId> request);

private:
    kv::Store& store_;
    const kv::NamespaceName name_;
};

// The id with which a key ends. StoreFailure when there is none.
Uuid id_at_end(std::string_view key);

// The id that a create left as its note.
Uuid noted_id(const kv::Committed& committed);

// What put_main() wrote.
const kv::Entry& main_record(const kv::Committed& committed);

// The failed check at that position, or nullptr.
const kv::FailedCheck* failed_check(const kv::Error& error, std::size_t index);

}  // namespace alcove::scopes

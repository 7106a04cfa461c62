// The interface of the store. Another engine can stand behind it without a change above it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/error.hpp"
#include "kv/files/file.hpp"
#include "kv/publication.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

namespace asio = boost::asio;

struct StoreMetrics;

// What there is too little of: writes are refused as store_full meanwhile, deletes and reads go on.
struct Shortage {
    bool map = false;   // the index would outgrow its bound
    bool disk = false;  // the disk would not keep its reserve

    explicit operator bool() const { return map || disk; }
};

// How a store feels, for health checks.
struct StoreStatus {
    bool open = true;        // false once close() began
    bool failed = false;     // the disk failed under a write: the process is about to end
    Shortage shortage;       // for an ordinary write
    Version version = 0;     // of the last durable commit
    Version applied = 0;     // of the last commit that the index on disk holds
    Version forgotten = 0;   // what happened up to this one is in no history any more
    std::size_t queued = 0;  // commits that wait for the writer
};

// A namespace is the unit of atomicity, order and watching: nothing spans two of them. Every namespace is
// strictly serializable: a read sees each write that was acknowledged before it began, and an acknowledged
// write survives power loss.
//
// Threads: every call may come from any thread. A coroutine resumes on its own executor, whose execution context
// must outlive the store: a thread of the store may still be inside the call that resumed it. Parameters that are
// references or views must stay valid until the awaited call returns.
//
// Errors: outcomes a caller must handle are Results. StoreFailure is thrown when the machine is broken.
class Store {
public:
    virtual ~Store() = default;

    // The entry, or not_found when it is absent or expired.
    virtual asio::awaitable<Result<Entry>> get(const NamespaceName& name, std::string_view key,
                                               Collection collection = Collection::key) = 0;

    // One entry or nullopt per key, all at one moment.
    virtual asio::awaitable<Result<std::vector<std::optional<Entry>>>> get_many(
        const NamespaceName& name, std::span<const std::string> keys, Collection collection = Collection::key) = 0;

    // One page, at one moment. A page is empty only when nothing follows. Pages of one listing may be read at
    // rising versions. invalid when `request.after` is not a Page::next of such a listing.
    virtual asio::awaitable<Result<Page>> list(const NamespaceName& name, const KeyRange& range,
                                               const PageRequest& request,
                                               Collection collection = Collection::key) = 0;

    // All or nothing, at one version. Returns when it is durable.
    virtual asio::awaitable<Result<Committed>> commit(const NamespaceName& name, Commit commit) = 0;

    // The file as it is now, to be read at any pace. not_found. StoreFailure when its content cannot be opened.
    virtual asio::awaitable<Result<std::unique_ptr<File>>> open_file(const NamespaceName& name,
                                                                     std::string_view path) = 0;

    // Begins to take the content of a file, of which nothing is seen until Upload::commit(). `size` is what the
    // caller was told to expect. quota_exceeded and store_full when it is clear already that it will not fit.
    virtual asio::awaitable<Result<std::unique_ptr<Upload>>> begin_upload(
        const NamespaceName& name, std::string_view path, std::optional<std::uint64_t> size = {}) = 0;

    // The outcome of the commit that had that request id, as commit() would give it again; nullopt when there was
    // none in request_memory_ms. idempotency_conflict.
    virtual asio::awaitable<Result<std::optional<Committed>>> recall(const NamespaceName& name,
                                                                     const RequestId& request) = 0;

    // What changed after that version, in order; compacted when the history does not reach back to it, which is so
    // for every version before the last emptying (Error::emptied).
    virtual asio::awaitable<Result<ChangesPage>> changes(const NamespaceName& name, Version after,
                                                         std::size_t changes_max, std::size_t bytes_max) = 0;

    // All zero for a namespace that was never written.
    virtual asio::awaitable<Result<Usage>> usage(const NamespaceName& name) = 0;

    // Usage and quota of one namespace.
    virtual asio::awaitable<Result<NamespaceInfo>> describe(const NamespaceName& name) = 0;

    // The namespaces of a workspace that were ever written or given a quota, without those of dropped owners: by
    // scope and, within one, in a fixed order of their subjects. Pages of one listing may be read at rising
    // versions. invalid when `request.after` is not a NamespacesPage::next of such a listing.
    virtual asio::awaitable<Result<NamespacesPage>> namespaces(const Uuid& workspace, const NamespaceFilter& filter,
                                                               const NamespacesRequest& request) = 0;

    // Replaces the quota whole; also of a namespace that was never written. It does not count as a write. A
    // namespace that holds more already keeps it: only what would grow it further is refused. Returns when it is
    // durable. invalid for the system namespace.
    virtual asio::awaitable<Result<Version>> set_quota(const NamespaceName& name, const Quota& quota) = 0;

    // Removes all keys and files, at one version of its own, in the same short time whatever they are; their space
    // is freed behind. Versions go on, the quota stays, and remembered request ids too. A namespace that holds
    // nothing stays at its version. The request id makes it safe to send again, as that of a commit. invalid for
    // the system namespace.
    virtual asio::awaitable<Result<Committed>> empty(const NamespaceName& name,
                                                     std::optional<RequestId> request_id = {}) = 0;

    // Drops the owner's namespaces for good: gone for every caller when it returns, and no commit that was under
    // way brings them back. Their space is freed behind. Dropping twice is no error.
    virtual asio::awaitable<Result<Version>> drop_owner(const Owner& owner) = 0;

    // Calls `observer` with every commit of the namespace that becomes readable from now on, in their order: after
    // it is durable and readable, before its answer leaves; and with the drop of its owner. It runs on the writer's
    // thread and must be short and not throw. Stops when the handle goes.
    using Observer = std::function<void(const PublicationPointer&)>;
    class Subscription {
    public:
        virtual ~Subscription() = default;
    };
    virtual std::unique_ptr<Subscription> subscribe(const NamespaceName& name, Observer observer) = 0;

    // Every observer has been called with everything up to this version. Never ahead of what is readable, and never
    // behind what was answered.
    virtual Version told() const = 0;

    // Drawn anew by a restore: cursors of another epoch mean nothing here. Hexadecimal.
    virtual std::string epoch() const = 0;

    // The store's clock: never behind the last commit, never going back.
    virtual TimeMs now_ms() const = 0;

    // Cheap enough for every request.
    virtual StoreStatus status() const = 0;

    // Takes a look at everything; for every few seconds.
    virtual StoreMetrics metrics() const = 0;
};

}  // namespace alcove::kv

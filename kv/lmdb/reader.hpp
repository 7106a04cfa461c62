// The reads of the embedded engine: inline, without waiting for anything but the page cache.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/lmdb/core.hpp"

namespace alcove::kv {

// Thread-safe. The calls are those of Store, without the awaiting.
class Reader {
public:
    explicit Reader(Core& core) : core_(core) {}

    Result<Entry> get(const NamespaceName& name, std::string_view key, Collection collection) const;
    Result<std::vector<std::optional<Entry>>> get_many(const NamespaceName& name, std::span<const std::string> keys,
                                                       Collection collection) const;
    Result<Page> list(const NamespaceName& name, const KeyRange& range, const PageRequest& request,
                      Collection collection) const;
    Result<ChangesPage> changes(const NamespaceName& name, Version after, std::size_t changes_max,
                                std::size_t bytes_max) const;
    Result<std::optional<Committed>> recall(const NamespaceName& name, const RequestId& request) const;
    Result<Usage> usage(const NamespaceName& name) const;
    Result<NamespaceInfo> describe(const NamespaceName& name) const;
    Result<NamespacesPage> namespaces(const Uuid& workspace, const NamespaceFilter& filter,
                                      const NamespacesRequest& request) const;

private:
    // A moment of the store, and the number that the namespace has in it.
    struct View {
        NamespaceId id = 0;  // when it was never written
        Snapshot snapshot;
    };
    Result<View> view(const NamespaceName& name) const;
    // 0 when the namespace was never written.
    Result<NamespaceId> resolve(const NamespaceName& name) const;

    Core& core_;
};

}  // namespace alcove::kv

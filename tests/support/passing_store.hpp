// Stores between a test and a real one, which meddle with what passes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/store.hpp"
#include "kv/store_metrics.hpp"

namespace alcove::test {

// Passes everything on.
class PassingStore : public kv::Store {
public:
    explicit PassingStore(kv::Store& store) : store_(store) {}

    kv::asio::awaitable<kv::Result<kv::Version>> drop_owner(const kv::Owner& owner) override {
        return store_.drop_owner(owner);
    }
    kv::asio::awaitable<kv::Result<kv::Entry>> get(const kv::NamespaceName& name, std::string_view key,
                                                   kv::Collection collection) override {
        return store_.get(name, key, collection);
    }
    kv::asio::awaitable<kv::Result<std::vector<std::optional<kv::Entry>>>> get_many(
        const kv::NamespaceName& name, std::span<const std::string> keys, kv::Collection collection) override {
        return store_.get_many(name, keys, collection);
    }
    kv::asio::awaitable<kv::Result<kv::Page>> list(const kv::NamespaceName& name, const kv::KeyRange& range,
                                                   const kv::PageRequest& request,
                                                   kv::Collection collection) override {
        return store_.list(name, range, request, collection);
    }
    kv::asio::awaitable<kv::Result<kv::Committed>> commit(const kv::NamespaceName& name,
                                                          kv::Commit commit) override {
        return store_.commit(name, std::move(commit));
    }
    kv::asio::awaitable<kv::Result<std::unique_ptr<kv::File>>> open_file(const kv::NamespaceName& name,
                                                                         std::string_view path) override {
        return store_.open_file(name, path);
    }
    kv::asio::awaitable<kv::Result<std::unique_ptr<kv::Upload>>> begin_upload(
        const kv::NamespaceName& name, std::string_view path, std::optional<std::uint64_t> size) override {
        return store_.begin_upload(name, path, size);
    }
    kv::asio::awaitable<kv::Result<std::optional<kv::Committed>>> recall(const kv::NamespaceName& name,
                                                                         const kv::RequestId& request) override {
        return store_.recall(name, request);
    }
    kv::asio::awaitable<kv::Result<kv::ChangesPage>> changes(const kv::NamespaceName& name, kv::Version after,
                                                             std::size_t changes_max,
                                                             std::size_t bytes_max) override {
        return store_.changes(name, after, changes_max, bytes_max);
    }
    kv::asio::awaitable<kv::Result<kv::Usage>> usage(const kv::NamespaceName& name) override {
        return store_.usage(name);
    }
    kv::asio::awaitable<kv::Result<kv::NamespaceInfo>> describe(const kv::NamespaceName& name) override {
        return store_.describe(name);
    }
    kv::asio::awaitable<kv::Result<kv::NamespacesPage>> namespaces(const kv::Uuid& workspace,
                                                                   const kv::NamespaceFilter& filter,
                                                                   const kv::NamespacesRequest& request) override {
        return store_.namespaces(workspace, filter, request);
    }
    kv::asio::awaitable<kv::Result<kv::Version>> set_quota(const kv::NamespaceName& name,
                                                           const kv::Quota& quota) override {
        return store_.set_quota(name, quota);
    }
    kv::asio::awaitable<kv::Result<kv::Committed>> empty(const kv::NamespaceName& name,
                                                         std::optional<kv::RequestId> request_id) override {
        return store_.empty(name, std::move(request_id));
    }
    kv::Version told() const override { return store_.told(); }
    std::unique_ptr<Subscription> subscribe(const kv::NamespaceName& name, Observer observer) override {
        return store_.subscribe(name, std::move(observer));
    }
    std::string epoch() const override { return store_.epoch(); }
    kv::TimeMs now_ms() const override { return store_.now_ms(); }
    kv::StoreStatus status() const override { return store_.status(); }
    kv::StoreMetrics metrics() const override { return store_.metrics(); }

private:
    kv::Store& store_;
};

// Stops at drop_owner, as a crash at that point would.
class InterruptedStore final : public PassingStore {
public:
    using PassingStore::PassingStore;

    kv::asio::awaitable<kv::Result<kv::Version>> drop_owner(const kv::Owner&) override {
        kv::Error error;
        error.code = kv::Errc::shutting_down;
        co_return error;
    }
};

// Lets something else commit first, once: what races a commit in the worst moment.
class OvertakenStore final : public PassingStore {
public:
    using PassingStore::PassingStore;

    std::function<kv::asio::awaitable<void>()> overtake;

    kv::asio::awaitable<kv::Result<kv::Committed>> commit(const kv::NamespaceName& name,
                                                          kv::Commit commit) override {
        if (const auto first = std::exchange(overtake, nullptr)) co_await first();
        auto outcome = co_await PassingStore::commit(name, std::move(commit));
        co_return outcome;
    }
};

}  // namespace alcove::test

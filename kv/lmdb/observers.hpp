// Who wants to hear of the commits of which namespace.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>

#include "kv/lmdb/namespaces.hpp"
#include "kv/store.hpp"

namespace alcove::kv {

// subscribe() from any thread, notify() from the writer's. A handle that goes waits for a notification under way.
class Observers {
public:
    std::unique_ptr<Store::Subscription> subscribe(const NamespaceName& name, Store::Observer observer) {
        const std::lock_guard lock(shared_->mutex);
        auto& list = shared_->by_name[name];
        list.push_back(std::move(observer));
        shared_->any.store(true, std::memory_order_relaxed);
        return std::make_unique<Handle>(shared_, name, std::prev(list.end()));
    }

    bool watching(const NamespaceName& name) const {
        if (!shared_->any.load(std::memory_order_relaxed)) return false;
        const std::lock_guard lock(shared_->mutex);
        return shared_->by_name.contains(name);
    }

    void notify(const NamespaceName& name, std::span<const Change> changes) {
        const std::lock_guard lock(shared_->mutex);
        const auto it = shared_->by_name.find(name);
        if (it == shared_->by_name.end()) return;
        for (const Store::Observer& observer : it->second)
            observer(changes);
    }

private:
    struct Shared {
        std::mutex mutex;
        std::atomic<bool> any{false};
        std::unordered_map<NamespaceName, std::list<Store::Observer>, NamespaceNameHash> by_name;
    };

    class Handle : public Store::Subscription {
    public:
        Handle(std::shared_ptr<Shared> shared, NamespaceName name, std::list<Store::Observer>::iterator place)
            : shared_(std::move(shared)), name_(std::move(name)), place_(place) {}
        ~Handle() override {
            const std::lock_guard lock(shared_->mutex);
            const auto it = shared_->by_name.find(name_);
            it->second.erase(place_);
            if (it->second.empty()) shared_->by_name.erase(it);
            shared_->any.store(!shared_->by_name.empty(), std::memory_order_relaxed);
        }

    private:
        std::shared_ptr<Shared> shared_;
        NamespaceName name_;
        std::list<Store::Observer>::iterator place_;
    };

    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace alcove::kv

// Who wants to hear of the commits of which namespace.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

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
        return std::make_unique<Handle>(shared_, name, std::prev(list.end()));
    }

    // `changes()` makes what there is to tell; it is asked only when somebody wants to hear.
    template <class MakeChanges>
    void notify(const NamespaceName& name, MakeChanges changes) {
        const std::lock_guard lock(shared_->mutex);
        const auto it = shared_->by_name.find(name);
        if (it != shared_->by_name.end()) tell(it->second, changes());
    }

    void notify_dropped(const Owner& owner, Version version) {
        const std::lock_guard lock(shared_->mutex);
        for (const auto& [name, observers] : shared_->by_name) {
            const bool owned = name.workspace == owner.workspace && name.scope != Scope::system &&
                               (!owner.subject || *owner.subject == Owner::Subject{name.scope, name.subject});
            if (!owned) continue;
            Change change;
            change.kind = Change::Kind::drop;
            change.version = version;
            std::vector<Change> changes;
            changes.push_back(std::move(change));
            tell(observers, std::move(changes));
        }
    }

private:
    using List = std::list<Store::Observer>;

    struct Shared {
        std::mutex mutex;
        std::unordered_map<NamespaceName, List, NamespaceNameHash> by_name;
    };

    static void tell(const List& observers, std::vector<Change> changes) {
        if (changes.empty()) return;  // the commit was the store's own
        const auto publication = std::make_shared<const Publication>(std::move(changes));
        for (const Store::Observer& observer : observers)
            observer(publication);
    }

    class Handle : public Store::Subscription {
    public:
        Handle(std::shared_ptr<Shared> shared, NamespaceName name, List::iterator place)
            : shared_(std::move(shared)), name_(std::move(name)), place_(place) {}
        ~Handle() override {
            const std::lock_guard lock(shared_->mutex);
            const auto it = shared_->by_name.find(name_);
            it->second.erase(place_);
            if (it->second.empty()) shared_->by_name.erase(it);
        }

    private:
        std::shared_ptr<Shared> shared_;
        NamespaceName name_;
        List::iterator place_;
    };

    std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace alcove::kv

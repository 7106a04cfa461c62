// Whose turn it is, where many groups want more turns than there are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace alcove::webhooks {

// Items wait in their group's queue and are taken from the groups by turns, so that a group is never behind more
// than one item of each other group. A group that holds `per_group_max` turns is passed over until it gives one
// back. Every call takes constant time. Not thread-safe.
template <class Item>
class Turns {
public:
    explicit Turns(std::size_t per_group_max) : per_group_max_(per_group_max) {}

    std::size_t waiting() const { return waiting_; }
    bool waits(const std::string& group) const {
        const auto found = groups_.find(group);
        return found != groups_.end() && !found->second.queue.empty();
    }

    void push(const std::string& group, Item item) {
        Group& own = groups_[group];
        own.queue.push_back(std::move(item));
        ++waiting_;
        line_up(group, own);
    }

    // Whose turn it is: it holds one from now on. nullopt when nobody may go.
    std::optional<Item> take() {
        if (line_.empty()) return std::nullopt;
        const std::string name = std::move(line_.front());
        line_.pop_front();
        Group& group = groups_.at(name);
        group.is_in_line = false;
        std::optional<Item> item(std::move(group.queue.front()));
        group.queue.pop_front();
        --waiting_;
        ++group.held;
        line_up(name, group);
        return item;
    }

    // One that take() gave to somebody of the group.
    void give_back(const std::string& name) {
        const auto found = groups_.find(name);
        Group& group = found->second;
        --group.held;
        line_up(name, group);
        if (group.held == 0 && group.queue.empty()) groups_.erase(found);
    }

    // All that waits, in no order.
    std::deque<Item> take_all() {
        std::deque<Item> all;
        for (auto& [name, group] : groups_) {
            std::ranges::move(group.queue, std::back_inserter(all));
            group.queue.clear();
            group.is_in_line = false;
        }
        line_.clear();
        waiting_ = 0;
        return all;
    }

private:
    struct Group {
        std::deque<Item> queue;
        std::size_t held = 0;
        bool is_in_line = false;
    };

    void line_up(const std::string& name, Group& group) {
        if (group.is_in_line || group.queue.empty() || group.held >= per_group_max_) return;
        group.is_in_line = true;
        line_.push_back(name);
    }

    const std::size_t per_group_max_;
    std::unordered_map<std::string, Group> groups_;  // those with something that waits, or a turn
    std::deque<std::string> line_;                   // those that may go, each once
    std::size_t waiting_ = 0;
};

}  // namespace alcove::webhooks

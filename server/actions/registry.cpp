#include "server/actions/registry.hpp"

#include "server/actions/kv_store.hpp"
#include "server/actions/storage.hpp"

namespace alcove::actions {
namespace {

constexpr const Integration* table[] = {&kv_store, &storage};

}  // namespace

std::span<const Integration* const> integrations() {
    return table;
}

const Integration* find_integration(std::string_view name) {
    for (const auto* integration : table) {
        if (integration->name == name) return integration;
    }
    return nullptr;
}

const Action* find_action(const Integration& integration, std::string_view name) {
    for (const auto& action : integration.actions) {
        if (action.name == name) return &action;
    }
    return nullptr;
}

const Trigger* find_trigger(const Integration& integration, std::string_view name) {
    for (const auto& trigger : integration.triggers) {
        if (trigger.name == name) return &trigger;
    }
    return nullptr;
}

const OptionSource* find_option_source(const Integration& integration, std::string_view property) {
    for (const auto& source : integration.option_sources) {
        if (source.property == property) return &source;
    }
    return nullptr;
}

}  // namespace alcove::actions

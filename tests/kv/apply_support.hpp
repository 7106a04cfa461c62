// One operation over one entry, told as one line of text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kv/apply.hpp"
#include "tests/support/build.hpp"
#include "tests/support/print.hpp"

namespace alcove::test {

inline constexpr kv::TimeMs apply_now_ms = 5'000;
inline constexpr kv::Version apply_version = 9;

// An entry written before, at version 4 and created at version 3.
inline std::optional<kv::Entry> stored(std::string_view value, std::string_view content_type) {
    kv::Entry entry;
    entry.version = 4;
    entry.created_version = 3;
    entry.created_ms = 1'000;
    entry.updated_ms = 2'000;
    entry.content_type = content_type;
    entry.value = value;
    return entry;
}
inline std::optional<kv::Entry> stored_json(std::string_view value) {
    return stored(value, "application/json");
}
inline const std::optional<kv::Entry> nothing;

inline kv::Result<kv::Applied> applied(const kv::Operation& operation, const std::optional<kv::Entry>& current,
                                       std::size_t value_bytes_max = kv::limits::value_bytes_default) {
    const kv::ApplyContext context{
        .now_ms = apply_now_ms, .version = apply_version, .value_bytes_max = value_bytes_max};
    std::optional<kv::EntryView> view;
    if (current) view = kv::view_of(*current);
    return kv::apply(kv::Operation(operation), view, context);
}

// "put <value>", "remove", "none <value of the result's entry>" or the error's name.
inline std::string effect(const kv::Operation& operation, const std::optional<kv::Entry>& current,
                          std::size_t value_bytes_max = kv::limits::value_bytes_default) {
    const auto outcome = applied(operation, current, value_bytes_max);
    if (!outcome) return std::string(kv::to_string(outcome.error().code));
    switch (outcome->effect) {
        case kv::Applied::Effect::none:
            return "none " + (outcome->result.entry ? outcome->result.entry->value : "-");
        case kv::Applied::Effect::put:
            return "put " + outcome->entry->value;
        case kv::Applied::Effect::remove:
            return "remove";
    }
    return "?";
}

inline std::string message(const kv::Operation& operation, const std::optional<kv::Entry>& current,
                           std::size_t value_bytes_max = kv::limits::value_bytes_default) {
    const auto outcome = applied(operation, current, value_bytes_max);
    return outcome ? "no error" : outcome.error().message;
}

}  // namespace alcove::test

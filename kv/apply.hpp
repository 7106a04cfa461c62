// What one operation does to one entry, as a pure function that every engine uses.
#pragma once

#include <cstddef>
#include <optional>

#include "kv/error.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

struct ApplyContext {
    TimeMs now_ms = 0;  // the commit's time; `current` is already absent when it has expired by then
    Version version = 0;
    std::size_t value_bytes_max = limits::value_bytes_default;
};

struct Applied {
    enum class Effect : std::uint8_t { none, put, remove };
    Effect effect = Effect::none;
    std::optional<Entry> entry;  // for put: the whole new entry
    OperationResult result;
};

// Pure. The new value is taken out of the operation. Errors: type_mismatch, too_large, invalid; Error::operation is
// left to the caller. DeletePrefix is not for one entry: it asserts.
Result<Applied> apply(Operation&& operation, const std::optional<EntryView>& current, const ApplyContext& context);

// The key (or prefix) an operation works on.
const std::string& key_of(const Operation& operation);

}  // namespace alcove::kv

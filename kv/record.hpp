// The stored form of an entry, the same bytes in the log, the overlay and the index.
#pragma once

#include <string>
#include <string_view>

#include "kv/types.hpp"

namespace alcove::kv {

// Everything of an entry but its value, and where the value is. Cheap to decode: nothing is copied.
struct RecordView {
    Version version = 0;
    Version created_version = 0;
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
    std::optional<TimeMs> expires_ms;
    std::string_view content_type;
    std::string_view value;

    bool expired(TimeMs now_ms) const { return expires_ms && *expires_ms <= now_ms; }
};

void encode_record(const Entry& entry, std::string& out);

// Throws StoreFailure when the bytes are no record.
RecordView decode_record(std::string_view bytes);

Entry to_entry(const RecordView& record, Values values = Values::include);

}  // namespace alcove::kv

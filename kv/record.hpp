// The stored form of an entry, the same bytes in the log, the overlay and the index.
#pragma once

#include <string>
#include <string_view>

#include "kv/types.hpp"

namespace alcove::kv {

void encode_record(const Entry& entry, std::string& out);

// A view of the bytes: nothing is copied. Throws StoreFailure when they are no record.
EntryView decode_record(std::string_view bytes);

}  // namespace alcove::kv

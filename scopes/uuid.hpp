// UUIDs of version 7, made here because Boost 1.81 makes none, and UUIDs as text.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"

namespace alcove::scopes {

using kv::TimeMs;
using kv::Uuid;
using kv::Version;

// 8-4-4-4-12 hexadecimal digits in either case, nothing else.
std::optional<Uuid> parse_uuid(std::string_view text);

// Lower case.
std::string format_uuid(const Uuid& id);

// The 16 bytes, as they name an end user's namespace.
std::string uuid_bytes(const Uuid& id);

// The other way round. Anything but 16 bytes gives the nil UUID.
Uuid uuid_of_bytes(std::string_view bytes);

// Makes UUIDs that grow with every call, also when the clock stands still or goes back. Thread-safe.
class UuidMaker {
public:
    explicit UuidMaker(std::function<TimeMs()> clock);
    Uuid make();

private:
    std::function<TimeMs()> clock_;
    std::mutex mutex_;
    TimeMs last_ms_ = 0;
    std::uint16_t counter_ = 0;  // 12 bits, behind the milliseconds
};

}  // namespace alcove::scopes

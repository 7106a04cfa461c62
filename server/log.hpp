// The log: one line of JSON per event on stderr. spdlog stands behind it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace alcove::log {

enum class Level : std::uint8_t { debug, info, warn, error };

struct Field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;
};

// Thread-safe once configure() has returned. A line is handed to a thread of the log's own, so that a slow stderr
// holds up nobody; when its queue is full the oldest lines are dropped.
void configure(Level level);
Level level_of(std::string_view name);  // "debug", "info", "warn" or "error"

// {"time":"…","level":"info","event":"started","listen":"…"}: values are escaped down to ASCII, so none can forge a
// line or drive a terminal. Bytes that are no UTF-8 are shown as the code points of the same number; a double that
// is not finite as null.
void write(Level level, std::string_view event, std::initializer_list<Field> fields);
std::string format_line(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void info(std::string_view event, std::initializer_list<Field> fields) {
    write(Level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields) {
    write(Level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields) {
    write(Level::error, event, fields);
}

// Everything written so far is on stderr when it returns; to be called before the process ends.
void finish();

}  // namespace alcove::log

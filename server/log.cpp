// The log, on spdlog's asynchronous logger.
#include "server/log.hpp"

// spdlog is compiled here instead of taken from its library, where ThreadSanitizer could not follow its thread.
#undef SPDLOG_COMPILED_LIB
#undef SPDLOG_SHARED_LIB

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <string>

#include "scopes/text.hpp"
#include "server/http/date.hpp"

namespace alcove::log {

namespace {

constexpr std::size_t queued_lines_max = 8192;
constexpr auto flush_interval = std::chrono::seconds(1);
constexpr const char* logger_name = "alcove";

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            break;
    }
    return spdlog::level::err;
}

std::string_view name_of(Level level) {
    constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
    return names[static_cast<int>(level)];
}

std::string latin1_to_utf8(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out += c;
        } else {
            out += static_cast<char>(0xc0 | byte >> 6);
            out += static_cast<char>(0x80 | (byte & 0x3f));
        }
    }
    return out;
}

}  // namespace

std::string format_line(Level level, std::string_view event, std::initializer_list<Field> fields) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>> writer(buffer);
    const auto utf8 = [&writer](std::string_view value) {
        writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    };
    const auto text = [&utf8](std::string_view value) {
        if (scopes::is_utf8(value)) {
            utf8(value);
        } else {
            utf8(latin1_to_utf8(value));
        }
    };
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    writer.StartObject();
    writer.Key("time");
    const auto time = http::format_iso_time(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    text(http::view(time));
    writer.Key("level");
    text(name_of(level));
    writer.Key("event");
    text(event);
    for (const Field& field : fields) {
        text(field.name);
        if (const auto* value = std::get_if<std::string_view>(&field.value)) text(*value);
        if (const auto* value = std::get_if<std::int64_t>(&field.value)) writer.Int64(*value);
        if (const auto* value = std::get_if<double>(&field.value)) {
            if (std::isfinite(*value)) {
                writer.Double(*value);
            } else {
                writer.Null();
            }
        }
        if (const auto* value = std::get_if<bool>(&field.value)) writer.Bool(*value);
    }
    writer.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

void configure(Level level) {
    spdlog::init_thread_pool(queued_lines_max, 1);
    auto logger = spdlog::create_async_nb<spdlog::sinks::stderr_sink_mt>(logger_name);
    logger->set_pattern("%v");
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::warn);
    spdlog::flush_every(flush_interval);
}

Level level_of(std::string_view name) {
    for (const Level level : {Level::debug, Level::info, Level::warn}) {
        if (name == name_of(level)) return level;
    }
    return Level::error;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    const auto logger = spdlog::get(logger_name);
    if (!logger || !logger->should_log(to_spdlog(level))) return;
    logger->log(to_spdlog(level), format_line(level, event, fields));
}

void finish() {
    spdlog::shutdown();
}

}  // namespace alcove::log

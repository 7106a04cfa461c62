#include "server/watch/frames.hpp"

#include "scopes/json_writer.hpp"
#include "server/watch/limits.hpp"

namespace alcove::watch {

using scopes::json::Writer;

std::string hello_frame(std::string_view connection, std::chrono::milliseconds heartbeat) {
    std::string text;
    Writer writer(text);
    writer.open_object().member("t", "hello").member("connection", connection).name("limits").open_object();
    writer.name("watches").number(limits::watches_per_socket_max);
    writer.name("clientFrameBytes").number(limits::client_frame_bytes_max);
    writer.name("frameBytes").number(limits::frame_bytes_max);
    writer.close_object().name("heartbeat");
    if (heartbeat.count() % 1000 == 0) {
        writer.number(heartbeat.count() / 1000);
    } else {
        writer.raw(std::to_string(static_cast<double>(heartbeat.count()) / 1000));
    }
    writer.close_object();
    return text;
}

std::string frame_begin(std::string_view type, std::uint64_t id) {
    return std::string("{\"t\":\"").append(type).append("\",\"id\":").append(std::to_string(id)).append(",");
}

std::string cursor_frame(std::string_view type, std::uint64_t id, std::string_view cursor) {
    return frame_begin(type, id).append("\"cursor\":\"").append(cursor).append("\"}");
}

std::string reset_frame(std::uint64_t id, std::string_view why, std::string_view oldest) {
    return frame_begin("reset", id)
        .append("\"why\":\"")
        .append(why)
        .append("\",\"oldest\":\"")
        .append(oldest)
        .append("\"}");
}

std::string end_frame(std::uint64_t id, std::string_view why) {
    return frame_begin("end", id).append("\"why\":\"").append(why).append("\"}");
}

std::string error_frame(std::optional<std::uint64_t> id, const api::Problem& problem) {
    std::string text;
    Writer writer(text);
    writer.open_object().member("t", "error");
    if (id) writer.name("id").number(*id);
    writer.member("code", problem.code).member("message", problem.message);
    if (!problem.field.empty()) writer.member("field", problem.field);
    writer.close_object();
    return text;
}

}  // namespace alcove::watch

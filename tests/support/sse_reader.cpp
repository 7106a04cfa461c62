// Reads server-sent events off a plain socket.
#include "tests/support/sse_reader.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace alcove::test {
namespace {

constexpr std::string_view line_end = "\r\n";

int connect_to(std::uint16_t port) {
    const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(handle, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(handle);
        throw std::runtime_error("no connection");
    }
    return handle;
}

void read_head(std::string_view head, Reply& reply) {
    reply.status = static_cast<unsigned>(std::stoul(std::string(head.substr(9, 3))));
    head.remove_prefix(head.find(line_end) + 2);
    while (!head.empty()) {
        const auto line = head.substr(0, head.find(line_end));
        head.remove_prefix(std::min(head.size(), line.size() + 2));
        const auto colon = line.find(": ");
        if (colon == std::string_view::npos) continue;
        std::string name(line.substr(0, colon));
        for (auto& c : name)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        reply.headers[name] = line.substr(colon + 2);
    }
}

}  // namespace

SseReader::SseReader(std::uint16_t port, const std::string& target, const HttpClient::Headers& headers)
    : socket_(connect_to(port)) {
    std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n";
    for (const auto& [name, value] : headers)
        request.append(name).append(": ").append(value).append(line_end);
    request.append(line_end);
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) throw std::runtime_error("not sent");
    const auto until = std::chrono::steady_clock::now() + patience;
    while (raw_.find("\r\n\r\n") == std::string::npos)
        if (!fill(until)) throw std::runtime_error("the connection ended before an answer");
    const auto bytes = raw_.find("\r\n\r\n") + 4;
    read_head(std::string_view(raw_).substr(0, bytes), reply_);
    raw_.erase(0, bytes);
    chunked_ = reply_.header("transfer-encoding") == "chunked";
    const auto length = reply_.header("content-length");
    if (length.empty()) return;
    while (raw_.size() < std::stoul(length) && fill(until)) {
    }
    reply_.body = std::move(raw_);
    body_ended_ = true;
}

SseReader::~SseReader() {
    ::close(socket_);
}

SseEvent SseReader::next(std::chrono::milliseconds within) {
    const auto until = std::chrono::steady_clock::now() + within;
    SseEvent event;
    std::string line;
    while (read_line(line, until)) {
        if (line.empty() && event.data_lines > 0) return event;
        const auto colon = std::min(line.find(':'), line.size());
        const auto name = line.substr(0, colon);
        auto value = line.substr(std::min(colon + 1, line.size()));
        if (value.starts_with(' ')) value.erase(0, 1);
        if (name == "event") event.event = value;
        if (name == "id") {
            event.id = value;
            event.has_id = true;
        }
        if (name == "data") event.data += (event.data_lines++ == 0 ? "" : "\n") + value;
    }
    throw std::runtime_error("the stream ended");
}

SseEvent SseReader::next_told() {
    for (;;) {
        auto event = next();
        if (event.event != "progress") return event;
    }
}

bool SseReader::ends(std::chrono::milliseconds within) {
    const auto until = std::chrono::steady_clock::now() + within;
    std::string line;
    while (read_line(line, until))
        if (line.starts_with("event:") && line != "event: progress") return false;
    return body_ended_;
}

bool SseReader::fill(Deadline until) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) == 0)
        throw std::runtime_error("nothing came within the time");
    char bytes[65536];
    const auto got = ::recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    raw_.append(bytes, static_cast<std::size_t>(got));
    return true;
}

bool SseReader::take_body() {
    if (chunked_) return take_chunk();
    lines_ += raw_;
    return !std::exchange(raw_, {}).empty();
}

bool SseReader::take_chunk() {
    const auto line = raw_.find(line_end);
    if (line == std::string::npos) return false;
    const auto bytes = std::stoul(raw_.substr(0, line), nullptr, 16);
    if (raw_.size() < line + 2 + bytes + 2) return false;
    lines_.append(raw_, line + 2, bytes);
    raw_.erase(0, line + 2 + bytes + 2);
    body_ended_ = bytes == 0;
    return true;
}

// False when the body has ended.
bool SseReader::read_line(std::string& line, Deadline until) {
    auto end = lines_.find('\n');
    while (end == std::string::npos) {
        if (!take_body()) {
            if (body_ended_) return false;
            if (!fill(until)) {
                body_ended_ = !chunked_;
                return false;
            }
        }
        end = lines_.find('\n');
    }
    line = lines_.substr(0, end);
    if (line.ends_with('\r')) line.pop_back();
    lines_.erase(0, end + 1);
    return true;
}

}  // namespace alcove::test

// A small service behind a real server, and a blocking client that says exactly what it sends.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "server/http/server.hpp"

namespace alcove::http::test {

using namespace std::chrono_literals;

// "?pieces=3&bytes=5&end=broken": how many pieces, their size, and how it ends: last (by itself), broken, throw.
struct StreamPlan {
    std::size_t pieces = 0;
    std::size_t bytes = 0;
    std::string end;

    explicit StreamPlan(std::string_view query) {
        const auto value = [query](std::string_view name) {
            auto at = query.find(name);
            if (at == std::string_view::npos) return std::string();
            auto rest = query.substr(at + name.size() + 1);
            return std::string(rest.substr(0, rest.find('&')));
        };
        pieces = std::stoul(value("pieces"));
        bytes = std::stoul(value("bytes"));
        end = value("end");
    }
};

// Sums up what a service saw of bodies made while they are sent.
struct Streams {
    std::atomic<std::size_t> pieces = 0;  // that were asked for
    std::atomic<int> alive = 0;
};

// Pieces of one letter each: "aaaaabbbbb…".
class PlannedSource final : public BodySource {
public:
    PlannedSource(StreamPlan plan, Streams& streams) : plan_(std::move(plan)), streams_(streams) {
        ++streams_.alive;
    }
    ~PlannedSource() override { --streams_.alive; }

    asio::awaitable<Step> next(std::string& piece) override {
        if (made_ == plan_.pieces) {
            if (plan_.end == "throw") throw std::runtime_error("on purpose");
            co_return plan_.end == "broken" ? Step::broken : Step::last;
        }
        ++streams_.pieces;
        piece.assign(plan_.bytes, static_cast<char>('a' + made_++ % 26));
        co_return Step::more;
    }

private:
    const StreamPlan plan_;
    Streams& streams_;
    std::size_t made_ = 0;
};

inline std::string planned_body(std::size_t pieces, std::size_t bytes) {
    std::string body;
    for (std::size_t i = 0; i < pieces; ++i)
        body.append(bytes, static_cast<char>('a' + i % 26));
    return body;
}

// What /pieces answers.
inline std::uint64_t checksum_of(std::string_view bytes, std::uint64_t sum = 0) {
    for (const char byte : bytes)
        sum = sum * 31 + static_cast<unsigned char>(byte);
    return sum;
}

// What each path does:
//   /echo      the body, read with a bound of 1 MiB; an error of reading as its name
//   /ignore    "ignored", without reading the body
//   /target    method, path and query
//   /count     how many requests this connection has made, from its connection state
//   /slow      "slow" after 300 ms
//   /hang      "released" once Probe::release was called or the server stops
//   /big       1 MiB of 'b'
//   /huge      64 MiB of 'h'
//   /empty     204
//   /unchanged 304
//   /throw     throws
//   /stream    pieces made while they are sent; the query says what they are, see StreamPlan
//   /pieces    reads the body in pieces: how many bytes it had and their checksum; an error as for /echo
//   /slow-pieces  the same, with 20 ms of work for each piece
//   /first-piece  reads one piece and answers with its size
class Probe final : public Service {
public:
    asio::awaitable<void> serve(Exchange& exchange) override {
        auto path = exchange.request.path;
        auto& response = exchange.response;
        {
            std::lock_guard lock(mutex_);
            ids_.emplace(exchange.request.id);
        }
        if (path == "/echo") {
            auto reading = exchange.read_body(std::size_t{1} << 20);
            auto body = co_await std::move(reading);
            // The head must still be readable after the body was read.
            if (exchange.request.path != "/echo") throw std::logic_error("the path has moved");
            if (body) {
                response.body = *body;
            } else {
                refuse(response, body.error());
            }
        } else if (path == "/ignore") {
            response.body = "ignored";
        } else if (path == "/target") {
            response.body.append(exchange.request.method_text).append(" ").append(path);
            if (exchange.request.has_query) response.body.append(" ? ").append(exchange.request.query);
        } else if (path == "/count") {
            response.body = std::to_string(count(*exchange.connection_state));
        } else if (path == "/slow") {
            auto waiting = sleep(300ms);
            co_await std::move(waiting);
            response.body = "slow";
        } else if (path == "/hang") {
            ++hanging;
            while (!release) {
                auto waiting = sleep(5ms);
                co_await std::move(waiting);
            }
            response.body = "released";
        } else if (path == "/big") {
            response.body.assign(std::size_t{1} << 20, 'b');
        } else if (path == "/huge") {
            response.body.assign(std::size_t{64} << 20, 'h');
        } else if (path == "/empty") {
            response.status = 204;
        } else if (path == "/unchanged") {
            response.status = 304;
            response.set("ETag", "\"1\"");
        } else if (path == "/stream") {
            response.set("Content-Type", "text/plain");
            response.source = std::make_unique<PlannedSource>(StreamPlan(exchange.request.query), streams);
        } else if (path == "/pieces" || path == "/slow-pieces" || path == "/first-piece") {
            std::size_t bytes = 0;
            std::uint64_t sum = 0;
            for (;;) {
                auto reading = exchange.read_some(std::uint64_t{1} << 30);
                auto piece = co_await std::move(reading);
                if (exchange.request.path != path) throw std::logic_error("the path has moved");
                if (!piece) {
                    refuse(response, piece.error());
                    co_return;
                }
                largest_piece = std::max(largest_piece.load(), piece->size());
                bytes += piece->size();
                sum = checksum_of(*piece, sum);
                if (piece->empty() || path == "/first-piece") break;
                if (path == "/slow-pieces") {
                    auto waiting = sleep(20ms);
                    co_await std::move(waiting);
                }
            }
            response.body = std::to_string(bytes) + " " + std::to_string(sum);
        } else if (path == "/throw") {
            response.set("X-Half-Done", "yes");
            throw std::runtime_error("on purpose");
        } else {
            response.set("Content-Type", "text/plain");
            response.body = "hello";
        }
    }

    void protocol_error(const Request&, Response& response, unsigned status, std::string_view code,
                        std::string_view) override {
        response.status = status;
        response.body = code;
    }

    void sent(const Exchange&, std::size_t bytes, std::chrono::nanoseconds) override {
        ++responses;
        bytes_sent += bytes;
    }

    void stopping() override {
        if (release_when_stopping) release = true;
    }

    void failed(const Request&, std::string_view what) override {
        std::lock_guard lock(mutex_);
        failures_.emplace_back(what);
    }

    std::vector<std::string> failures() const {
        std::lock_guard lock(mutex_);
        return failures_;
    }
    std::size_t distinct_ids() const {
        std::lock_guard lock(mutex_);
        return ids_.size();
    }

    std::atomic<bool> release = false;
    std::atomic<bool> release_when_stopping = false;
    std::atomic<int> hanging = 0;
    std::atomic<int> responses = 0;
    std::atomic<std::size_t> bytes_sent = 0;
    std::atomic<std::size_t> largest_piece = 0;
    Streams streams;

private:
    struct Counter : ConnectionState {
        int requests = 0;
    };

    static int count(std::unique_ptr<ConnectionState>& state) {
        if (!state) state = std::make_unique<Counter>();
        return ++static_cast<Counter&>(*state).requests;
    }

    static void refuse(Response& response, BodyError error) {
        switch (error) {
            case BodyError::too_large:
                response.status = 413;
                break;
            case BodyError::timeout:
                response.status = 408;
                break;
            case BodyError::malformed:
                response.status = 400;
                break;
            case BodyError::closed:
                response.status = 500;
                break;
        }
        response.body = "body";
    }

    static asio::awaitable<void> sleep(std::chrono::milliseconds time) {
        auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, time);
        auto waiting = timer.async_wait(asio::as_tuple(asio::deferred));
        co_await std::move(waiting);
    }

    mutable std::mutex mutex_;
    std::vector<std::string> failures_;
    std::set<std::string> ids_;
};

struct Answer {
    unsigned status = 0;  // 0: the connection ended first
    std::string head;
    std::string body;

    // Whether the head holds this line.
    bool has(std::string_view line) const { return head.find(std::string(line) + "\r\n") != std::string::npos; }
};

// One blocking socket. Waits at most 5 s for anything.
class Client {
public:
    // Throws std::system_error when refused.
    explicit Client(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto connected = ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        if (connected != 0) {
            auto error = std::error_code(errno, std::system_category());
            ::close(descriptor_);
            throw std::system_error(error, "connect");
        }
        timeval patience{.tv_sec = 5, .tv_usec = 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Client(Client&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)), end_(other.end_) {}
    Client& operator=(Client&&) = delete;
    ~Client() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    // Errors are for the reader to notice.
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    void send_slowly(std::string_view bytes) {
        for (auto byte : bytes) {
            send({&byte, 1});
            std::this_thread::sleep_for(200us);
        }
    }
    void finish_sending() { ::shutdown(descriptor_, SHUT_WR); }

    // The next response; `head_only` when it answers a HEAD. Interim responses (1xx) are returned as they come.
    Answer receive(bool head_only = false) {
        Answer answer;
        while (buffer_.find("\r\n\r\n") == std::string::npos) {
            if (!fill()) return answer;
        }
        auto head_bytes = buffer_.find("\r\n\r\n") + 4;
        answer.head = buffer_.substr(0, head_bytes);
        answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
        buffer_.erase(0, head_bytes);
        if (answer.has("Transfer-Encoding: chunked") && !head_only) return receive_chunks(std::move(answer));
        auto length = answer.head.find("\r\nContent-Length: ");
        if (length == std::string::npos || head_only) return answer;
        auto bytes = std::stoul(answer.head.substr(length + 18));
        while (buffer_.size() < bytes) {
            if (!fill()) return {};
        }
        answer.body = buffer_.substr(0, bytes);
        buffer_.erase(0, bytes);
        if (buffer_.empty()) buffer_.shrink_to_fit();  // a test weighs the server's memory
        return answer;
    }

    Answer ask(std::string_view request) {
        send(request);
        return receive(request.starts_with("HEAD "));
    }
    Answer get(std::string_view target) {
        return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    // Whether the server closes the connection, in order, without sending anything more.
    bool is_closed() { return buffer_.empty() && !fill() && end_; }
    bool has_more_buffered() const { return !buffer_.empty(); }

    // How many bytes came next, which are dropped.
    std::size_t receive_some() {
        auto some = fill() ? buffer_.size() : 0;
        buffer_.clear();
        return some;
    }
    // Drops what has come, at most so much, without waiting for anything.
    std::size_t drop(std::size_t bytes_max) {
        std::vector<char> bytes(bytes_max);
        auto got = ::recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    // Drops all that has come, and says whether its end was behind it.
    bool has_ended() {
        char bytes[16384];
        ssize_t got = 0;
        do {
            got = ::recv(descriptor_, bytes, sizeof bytes, MSG_DONTWAIT);
        } while (got > 0);
        return got == 0 || errno != EAGAIN;
    }
    // Everything up to the end of the connection.
    std::string receive_rest() {
        while (fill()) {
        }
        return std::exchange(buffer_, {});
    }

private:
    // Without its end the answer has status 0.
    Answer receive_chunks(Answer answer) {
        for (;;) {
            auto line = buffer_.find("\r\n");
            while (line == std::string::npos) {
                if (!fill()) return {};
                line = buffer_.find("\r\n");
            }
            auto bytes = std::stoul(buffer_.substr(0, line), nullptr, 16);
            while (buffer_.size() < line + 2 + bytes + 2) {
                if (!fill()) return {};
            }
            answer.body.append(buffer_, line + 2, bytes);
            auto framed = buffer_.compare(line + 2 + bytes, 2, "\r\n") == 0;
            buffer_.erase(0, line + 2 + bytes + 2);
            if (!framed) return {};
            if (bytes == 0) return answer;
        }
    }

    bool fill() {
        char bytes[16384];
        auto got = ::recv(descriptor_, bytes, sizeof bytes, 0);
        end_ = got == 0;
        if (got <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }

    int descriptor_;
    std::string buffer_;
    bool end_ = false;
};

// A started server on a free port with a Probe behind it.
struct Harness {
    explicit Harness(ServerOptions options = {}) : server(std::move(options)) { server.start(probe); }

    Client client() const { return Client(server.port()); }

    Probe probe;
    Server server;
};

// Waits up to 5 s for a condition.
template <class Condition>
bool eventually(Condition condition) {
    for (auto end = std::chrono::steady_clock::now() + 5s; std::chrono::steady_clock::now() < end;) {
        if (condition()) return true;
        std::this_thread::sleep_for(2ms);
    }
    return condition();
}

}  // namespace alcove::http::test

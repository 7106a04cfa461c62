// A blocking WebSocket client for tests of watches, on Beast: another implementation than the server's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/http_client.hpp"
#include "tests/support/watch_frames.hpp"

namespace alcove::test {

// The server answered the upgrade with something else than 101.
class UpgradeRefused : public std::runtime_error {
public:
    explicit UpgradeRefused(Reply answer)
        : std::runtime_error("the upgrade was refused: " + answer.text()), reply(std::move(answer)) {}
    const Reply reply;
};

// Nothing came in time.
class NothingCame : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The connection ended, with that code of RFC 6455; 1006: without one.
class ConnectionEnded : public std::runtime_error {
public:
    explicit ConnectionEnded(unsigned with)
        : std::runtime_error("the connection ended with " + std::to_string(with)), code(with) {}
    const unsigned code;
};

// Operation: one connection. WebSocket pings are answered while it reads or sends, and not otherwise.
// Concurrency: one thread's own.
// Errors: what has not come after `patience` is NothingCame; what comes then is read by the next call.
class WatchClient {
public:
    using Headers = HttpClient::Headers;
    static constexpr std::chrono::milliseconds patience{20'000};

    // `subprotocols` as in the header; empty: none are offered.
    WatchClient(std::uint16_t port, const std::string& target, const Headers& headers = {},
                const std::string& subprotocols = "alcove.v1");
    ~WatchClient();
    WatchClient(WatchClient&&) noexcept;
    WatchClient& operator=(WatchClient&&) noexcept;

    std::string subprotocol() const;  // that the server chose; empty: none

    void send(std::string_view text);
    void send_binary(std::string_view bytes);

    // The next message.
    std::string receive_text(std::chrono::milliseconds within = patience);
    // The same, taken apart.
    WatchFrame receive(std::chrono::milliseconds within = patience);
    // The next frame that is no `progress`.
    WatchFrame next();
    // As many events as those, of however many `events` frames; any other frame than `progress` is an error.
    std::vector<WatchEvent> events(std::size_t count);
    // Sends `sync`, and gives all events that come before the `progress` of at least that version.
    std::vector<WatchEvent> events_until(std::uint64_t version, std::uint64_t id = 1);
    // Whether no frame comes for so long.
    bool is_silent_for(std::chrono::milliseconds time);

    // Of the last frame that had one.
    const std::string& cursor() const { return cursor_; }

    // The code with which the server closes; what comes before is dropped.
    unsigned close_code(std::chrono::milliseconds within = patience);
    // Closes as RFC 6455 has it and waits for the other side.
    void close();

private:
    class Socket;
    std::unique_ptr<Socket> socket_;
    std::string cursor_;
};

// Sends `sync` for the watch with the id 1, and applies what comes until the replica is at that version or over.
void follow(WatchClient& client, Replica& replica, std::uint64_t version);

// Everything with the prefix that `path`, such as `NS/kv`, lists, with values.
Replica::Entries read_entries(HttpClient& client, const HttpClient::Headers& headers, const std::string& path,
                              const std::string& prefix = "");

}  // namespace alcove::test

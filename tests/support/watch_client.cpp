// A blocking WebSocket client for tests of watches.
#include "tests/support/watch_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <functional>
#include <optional>
#include <utility>

namespace alcove::test {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t message_bytes_max = std::size_t{64} << 20;

// Small, so that who reads nothing is soon behind. What the server's side holds is some MiB more.
constexpr int receive_buffer_bytes = 256 << 10;

Reply to_reply(const websocket::response_type& response) {
    Reply reply;
    reply.status = response.result_int();
    for (const auto& field : response) {
        std::string name(field.name_string().data(), field.name_string().size());
        for (auto& c : name)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        reply.headers[std::move(name)] = std::string(field.value().data(), field.value().size());
    }
    reply.body = response.body();
    return reply;
}

}  // namespace

// Beast's stream with the one loop in which everything of it runs, so that there can be deadlines.
class WatchClient::Socket {
public:
    Socket(std::uint16_t port, const std::string& target, const Headers& headers, const std::string& subprotocols) {
        auto& socket = stream_.next_layer();
        socket.open(asio::ip::tcp::v4());
        socket.set_option(asio::socket_base::receive_buffer_size(receive_buffer_bytes));
        socket.connect({asio::ip::make_address("127.0.0.1"), port});
        socket.set_option(asio::ip::tcp::no_delay(true));
        stream_.read_message_max(message_bytes_max);
        const auto decorate = [&](websocket::request_type& request) {
            for (const auto& [name, value] : headers)
                request.insert(name, value);
            if (!subprotocols.empty()) request.set(boost::beast::http::field::sec_websocket_protocol, subprotocols);
        };
        stream_.set_option(websocket::stream_base::decorator(decorate));
        websocket::response_type response;
        std::optional<error_code> done;
        stream_.async_handshake(response, "localhost", target, [&](error_code error) { done = error; });
        run(patience, [&] { return done.has_value(); });
        reply = to_reply(response);
        if (*done == websocket::error::upgrade_declined) throw UpgradeRefused(reply);
        if (*done) throw std::runtime_error("the handshake failed: " + done->message());
    }
    // Not before what is under way has let go.
    ~Socket() {
        error_code ignored;
        stream_.next_layer().close(ignored);
        context_.restart();
        context_.run_for(milliseconds(1000));
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    void write(std::string_view bytes, bool binary) {
        stream_.binary(binary);
        std::optional<error_code> done;
        stream_.async_write(asio::buffer(bytes.data(), bytes.size()),
                            [&](error_code error, std::size_t) { done = error; });
        run(patience, [&] { return done.has_value(); });
        if (*done) throw ConnectionEnded(code_of(*done));
    }

    // A read that was not done in time stays under way.
    std::string read(milliseconds within) {
        if (!is_reading_) {
            is_reading_ = true;
            read_.reset();
            stream_.async_read(buffer_, [this](error_code error, std::size_t) {
                is_reading_ = false;
                read_ = error;
            });
        }
        run(within, [this] { return !is_reading_; });
        if (*read_) throw ConnectionEnded(code_of(*read_));
        auto text = boost::beast::buffers_to_string(buffer_.data());
        buffer_.clear();
        return text;
    }

    void close() {
        std::optional<error_code> done;
        stream_.async_close(websocket::close_code::normal, [&](error_code error) { done = error; });
        run(patience, [&] { return done.has_value(); });
    }

    Reply reply;  // to the upgrade

private:
    void run(milliseconds within, const std::function<bool()>& done) {
        const auto until = std::chrono::steady_clock::now() + within;
        context_.restart();
        while (!done()) {
            const bool late = std::chrono::steady_clock::now() >= until;
            if (late || context_.stopped()) throw NothingCame("nothing came within the time");
            context_.run_one_until(until);
        }
    }
    unsigned code_of(error_code error) const {
        if (error == websocket::error::closed) return stream_.reason().code;
        return websocket::close_code::abnormal;
    }

    asio::io_context context_;
    websocket::stream<asio::ip::tcp::socket> stream_{context_};
    boost::beast::flat_buffer buffer_;
    bool is_reading_ = false;
    std::optional<error_code> read_;
};

WatchClient::WatchClient(std::uint16_t port, const std::string& target, const Headers& headers,
                         const std::string& subprotocols)
    : socket_(std::make_unique<Socket>(port, target, headers, subprotocols)) {}
WatchClient::~WatchClient() = default;
WatchClient::WatchClient(WatchClient&&) noexcept = default;
WatchClient& WatchClient::operator=(WatchClient&&) noexcept = default;

std::string WatchClient::subprotocol() const {
    return socket_->reply.header("sec-websocket-protocol");
}

void WatchClient::send(std::string_view text) {
    socket_->write(text, false);
}

void WatchClient::send_binary(std::string_view bytes) {
    socket_->write(bytes, true);
}

std::string WatchClient::receive_text(milliseconds within) {
    return socket_->read(within);
}

WatchFrame WatchClient::receive(milliseconds within) {
    auto frame = parse_frame(receive_text(within));
    if (!frame.cursor.empty()) cursor_ = frame.cursor;
    return frame;
}

WatchFrame WatchClient::next() {
    for (;;) {
        auto frame = receive();
        if (frame.type != "progress") return frame;
    }
}

std::vector<WatchEvent> WatchClient::events(std::size_t count) {
    std::vector<WatchEvent> all;
    while (all.size() < count) {
        const auto frame = next();
        if (frame.type != "events") throw std::runtime_error("no events: " + frame.text);
        all.insert(all.end(), frame.events.begin(), frame.events.end());
    }
    return all;
}

std::vector<WatchEvent> WatchClient::events_until(std::uint64_t version, std::uint64_t id) {
    send(R"({"t":"sync","id":)" + std::to_string(id) + "}");
    std::vector<WatchEvent> all;
    for (;;) {
        const auto frame = receive();
        if (frame.id != id) throw std::runtime_error("of another watch: " + frame.text);
        if (frame.type == "progress" && cursor_version(frame.cursor) >= version) return all;
        if (frame.type != "events" && frame.type != "progress")
            throw std::runtime_error("no events: " + frame.text);
        all.insert(all.end(), frame.events.begin(), frame.events.end());
    }
}

bool WatchClient::is_silent_for(milliseconds time) {
    try {
        receive(time);
        return false;
    } catch (const NothingCame&) {
        return true;
    }
}

unsigned WatchClient::close_code(milliseconds within) {
    const auto until = std::chrono::steady_clock::now() + within;
    try {
        for (;;)
            receive_text(std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now()));
    } catch (const ConnectionEnded& ended) {
        return ended.code;
    }
}

void WatchClient::close() {
    socket_->close();
}

void follow(WatchClient& client, Replica& replica, std::uint64_t version) {
    client.send(R"({"t":"sync","id":1})");
    const auto there = [&] { return replica.version() >= version; };
    while (replica.over().empty() && !there())
        replica.apply(client.receive());
}

Replica::Entries read_entries(HttpClient& client, const HttpClient::Headers& headers, const std::string& path,
                              const std::string& prefix) {
    Replica::Entries entries;
    std::string cursor;
    do {
        const auto reply = client.send(
            "GET", path + "?values=true&limit=1000&prefix=" + prefix + (cursor.empty() ? "" : "&cursor=" + cursor),
            {}, headers);
        if (reply.status != 200) throw std::runtime_error("no list: " + reply.text());
        cursor = read_list(reply.body, entries);
    } while (!cursor.empty());
    return entries;
}

}  // namespace alcove::test

// One connection's life: requests are read, served and answered in order until one side has had enough.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/channel.hpp"
#include "server/http/connection.hpp"
#include "server/http/message.hpp"
#include "server/http/parser.hpp"
#include "server/http/request_id.hpp"
#include "server/http/serializer.hpp"
#include "server/http/ticket.hpp"

namespace alcove::http {

class Worker;

// Operation. run() reads from top to bottom: parse what has arrived, serve, serialise, and write once no further
// request lies in the buffer. Bodies are read when the service asks for them (session_body.cpp), and
// those that are made while they are sent are sent piece by piece (session_stream.cpp). A service may take the
// connection over behind a response's head (session_takeover.cpp).
//
// Concurrency. A coroutine on the worker's thread. The service may suspend it; nothing else touches it meanwhile
// except the worker's sweep, on the same thread.
//
// Limitations. One request at a time; pipelined ones wait for their turn.
class Session final : public Exchange, public Connection, private Channel {
public:
    Session(Worker& worker, asio::ip::tcp::socket socket, const asio::ip::tcp::endpoint& remote, Ticket ticket,
            const Certificate* certificate);

    // Returns when the connection is to be closed; destroying the session closes it.
    asio::awaitable<void> run();

    asio::awaitable<boost::system::result<std::string_view, BodyError>> read_body(std::size_t bytes_max) override;
    asio::awaitable<boost::system::result<std::string_view, BodyError>> read_some(std::uint64_t bytes_max) override;
    bool has_body() const override { return body_state_ != BodyState::none; }

private:
    enum class BodyState : std::uint8_t {
        none,
        unread,
        abandoned,
        read
    };  // abandoned: begun and not read to its end
    using BodyResult = boost::system::result<std::string_view, BodyError>;

    asio::awaitable<bool> greet();

    // The request's head.
    Parser::Progress parse();
    Clock::time_point prepare_to_read();
    void begin_exchange();
    asio::awaitable<void> serve();
    void refuse(const Refusal& refusal);

    // Its response.
    void respond();
    Persistence persistence() const;
    asio::awaitable<bool> stream();
    asio::awaitable<bool> stream_pieces(Framing framing);
    asio::awaitable<bool> stream_file();
    asio::awaitable<bool> fetch(std::uint64_t offset, std::size_t bytes);
    Framing framing() const;
    asio::awaitable<BodySource::Step> next_piece(std::string& piece);
    void end_exchange();

    // What is no HTTP any more.
    asio::awaitable<void> hand_over();
    std::span<char> input() override;
    void consume(std::size_t bytes) override;
    Channel::Received receive(std::size_t bytes_max) override;
    using Connection::receive;
    Buffer& out() override { return large_.empty() ? out_ : behind_; }
    void put_shared(std::string_view bytes, std::shared_ptr<const void> owner) override;
    std::size_t unsent() const override { return unwritten() + behind_.size(); }
    bool sends_shared() const override { return !large_.empty(); }
    Channel::Sent flush() override;
    asio::awaitable<void> wait(Clock::time_point deadline) override;
    void wake() override;
    bool stopping() const override;
    Clock::duration write_timeout() const override;

    // Its body.
    asio::awaitable<BodyResult> read_sized_body();
    asio::awaitable<BodyResult> read_chunked_body(std::size_t bytes_max);
    asio::awaitable<BodyResult> read_some_sized();
    asio::awaitable<BodyResult> read_some_chunked(std::uint64_t bytes_max);
    asio::awaitable<std::optional<BodyError>> receive_chunks();
    asio::awaitable<std::optional<BodyError>> receive_body(Buffer& into, std::size_t bytes_max);
    bool skip_body();
    void pin_head();
    std::string_view arrived() const { return in_.view().substr(next_); }

    void rest() override;
    // Gives back the buffers that are larger than that. Only between exchanges.
    void shrink(std::size_t bytes_kept);

    Ticket ticket_;  // first, so that it is given back last
    Worker& worker_;
    Service& service_;
    std::string remote_;
    std::array<char, request_id_bytes> id_{};
    std::unique_ptr<ConnectionState> state_;

    Head head_;
    std::optional<Parser> parser_;
    Buffer pinned_;  // the head of a request whose body needed the input buffer
    Buffer body_;
    Buffer behind_;          // what a takeover said behind something shared
    std::size_t begin_ = 0;  // of the request, in in_
    std::size_t next_ = 0;   // first byte of in_ that is not consumed
    BodyState body_state_ = BodyState::none;
    std::uint64_t content_bytes_ = 0;
    std::uint64_t body_left_ = 0;  // of content_bytes_, while it is read in pieces
    bool in_pieces_ = false;
    std::uint64_t body_received_ = 0;  // from the socket
    Clock::duration body_waited_{};    // for that
    std::uint64_t streamed_bytes_ = 0;

    Clock::time_point now_;  // as of the last look at the clock
    Clock::time_point started_;
    std::size_t empty_lines_ = 0;  // skipped before the request
    std::optional<Clock::time_point> header_deadline_;
    bool needs_tls_ = false;  // and the peer does not speak it
    bool served_any_ = false;
    bool close_ = false;   // after this response
    bool unread_ = false;  // the peer may still be sending: linger
    bool gone_ = false;    // the peer is not there any more
    bool woken_ = false;   // by wake(), and not noticed yet
};

}  // namespace alcove::http

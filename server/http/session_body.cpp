// How a session reads the body of a request when the service asks for it, and skips it when it does not.
#include <algorithm>
#include <array>
#include <boost/assert.hpp>
#include <span>
#include <utility>

#include "server/http/limits.hpp"
#include "server/http/session.hpp"
#include "server/http/worker.hpp"

namespace alcove::http {

asio::awaitable<Session::BodyResult> Session::read_body(std::size_t bytes_max) {
    if (body_state_ == BodyState::none) co_return std::string_view();
    BOOST_ASSERT(body_state_ == BodyState::unread);
    body_state_ = BodyState::abandoned;  // until it is whole
    body_received_ = 0;
    body_waited_ = {};
    if (parser_->is_chunked()) {
        auto reading = read_chunked_body(bytes_max);
        co_return co_await std::move(reading);
    }
    if (content_bytes_ > bytes_max) co_return BodyError::too_large;
    if (arrived().size() < content_bytes_) {
        auto reading = read_sized_body();
        co_return co_await std::move(reading);
    }
    auto body = arrived().substr(0, content_bytes_);
    next_ += content_bytes_;
    body_state_ = BodyState::read;
    co_return body;
}

asio::awaitable<Session::BodyResult> Session::read_sized_body() {
    body_.reserve(std::min<std::size_t>(content_bytes_, limits::body_reserve_bytes));
    body_.append(arrived());
    next_ = in_.size();
    while (body_.size() < content_bytes_) {
        if (body_.room() == 0) body_.reserve(std::min<std::size_t>(content_bytes_, 2 * body_.capacity()));
        auto receiving = receive_body(body_, content_bytes_ - body_.size());
        auto error = co_await std::move(receiving);
        if (error) co_return *error;
    }
    body_state_ = BodyState::read;
    co_return body_.view();
}

asio::awaitable<Session::BodyResult> Session::read_chunked_body(std::size_t bytes_max) {
    for (;;) {
        Parser::Progress progress;
        next_ += parser_->parse_chunks(arrived(), &body_, bytes_max, progress);
        if (progress == Parser::Progress::done) break;
        if (progress == Parser::Progress::refused) {
            co_return parser_->refusal().status == 413 ? BodyError::too_large : BodyError::malformed;
        }
        auto receiving = receive_chunks();
        auto error = co_await std::move(receiving);
        if (error) co_return *error;
    }
    body_state_ = BodyState::read;
    co_return body_.view();
}

// Waits for more raw input of a chunked body, behind what the parser could make nothing of yet.
asio::awaitable<std::optional<BodyError>> Session::receive_chunks() {
    if (arrived().size() >= limits::chunked_input_bytes) co_return BodyError::malformed;
    pin_head();
    in_.reserve(limits::chunked_input_bytes);
    auto receiving = receive_body(in_, limits::chunked_input_bytes);
    co_return co_await std::move(receiving);
}

asio::awaitable<Session::BodyResult> Session::read_some(std::uint64_t bytes_max) {
    if (body_state_ == BodyState::none || body_state_ == BodyState::read) co_return std::string_view();
    if (body_state_ == BodyState::unread) {
        body_state_ = BodyState::abandoned;  // until it is read to its end
        in_pieces_ = true;
        body_left_ = content_bytes_;
        body_received_ = 0;
        body_waited_ = {};
        if (content_bytes_ > bytes_max) co_return BodyError::too_large;
    }
    BOOST_ASSERT(in_pieces_);
    if (parser_->is_chunked()) {
        auto reading = read_some_chunked(bytes_max);
        co_return co_await std::move(reading);
    }
    auto reading = read_some_sized();
    co_return co_await std::move(reading);
}

asio::awaitable<Session::BodyResult> Session::read_some_sized() {
    std::string_view piece = arrived().substr(0, static_cast<std::size_t>(body_left_));
    if (!piece.empty()) {
        next_ += piece.size();
        head_.expects_continue = false;
    } else {
        // Into a buffer of its own: the head stays where it is, and so does what follows the body.
        body_.clear();
        body_.reserve(limits::piece_read_bytes);
        auto receiving = receive_body(body_, std::min<std::uint64_t>(body_left_, limits::piece_read_bytes));
        auto error = co_await std::move(receiving);
        if (error) co_return *error;
        piece = body_.view();
    }
    body_left_ -= piece.size();
    if (body_left_ == 0) body_state_ = BodyState::read;
    co_return piece;
}

asio::awaitable<Session::BodyResult> Session::read_some_chunked(std::uint64_t bytes_max) {
    for (;;) {
        Parser::Progress progress;
        body_.clear();
        next_ += parser_->parse_chunks(arrived(), &body_, bytes_max, progress);
        if (progress == Parser::Progress::refused) {
            co_return parser_->refusal().status == 413 ? BodyError::too_large : BodyError::malformed;
        }
        if (progress == Parser::Progress::done) body_state_ = BodyState::read;
        if (progress == Parser::Progress::done || !body_.empty()) co_return body_.view();
        auto receiving = receive_chunks();
        auto error = co_await std::move(receiving);
        if (error) co_return *error;
    }
}

// Sets the buffer with the head aside, so that the request's views hold while more input is read; what was not
// consumed is at the front of `in_` afterwards.
void Session::pin_head() {
    if (pinned_.empty()) {
        Buffer rest;
        rest.reserve(limits::chunked_input_bytes);
        rest.append(arrived());
        pinned_.swap(in_);
        in_.swap(rest);
    } else {
        in_.erase_front(next_);
    }
    begin_ = next_ = 0;
}

// Waits for more of the body and appends it, as far as there is room.
asio::awaitable<std::optional<BodyError>> Session::receive_body(Buffer& into, std::size_t bytes_max) {
    auto begin = Clock::now();
    if (body_received_ == 0) {
        // Sent only when nothing of the body has come: a client that did not wait needs no leave.
        if (head_.expects_continue && into.empty()) out_.append("HTTP/1.1 100 Continue\r\n\r\n");
        head_.expects_continue = false;
        auto flushed = co_await Connection::flush();
        if (!flushed) {
            gone_ = true;
            co_return BodyError::closed;
        }
    }
    const auto& options = worker_.options();
    auto before = into.size();
    auto received = Connection::receive(into, bytes_max);
    while (received == Connection::Received::blocked) {
        begin_wait(Phase::body, Clock::now() + options.body_timeout);
        auto waiting = ready();
        co_await std::move(waiting);
        end_wait();
        if (expired()) co_return BodyError::timeout;
        received = Connection::receive(into, bytes_max);
    }
    if (received == Connection::Received::closed) {
        gone_ = true;
        co_return BodyError::closed;
    }
    body_received_ += into.size() - before;
    body_waited_ += Clock::now() - begin;
    auto seconds = std::chrono::duration<double>(body_waited_).count();
    auto bytes_wanted = seconds * static_cast<double>(limits::body_bytes_per_second_min);
    if (body_waited_ > options.body_timeout && static_cast<double>(body_received_) < bytes_wanted) {
        co_return BodyError::timeout;
    }
    co_return std::nullopt;
}

// Steps over a body that the service did not read. False when that would mean waiting, or too much: the
// connection cannot be kept then.
bool Session::skip_body() {
    if (body_state_ == BodyState::none || body_state_ == BodyState::read) return true;
    if (body_state_ == BodyState::abandoned) return false;
    if (parser_->is_chunked()) {
        Parser::Progress progress;
        next_ += parser_->parse_chunks(arrived(), nullptr, limits::skipped_body_bytes_max, progress);
        return progress == Parser::Progress::done;
    }
    if (content_bytes_ > limits::skipped_body_bytes_max) return false;
    auto here = std::min<std::size_t>(arrived().size(), content_bytes_);
    next_ += here;
    std::array<char, 4096> dropped;
    for (auto left = content_bytes_ - here; left > 0;) {
        std::size_t bytes = 0;
        auto room = std::span(dropped).first(std::min<std::size_t>(left, dropped.size()));
        if (Connection::receive(room, bytes) != Connection::Received::some) return false;
        left -= bytes;
    }
    return true;
}

}  // namespace alcove::http

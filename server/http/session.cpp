// One connection's life, read from top to bottom.
#include "server/http/session.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "server/http/limits.hpp"
#include "server/http/worker.hpp"

namespace alcove::http {

namespace {

constexpr Refusal header_timeout = {408, "REQUEST_TIMEOUT", "the request header did not arrive in time"};
constexpr Refusal bad_target = {400, "BAD_REQUEST", "the request target is malformed"};
constexpr Refusal overloaded = {503, "OVERLOADED", "too many connections; try again later"};
constexpr Refusal plain_http = {400, "BAD_REQUEST", "this port speaks TLS: use https"};
constexpr Refusal internal_error = {500, "INTERNAL_ERROR", "internal error"};

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
    auto address = endpoint.address().to_string();
    if (endpoint.address().is_v6()) address = "[" + address + "]";
    return address + ":" + std::to_string(endpoint.port());
}

void give_back(std::string& text, std::size_t bytes_kept) {
    if (text.capacity() > bytes_kept) std::string().swap(text);
}

}  // namespace

Session::Session(Worker& worker, asio::ip::tcp::socket socket, const asio::ip::tcp::endpoint& remote, Ticket ticket,
                 const Certificate* certificate)
    : Connection(std::move(socket), worker.poller(), worker.options().write_timeout, certificate),
      ticket_(std::move(ticket)),
      worker_(worker),
      service_(worker.service()),
      remote_(text_of(remote)),
      now_(Clock::now()) {
    connection_state = &state_;
    request.remote = remote_;
}

asio::awaitable<void> Session::run() {
    if (speaks_tls()) {
        auto greeting = greet();
        auto greeted = co_await std::move(greeting);
        if (!greeted) co_return;
    }
    const auto executor = co_await asio::this_coro::executor;
    for (std::size_t exchanges = 1; !close_; ++exchanges) {
        parser_.emplace(head_);
        auto progress = parse();
        while (progress == Parser::Progress::need_more) {
            // All that was asked so far is answered: it goes out before anything is waited for.
            auto written = flush_now();
            if (written == Written::blocked) {
                auto flushed = co_await Connection::flush();
                if (!flushed) co_return;
            }
            if (written == Written::failed) co_return;
            auto idle = arrived().empty();
            if (idle && worker_.stopping()) co_return;
            auto deadline = prepare_to_read();
            auto received = Connection::receive(in_, in_.room());
            if (received == Connection::Received::closed) co_return;
            if (received == Connection::Received::some) {
                progress = parse();
                continue;
            }
            begin_wait(idle ? Phase::idle : Phase::header, deadline);
            auto waiting = ready();
            co_await std::move(waiting);
            end_wait();
            if (expired()) {
                if (idle) co_return;
                refuse(header_timeout);
                break;
            }
        }
        if (progress == Parser::Progress::done) {
            begin_exchange();
            if (!split_target(request)) {
                refuse(bad_target);
            } else if (needs_tls_) {
                refuse(plain_http);
            } else if (ticket_.refused()) {
                refuse(overloaded);
            } else {
                co_await serve();
                if (gone_) co_return;
                if (response.takeover) {
                    auto handing_over = hand_over();
                    co_await std::move(handing_over);
                    break;
                }
                if (response.source || response.file) {
                    auto streaming = stream();
                    auto whole = co_await std::move(streaming);
                    if (!whole) co_return end_exchange();
                } else {
                    respond();
                }
            }
        } else if (progress == Parser::Progress::refused) {
            refuse(parser_->refusal());
        }
        auto more = !close_ && !arrived().empty() && out_.size() < limits::gathered_bytes_max && large_.empty();
        if (!more) {
            auto written = flush_now();
            if (written == Written::blocked) {
                auto flushed = co_await Connection::flush();
                if (!flushed) co_return;
            }
            if (written == Written::failed) co_return;
        }
        end_exchange();
        if (exchanges % limits::exchanges_in_a_row_max == 0) {
            // A peer that always has another request ready must not keep the thread from its other connections.
            auto others = asio::post(executor, asio::deferred);
            co_await std::move(others);
        }
    }
    if (unread_) co_await linger();
}

// The handshake; false when there is nobody to talk to after it. No request is under way meanwhile.
asio::awaitable<bool> Session::greet() {
    const auto deadline = now_ + worker_.options().header_timeout;
    for (;;) {
        const auto greeted = shake_hands();
        if (greeted == Greeted::failed) co_return false;
        if (greeted != Greeted::blocked) {
            needs_tls_ = greeted == Greeted::plain;
            co_return true;
        }
        if (worker_.stopping()) co_return false;
        begin_wait(Phase::idle, deadline);
        auto waiting = ready();
        co_await std::move(waiting);
        end_wait();
        if (expired()) co_return false;
    }
}

Parser::Progress Session::parse() {
    // Some clients end a body with a line break that belongs to nothing.
    while (parser_->head_bytes() == 0 && empty_lines_ < limits::empty_lines_max && arrived().starts_with("\r\n")) {
        ++empty_lines_;
        begin_ = next_ += 2;
    }
    auto input = in_.view().substr(begin_);
    if (input.empty() || input == "\r") return Parser::Progress::need_more;
    auto progress = parser_->parse_head(input);
    if (progress == Parser::Progress::done) next_ = begin_ + parser_->head_bytes();
    return progress;
}

// Makes room for more of the head and returns the deadline for it.
Clock::time_point Session::prepare_to_read() {
    if (begin_ == in_.size()) {
        in_.shrink(limits::idle_buffer_bytes);
        begin_ = next_ = 0;
        in_.reserve(limits::idle_buffer_bytes);
        shrink(limits::working_buffer_bytes);
        auto timeout = served_any_ ? worker_.options().idle_timeout : worker_.options().header_timeout;
        return now_ + timeout;
    }
    if (in_.room() == 0) {
        in_.erase_front(begin_);
        begin_ = next_ = 0;
        if (in_.room() < limits::idle_buffer_bytes / 2) in_.reserve(2 * in_.capacity());
    }
    if (!header_deadline_) header_deadline_ = Clock::now() + worker_.options().header_timeout;
    return *header_deadline_;
}

void Session::begin_exchange() {
    now_ = started_ = Clock::now();
    head_.fill(request, in_.data() + begin_);
    id_ = worker_.ids().next();
    request.id = {id_.data(), id_.size()};
    request.version = head_.version;
    content_bytes_ = parser_->content_bytes();
    body_state_ = content_bytes_ > 0 || parser_->is_chunked() ? BodyState::unread : BodyState::none;
}

asio::awaitable<void> Session::serve() {
    std::string failure;
    try {
        co_await service_.serve(*this);
        co_return;
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    } catch (...) {
        failure = "unknown exception";
    }
    service_.failed(request, failure);
    response.clear();
    service_.protocol_error(request, response, internal_error.status, internal_error.code, internal_error.message);
}

// Answers in place of the service; the connection ends with it, since what follows cannot be told apart.
void Session::refuse(const Refusal& refusal) {
    if (request.id.empty()) {
        started_ = Clock::now();
        head_.fill(request, in_.data() + begin_);
        id_ = worker_.ids().next();
        request.id = {id_.data(), id_.size()};
    }
    service_.protocol_error(request, response, refusal.status, refusal.code, refusal.message);
    auto told_when = response.headers.find("Retry-After:") != std::string::npos;
    if (refusal.status == overloaded.status && !told_when) response.set("Retry-After", "1");
    close_ = unread_ = true;
    now_ = Clock::now();
    large_ = append_response(out_, response, request.method, request.id, worker_.date(now_), Persistence::close);
}

void Session::respond() {
    unread_ = !skip_body();
    close_ = unread_ || !parser_->keep_alive() || worker_.stopping();
    now_ = Clock::now();
    large_ = append_response(out_, response, request.method, request.id, worker_.date(now_), persistence());
}

Persistence Session::persistence() const {
    if (close_) return Persistence::close;
    return head_.version == 10 ? Persistence::keep_alive : Persistence::implied;
}

void Session::end_exchange() {
    auto body_bytes = carries_body(request.method, response.status) ? response.body.size() + streamed_bytes_ : 0;
    service_.sent(*this, body_bytes, now_ - started_);

    route = 0;
    is_timed = true;
    request.method = Method::other;
    request.method_text = request.target = request.path = request.query = request.id = {};
    request.has_query = false;
    request.headers.clear();
    response.clear();
    body_.clear();
    if (!pinned_.empty()) pinned_.shrink(0);
    body_state_ = BodyState::none;
    in_pieces_ = false;
    streamed_bytes_ = 0;
    begin_ = next_;
    empty_lines_ = 0;
    header_deadline_.reset();
    served_any_ = true;
}

void Session::rest() {
    in_.shrink(0);
    begin_ = next_ = 0;
    shrink(0);
}

void Session::shrink(std::size_t bytes_kept) {
    body_.shrink(bytes_kept);
    out_.shrink(bytes_kept);
    give_back(response.headers, bytes_kept);
    give_back(response.body, bytes_kept);
}

}  // namespace alcove::http

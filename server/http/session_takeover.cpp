// How a session lets something else go on with its connection.
#include <algorithm>
#include <exception>
#include <utility>

#include "server/http/limits.hpp"
#include "server/http/session.hpp"
#include "server/http/worker.hpp"

namespace alcove::http {

asio::awaitable<void> Session::hand_over() {
    now_ = Clock::now();
    const auto persistence = response.status == 101 ? Persistence::upgrade : Persistence::close;
    append_stream_head(out_, response, Framing::until_close, request.id, worker_.date(now_), persistence);
    // The request's text is gone with what follows; what came behind it belongs to the takeover.
    in_.erase_front(next_);
    begin_ = next_ = 0;
    request.headers = {};
    request.path = request.query = request.target = {};
    head_ = {};
    parser_.reset();
    pinned_.shrink(0);
    body_.shrink(0);
    give_up_after(worker_.options().write_timeout);
    std::string failure;
    try {
        auto running = response.takeover->run(*this);
        co_await std::move(running);
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    }
    if (!failure.empty()) service_.failed(request, failure);
    response.takeover.reset();
    if (unwritten() != 0) flush_now();
    now_ = Clock::now();
    end_exchange();
    unread_ = true;  // the peer may be taking leave
}

std::span<char> Session::input() {
    return {in_.data() + next_, in_.size() - next_};
}

void Session::consume(std::size_t bytes) {
    next_ += bytes;
    if (next_ < in_.size()) return;
    in_.clear();
    next_ = 0;
}

Channel::Received Session::receive(std::size_t bytes_max) {
    if (!readable()) return Channel::Received::nothing;
    if (next_ != 0) in_.erase_front(std::exchange(next_, 0));
    if (in_.size() >= bytes_max) return Channel::Received::nothing;
    if (in_.room() == 0) in_.reserve(std::min(bytes_max, std::max(limits::idle_buffer_bytes, 2 * in_.capacity())));
    switch (Connection::receive(in_, bytes_max - in_.size())) {
        case Connection::Received::some:
            return Channel::Received::some;
        case Connection::Received::blocked:
            return Channel::Received::nothing;
        case Connection::Received::closed:
            break;
    }
    return Channel::Received::closed;
}

void Session::put_shared(std::string_view bytes, std::shared_ptr<const void> owner) {
    large_ = bytes;
    large_owner_ = std::move(owner);
}

Channel::Sent Session::flush() {
    auto written = flush_now();
    if (written == Written::all && !behind_.empty()) {
        out_.swap(behind_);
        written = flush_now();
    }
    switch (written) {
        case Written::all:
            return Sent::all;
        case Written::blocked:
            return Sent::blocked;
        case Written::failed:
            break;
    }
    return Sent::failed;
}

asio::awaitable<void> Session::wait(Clock::time_point deadline) {
    if (std::exchange(woken_, false)) co_return;
    // Most of the time a connection waits: then its buffers are for those who have use for them.
    if (in_.empty()) in_.shrink(0);
    if (unwritten() == 0) out_.shrink(0);
    if (behind_.empty()) behind_.shrink(0);
    begin_wait(Phase::taken_over, deadline);
    auto waiting = ready();
    co_await std::move(waiting);
    end_wait();
    woken_ = false;
}

void Session::wake() {
    woken_ = true;
    resume();
}

bool Session::stopping() const {
    return worker_.stopping();
}

Clock::duration Session::write_timeout() const {
    return worker_.options().write_timeout;
}

}  // namespace alcove::http

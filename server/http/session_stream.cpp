// How a session sends a body that is made meanwhile, and one that lies in a file.
#include <algorithm>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <utility>

#include "server/http/limits.hpp"
#include "server/http/session.hpp"
#include "server/http/worker.hpp"

namespace alcove::http {

// False when the connection is at its end, because the peer is gone or the body cannot be finished.
asio::awaitable<bool> Session::stream() {
    auto framing = this->framing();
    auto has_pieces = carries_body(request.method, response.status);
    unread_ = !skip_body();
    close_ =
        unread_ || !parser_->keep_alive() || worker_.stopping() || (has_pieces && framing == Framing::until_close);
    now_ = Clock::now();
    append_stream_head(out_, response, framing, request.id, worker_.date(now_), persistence());
    auto whole = true;
    if (has_pieces) {
        auto sending = response.file ? stream_file() : stream_pieces(framing);
        whole = co_await std::move(sending);
    }
    response.source.reset();
    response.file.reset();
    now_ = Clock::now();
    co_return whole;
}

// HTTP/1.0 knows no chunks: such a body ends with the connection.
Framing Session::framing() const {
    if (response.file) return Framing::sized;
    return head_.version == 10 ? Framing::until_close : Framing::chunked;
}

asio::awaitable<bool> Session::stream_file() {
    auto executor = co_await asio::this_coro::executor;
    auto flushed = co_await Connection::flush();
    if (!flushed) co_return false;
    auto offset = response.file->offset();
    for (auto left = response.file->size(); left != 0;) {
        auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left, limits::file_part_bytes));
        left -= part;
        streamed_bytes_ += part;
        auto fetching = fetch(offset, part);
        auto fetched = co_await std::move(fetching);
        if (!fetched) co_return false;
        for (;;) {
            auto written = Connection::send_file(response.file->descriptor(), offset, part);
            if (written == Written::all) break;
            if (written == Written::failed) co_return false;
            auto waiting = writable();
            auto in_time = co_await std::move(waiting);
            if (!in_time) co_return false;
        }
        auto others = asio::post(executor, asio::deferred);
        co_await std::move(others);
    }
    co_return true;
}

asio::awaitable<bool> Session::fetch(std::uint64_t offset, std::size_t bytes) {
    std::string failure;
    try {
        auto fetching = response.file->fetch(offset, bytes);
        co_await std::move(fetching);
        co_return true;
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    } catch (...) {
        failure = "unknown exception";
    }
    service_.failed(request, failure);
    co_return false;
}

asio::awaitable<bool> Session::stream_pieces(Framing framing) {
    auto executor = co_await asio::this_coro::executor;
    std::string piece;
    for (auto step = BodySource::Step::more; step == BodySource::Step::more;) {
        piece.clear();
        if (piece.capacity() > limits::piece_bytes_kept) std::string().swap(piece);
        auto making = next_piece(piece);
        step = co_await std::move(making);
        if (step == BodySource::Step::broken) co_return false;
        if (piece.empty()) continue;
        if (framing == Framing::chunked) append_chunk_begin(out_, piece.size());
        large_ = piece;
        auto flushed = co_await Connection::flush();
        if (!flushed) {
            large_ = {};
            co_return false;
        }
        if (framing == Framing::chunked) out_.append(chunk_end);
        streamed_bytes_ += piece.size();
        // A peer that reads as fast as this writes must not keep the thread from its other connections.
        auto others = asio::post(executor, asio::deferred);
        co_await std::move(others);
    }
    if (framing == Framing::chunked) out_.append(last_chunk);
    co_return true;
}

asio::awaitable<BodySource::Step> Session::next_piece(std::string& piece) {
    std::string failure;
    try {
        auto making = response.source->next(piece);
        co_return co_await std::move(making);
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    } catch (...) {
        failure = "unknown exception";
    }
    service_.failed(request, failure);
    co_return BodySource::Step::broken;
}

}  // namespace alcove::http

// How a session sends a body that is made meanwhile.
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
    // HTTP/1.0 knows no chunks: the body ends with the connection.
    auto framing = head_.version == 10 ? Framing::until_close : Framing::chunked;
    auto has_pieces = carries_body(request.method, response.status);
    unread_ = !skip_body();
    close_ =
        unread_ || !parser_->keep_alive() || worker_.stopping() || (has_pieces && framing == Framing::until_close);
    now_ = Clock::now();
    append_stream_head(out_, response, framing, request.id, worker_.date(now_), persistence());
    auto whole = true;
    if (has_pieces) {
        auto sending = stream_pieces(framing);
        whole = co_await std::move(sending);
    }
    response.source.reset();
    now_ = Clock::now();
    co_return whole;
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

// The connection that writes, over HTTP or a WebSocket, several writes at once.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "http.hpp"
#include "loopback.hpp"
#include "stream.hpp"
#include "template.hpp"

class Writer {
public:
    // `publish` is the template of a write: an HTTP request, or, with an `upgrade`, a text frame behind that.
    Writer(std::string publish, std::string upgrade) : publish_(std::move(publish)), upgrade_(std::move(upgrade)) {}

    void open(std::uint16_t port, Poll& poll, std::uint64_t mark) {
        port_ = port;
        poll_ = &poll;
        mark_ = mark;
        connect();
        if (!upgrade_.empty()) send_small(socket_, upgrade_);
    }

    bool is_open() const { return upgrade_.empty() || stream_.is_open(); }
    bool is_lost() const { return lost_; }
    std::uint64_t answered() const { return answered_; }
    std::uint64_t bad_status() const { return bad_status_; }

    void write(std::uint64_t key_number, std::string_view value) {
        const std::string text = fill(publish_, key_number, value);
        if (socket_ < 0) connect();
        out_.append(upgrade_.empty() ? text : frame(text));
        ++sent_;
        flush();
    }

    // Sends what waits, and takes what has come.
    void serve() {
        if (!out_.empty()) flush();
        if (socket_ < 0) return;
        char buffer[16384];
        const ssize_t count = ::recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return over();
        in_.append(buffer, static_cast<std::size_t>(count));
        if (upgrade_.empty()) return take_answers();
        in_.erase(0, stream_.feed(in_, *this));
        if (stream_.is_over()) over();
    }

    // What the stream has: each frame is an answer.
    void text(std::string_view) { ++answered_; }
    void ping(std::string_view payload) { out_.append(frame(payload, 10)); }

private:
    void flush() {
        const ssize_t count = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno != EAGAIN) return over();
        if (count > 0) out_.erase(0, static_cast<std::size_t>(count));
        if (waits_for_room_ != out_.empty()) return;
        waits_for_room_ = !out_.empty();
        poll_->change(socket_, mark_, waits_for_room_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }

    void take_answers() {
        for (std::size_t end; (end = in_.find("\r\n\r\n")) != in_.npos;) {
            const std::size_t whole = end + 4 + content_length({in_.data(), end + 2});
            if (in_.size() < whole) return;
            if (in_[9] != '2') ++bad_status_;
            ++answered_;
            in_.erase(0, whole);
        }
    }

    void connect() {
        socket_ = connect_to(port_);
        poll_->add(socket_, mark_);
    }

    // Servers close connections on which no request has come for a while: that is nothing lost.
    void over() {
        ::close(std::exchange(socket_, -1));
        if (answered_ == sent_ && upgrade_.empty()) return;
        lost_ = true;
        std::fputs("the writer was closed\n", stderr);
    }

    std::string publish_;
    std::string upgrade_;
    std::uint16_t port_ = 0;
    Poll* poll_ = nullptr;
    std::uint64_t mark_ = 0;
    int socket_ = -1;
    Stream stream_;
    std::string in_;
    std::string out_;
    bool waits_for_room_ = false;
    bool lost_ = false;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t bad_status_ = 0;
};

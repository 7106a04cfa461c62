// One connection that watches: what it is told, event by event.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "loopback.hpp"
#include "stream.hpp"
#include "template.hpp"
#include "values.hpp"

// What all watchers have in common.
struct WatchPlan {
    std::string request;  // a template; {key} is the watcher's number
    std::string first;    // a template of a text frame that is sent behind the answer, unless empty
    std::string ready;    // in what a watcher is told before the first event
    Values values;
};

class Watcher {
public:
    void open(const WatchPlan& plan, std::uint16_t port, Poll& poll, std::uint64_t number) {
        number_ = number;
        socket_ = connect_to(port);
        poll.add(socket_, number, EPOLLIN | EPOLLET);
        send_small(socket_, fill(plan.request, number));
    }

    int socket() const { return socket_; }
    bool is_ready() const { return ready_; }
    std::uint64_t frames() const { return stream_.frames(); }
    const std::string& end() const { return stream_.end(); }  // empty when nothing was said

    // Takes all that has come, by way of a buffer that all watchers share, and calls event(stamp, in_order, now)
    // for each. False when the connection is over.
    template <class Event>
    bool receive(const WatchPlan& plan, std::vector<char>& buffer, Event&& event) {
        while (true) {
            const std::size_t kept = bytes_.copy(buffer.data(), bytes_.size());
            const std::size_t room = buffer.size() - kept;
            const ssize_t count = ::recv(socket_, buffer.data() + kept, room, MSG_DONTWAIT);
            if (count < 0 && errno == EAGAIN) return true;
            if (count <= 0) return false;
            take(plan, {buffer.data(), kept + static_cast<std::size_t>(count)}, event);
            if (stream_.is_over()) return false;
            if (static_cast<std::size_t>(count) < room) return true;
        }
    }

private:
    template <class Event>
    struct Sink {
        Watcher& watcher;
        const WatchPlan& plan;
        Event& event;
        Clock::time_point now;

        void text(std::string_view piece) const { watcher.take_text(piece, *this); }
        void ping(std::string_view payload) const { send_small(watcher.socket_, frame(payload, 10)); }
    };

    template <class Event>
    void take(const WatchPlan& plan, std::string_view bytes, Event& event) {
        const bool was_open = stream_.is_open();
        const Sink<Event> sink{*this, plan, event, Clock::now()};
        bytes_.assign(bytes.substr(stream_.feed(bytes, sink)));
        if (!was_open && stream_.is_open() && !plan.first.empty())
            send_small(socket_, frame(fill(plan.first, number_)));
    }

    template <class Event>
    void take_text(std::string_view piece, const Sink<Event>& sink) {
        const bool joined = !rest_.empty();
        if (joined) piece = rest_.append(piece);
        std::size_t used = 0;
        if (ready_) {
            used = sink.plan.values.scan(piece, [&](Stamp stamp) {
                sink.event(stamp, stamp.number == next_, sink.now);
                next_ = stamp.number + 1;
            });
        } else if (piece.find(sink.plan.ready) != piece.npos) {
            ready_ = true;
            used = piece.size();
        }
        if (joined)
            rest_.erase(0, used);
        else
            rest_.assign(piece.substr(used));
    }

    std::uint64_t number_ = 0;
    int socket_ = -1;
    Stream stream_;
    std::string bytes_;  // of a frame's header, say, that came in part
    std::string rest_;   // of the messages, where a value began in the end
    bool ready_ = false;
    std::uint64_t next_ = 0;
};

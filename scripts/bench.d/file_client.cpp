// A load client of large bodies: it sends or takes them, and drops what it takes.
//
// file_client port=N request=FILE connections=N seconds=S|count=N [paths=1] [rate=N] [sync=FOLDER]
// FILE is a template as `client` has it; a request that says a Content-Length has a body of so many bytes. Each of
// the connections sends one, takes the whole answer, and sends the next, in turns over `paths` {key}s of its own.
//   seconds  what was begun within so long is brought to its end, and counts
//   count    so many requests, by all connections together
//   rate     bounds the bytes of bodies that all connections together send in a second
//   sync     a request ends once the file of the key's name in that folder is synced
// Prints one line of JSON; times are in microseconds, `bytes` are those of bodies.
#include <fcntl.h>

#include <atomic>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "watch/http.hpp"
#include "watch/latencies.hpp"
#include "watch/loopback.hpp"
#include "watch/template.hpp"
#include "watch/words.hpp"

namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10;
constexpr timeval patience{.tv_sec = 30, .tv_usec = 0};

struct Plan {
    explicit Plan(const Words& words)
        : port(static_cast<std::uint16_t>(words.number("port"))),
          request(words.content("request")),
          body_bytes(content_length(request)),
          connections(words.number("connections", 1)),
          paths(words.number("paths", 1)),
          sync(words.text("sync")),
          rate_each(words.real("rate") / static_cast<double>(connections)),
          count(words.number("count")),
          seconds(words.real("seconds")) {}

    std::uint16_t port;
    std::string request;
    std::size_t body_bytes;
    std::size_t connections;
    std::size_t paths;
    std::string sync;
    double rate_each;
    std::uint64_t count;
    double seconds;
};

// What was measured, by all of the connections.
struct Figures {
    std::mutex mutex;
    std::uint64_t bytes = 0;  // of bodies, of requests and answers
    std::uint64_t requests = 0;
    std::uint64_t bad_status = 0;
    std::uint64_t socket_errors = 0;
    Latencies latencies;
};

// What bodies are made of, again and again: nothing that compresses.
std::string random_chunk() {
    std::mt19937_64 random(1);
    std::string chunk(chunk_bytes, ' ');
    for (char& c : chunk)
        c = static_cast<char>(random());
    return chunk;
}

void sync_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || ::fsync(file) != 0) fail(path.c_str());
    ::close(file);
}

// One connection. What it waits for blocks its thread.
class Connection {
public:
    explicit Connection(const Plan& plan) : plan_(plan), socket_(connect_to(plan.port)), begin_(Clock::now()) {
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    ~Connection() { ::close(socket_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // One request and its answer; false when the connection was lost.
    bool exchange(std::uint64_t key_number) {
        header_.clear();
        return send_all(fill(plan_.request, key_number)) && send_body() && receive_header() && receive_body();
    }

    // Of the last exchange.
    bool is_good() const { return header_.size() > 9 && header_[9] == '2'; }
    std::size_t answer_bytes() const { return content_length(header_); }

private:
    bool send_all(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    bool send_body() {
        static const std::string chunk = random_chunk();
        for (std::size_t left = plan_.body_bytes; left > 0;) {
            const std::string_view next = std::string_view(chunk).substr(0, left);
            keep_pace(next.size());
            if (!send_all(next)) return false;
            left -= next.size();
        }
        return true;
    }

    void keep_pace(std::size_t bytes) {
        if (plan_.rate_each == 0) return;
        std::this_thread::sleep_until(begin_ + from_seconds(static_cast<double>(sent_) / plan_.rate_each));
        sent_ += bytes;
    }

    bool receive_header() {
        std::size_t end = std::string::npos;
        while (end == std::string::npos) {
            const std::size_t count = receive();
            if (count == 0) return false;
            header_.append(buffer_.data(), count);
            end = header_.find("\r\n\r\n");
        }
        received_ = header_.size() - (end + 4);
        header_.resize(end + 4);
        return true;
    }

    bool receive_body() {
        const std::size_t whole = answer_bytes();
        while (received_ < whole) {
            const std::size_t count = receive();
            if (count == 0) return false;
            received_ += count;
        }
        return received_ == whole;
    }

    // How much came into the buffer; 0 when nothing more comes.
    std::size_t receive() {
        const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
        return count < 0 ? 0 : static_cast<std::size_t>(count);
    }

    const Plan& plan_;
    int socket_;
    Clock::time_point begin_;
    std::uint64_t sent_ = 0;
    std::string header_;
    std::size_t received_ = 0;  // of the body
    std::vector<char> buffer_ = std::vector<char>(chunk_bytes);
};

class Run {
public:
    explicit Run(const Plan& plan) : plan_(plan), begin_(Clock::now()), end_(begin_ + from_seconds(plan.seconds)) {}

    Figures& all() {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < plan_.connections; ++i)
            threads.emplace_back([this, i] { work(i); });
        for (std::thread& thread : threads)
            thread.join();
        return figures_;
    }

    double seconds() const { return to_seconds(Clock::now() - begin_); }

private:
    bool goes_on() { return plan_.count > 0 ? begun_++ < plan_.count : Clock::now() < end_; }

    void work(std::size_t number) {
        Connection connection(plan_);
        for (std::size_t turn = 0; goes_on(); ++turn) {
            const std::uint64_t key_number = number * plan_.paths + turn % plan_.paths;
            const auto sent = Clock::now();
            const bool whole = connection.exchange(key_number);
            if (whole && connection.is_good() && !plan_.sync.empty())
                sync_file(fill(plan_.sync + "/{key}", key_number));
            count(connection, whole, Clock::now() - sent);
            if (!whole) return;
        }
    }

    void count(const Connection& connection, bool whole, Clock::duration taken) {
        const std::lock_guard lock(figures_.mutex);
        if (!whole) return void(++figures_.socket_errors);
        ++figures_.requests;
        if (!connection.is_good()) return void(++figures_.bad_status);
        figures_.bytes += plan_.body_bytes + connection.answer_bytes();
        figures_.latencies.add(static_cast<std::uint64_t>(std::chrono::nanoseconds(taken).count()));
    }

    const Plan& plan_;
    Clock::time_point begin_;
    Clock::time_point end_;
    std::atomic<std::uint64_t> begun_ = 0;
    Figures figures_;
};

void print(const Figures& figures, double seconds) {
    const auto count = [](const char* name, std::uint64_t number) {
        std::printf("\"%s\":%llu,", name, static_cast<unsigned long long>(number));
    };
    std::printf("{");
    count("requests", figures.requests);
    count("bytes", figures.bytes);
    count("bad_status", figures.bad_status);
    count("socket_errors", figures.socket_errors);
    std::printf("\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", seconds,
                figures.latencies.percentile_us(0.5), figures.latencies.percentile_us(0.99),
                figures.latencies.max_us());
}

}  // namespace

int main(int argc, char** argv) {
    Words words;
    for (int i = 1; i < argc; ++i)
        words.add(argv[i]);
    const Plan plan(words);
    Run run(plan);
    const Figures& figures = run.all();
    print(figures, run.seconds());
}

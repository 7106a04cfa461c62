// A load client that sees stalls: wrk reports how slow requests were, this also how long nothing at all completed.
//
// client PORT TEMPLATE KEYS CONNECTIONS SECONDS SEED
// Each of the connections sends the template with {key} and {value} filled in (as requests.lua does), waits for the
// answer, and sends the next. With 0 seconds every key is sent once, in order. Prints one line of JSON: latencies
// in microseconds, `gap_max_ms` the longest time between two completions on any connection, `window_ms` and
// `window_min` the fewest completions in such a window, `per_second` the completions of each second.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "watch/http.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t value_bytes = 100;
constexpr std::size_t values = 64;
constexpr int window_ms = 100;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

double microseconds(Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

// Fills the template; the answer is valid until the next call.
class Requests {
public:
    enum class Order { random, each_once };

    Requests(const char* file, std::uint64_t keys, std::uint64_t seed, Order order)
        : random_(seed), key_(0, keys - 1), order_(order) {
        std::ifstream in(file, std::ios::binary);
        template_.assign(std::istreambuf_iterator<char>(in), {});
        if (template_.empty()) fail(file);
        for (std::string& value : values_)
            value = random_value();
    }

    std::uint64_t sent() const { return sent_; }
    bool exhausted() const { return order_ == Order::each_once && sent_ > key_.max(); }

    const std::string& next() {
        current_ = order_ == Order::random ? key_(random_) : sent_;
        ++sent_;
        text_.clear();
        std::string_view rest = template_;
        for (std::size_t at; (at = rest.find('{')) != rest.npos;) {
            text_.append(rest.substr(0, at));
            rest.remove_prefix(at);
            if (rest.starts_with("{key}")) {
                append_key();
                rest.remove_prefix(5);
            } else if (rest.starts_with("{value}")) {
                text_.append(values_[random_() % values]);
                rest.remove_prefix(7);
            } else {
                text_.push_back('{');
                rest.remove_prefix(1);
            }
        }
        return text_.append(rest);
    }

private:
    std::string random_value() {
        constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        std::string value(value_bytes, ' ');
        for (char& c : value)
            c = alphabet[random_() % alphabet.size()];
        return value;
    }

    void append_key() {
        char digits[7];
        std::uint64_t number = current_;
        for (int at = 6; at >= 0; --at, number /= 10)
            digits[at] = static_cast<char>('0' + number % 10);
        text_.push_back('k');
        text_.append(digits, sizeof digits);
    }

    std::mt19937_64 random_;
    std::uniform_int_distribution<std::uint64_t> key_;
    Order order_;
    std::uint64_t sent_ = 0;
    std::uint64_t current_ = 0;
    std::string template_;
    std::array<std::string, values> values_;
    std::string text_;
};

// What was measured, from the first request on.
struct Figures {
    Clock::time_point begin;
    Clock::time_point last_completion;
    Clock::duration gap_max{};
    std::vector<float> latencies;
    std::vector<std::uint32_t> windows;
    std::uint64_t bad_status = 0;
    std::uint64_t socket_errors = 0;

    // Requests that nothing more will come for.
    std::uint64_t done() const { return latencies.size() + socket_errors; }

    void completed(Clock::time_point sent, Clock::time_point now) {
        latencies.push_back(static_cast<float>(microseconds(now - sent)));
        gap_max = std::max(gap_max, now - last_completion);
        last_completion = now;
        const std::size_t window = static_cast<std::size_t>(microseconds(now - begin) / 1000 / window_ms);
        if (window >= windows.size()) windows.resize(window + 1);
        ++windows[window];
    }
};

struct Connection {
    int socket = -1;
    std::string answer;
    Clock::time_point sent;
};

int connect_to(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    return socket;
}

void send(Connection& connection, Requests& requests) {
    const std::string& text = requests.next();
    connection.answer.clear();
    connection.sent = Clock::now();
    if (::send(connection.socket, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
        fail("send");
}

bool is_whole(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end != answer.npos && answer.size() >= end + 4 + content_length({answer.data(), end + 2});
}

// Reads what has come; returns true when the answer is whole.
bool receive(Connection& connection, Figures& figures) {
    char buffer[16384];
    const ssize_t count = ::recv(connection.socket, buffer, sizeof buffer, 0);
    if (count <= 0) {
        ++figures.socket_errors;
        ::close(connection.socket);
        connection.socket = -1;
        return false;
    }
    connection.answer.append(buffer, static_cast<std::size_t>(count));
    if (!is_whole(connection.answer)) return false;
    if (connection.answer.size() < 12 || connection.answer[9] != '2') ++figures.bad_status;
    figures.completed(connection.sent, Clock::now());
    return true;
}

Figures run(std::uint16_t port, Requests& requests, std::size_t count, double seconds) {
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Connection> connections(count);
    Figures figures;
    figures.begin = figures.last_completion = Clock::now();
    std::size_t open = 0;
    for (std::size_t i = 0; i < count && !requests.exhausted(); ++i, ++open) {
        connections[i].socket = connect_to(port);
        epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
        ::epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].socket, &event);
        send(connections[i], requests);
    }
    const auto end =
        figures.begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    std::array<epoll_event, 256> events;
    const auto goes_on = [&] { return seconds == 0 ? figures.done() < requests.sent() : Clock::now() < end; };
    while (goes_on() && figures.socket_errors < open) {
        const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < ready; ++i) {
            Connection& connection = connections[events[static_cast<std::size_t>(i)].data.u64];
            if (receive(connection, figures) && !requests.exhausted()) send(connection, requests);
        }
    }
    figures.gap_max = std::max(figures.gap_max, Clock::now() - figures.last_completion);
    return figures;
}

void print(Figures& figures, double seconds) {
    auto& times = figures.latencies;
    if (times.empty()) times.push_back(0);
    std::sort(times.begin(), times.end());
    figures.windows.resize(std::max<std::size_t>(1, static_cast<std::size_t>(seconds * 1000 / window_ms)));
    std::printf("{\"requests\":%zu,\"seconds\":%.6f,\"bad_status\":%llu,\"socket_errors\":%llu,", times.size(),
                seconds, static_cast<unsigned long long>(figures.bad_status),
                static_cast<unsigned long long>(figures.socket_errors));
    std::printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"gap_max_ms\":%.3f,", times[times.size() / 2],
                times[times.size() * 99 / 100], times.back(), microseconds(figures.gap_max) / 1000);
    std::printf("\"window_ms\":%d,\"window_min\":%u,\"per_second\":[", window_ms,
                *std::min_element(figures.windows.begin(), figures.windows.end()));
    constexpr std::size_t in_second = 1000 / window_ms;
    for (std::size_t at = 0; at + in_second <= figures.windows.size(); at += in_second) {
        unsigned sum = 0;
        for (std::size_t i = at; i < at + in_second; ++i)
            sum += figures.windows[i];
        std::printf("%s%u", at == 0 ? "" : ",", sum);
    }
    std::puts("]}");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) return std::fputs("usage: client PORT TEMPLATE KEYS CONNECTIONS SECONDS SEED\n", stderr), 2;
    const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
    const double seconds = std::strtod(argv[5], nullptr);
    const auto order = seconds == 0 ? Requests::Order::each_once : Requests::Order::random;
    Requests requests(argv[2], number(3), number(6), order);
    Figures figures = run(static_cast<std::uint16_t>(number(1)), requests, number(4), seconds);
    const std::chrono::duration<double> taken = Clock::now() - figures.begin;
    print(figures, seconds == 0 ? taken.count() : seconds);
}

// A load client of watches: many watchers, one writer, and what the watchers were told of its writes.
//
// watch_client port=N watchers=N request=FILE ready=TEXT [first=FILE] [publish=FILE [upgrade=FILE]]
//              [value_bytes=100] [value64=1] [keys=1000]
// FILEs are templates as `client` has them. `request` is what a watcher sends, with {key} for its number, `first`
// a text frame that it sends behind that; it is ready when it was sent the text `ready`. `publish` is one write: an
// HTTP request, or behind `upgrade` a text frame, which is answered by a frame. Prints {"ready":N} when all are.
//
// Then each line of the input is a run, and answered by a line of JSON:
//   seconds=S rate=R
//     R writes a second for so long.
//   seconds=S window=W
//     As many as go while W are under way: not yet answered, or not yet told to every watcher.
//   count=N seconds=S window=W [stall=T]
//     N writes, within S seconds. Until they are answered, but T seconds at most, no watcher reads anything.
// `requests` are the events that came in that time, `told` and `frames` those that came at all, latencies are from
// a write's sending to its receipt by a watcher. `disorder` counts events that were not the next, `missing` those
// that did not come in the end.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "watch/latencies.hpp"
#include "watch/watcher.hpp"
#include "watch/words.hpp"
#include "watch/writer.hpp"

namespace {

constexpr std::size_t opening_max = 256;  // connections under way at once, far below any server's backlog
constexpr double opening_seconds_max = 60;
constexpr double drain_seconds_max = 20;
constexpr std::size_t buffer_bytes = std::size_t{256} << 10;

struct Figures {
    double seconds = 0;
    double write_seconds = 0;
    double stalled_seconds = 0;
    std::uint64_t events = 0;
    std::uint64_t told = 0;
    std::uint64_t frames = 0;
    std::uint64_t writes = 0;
    std::uint64_t bad_status = 0;
    std::uint64_t lost = 0;
    std::uint64_t disorder = 0;
    std::uint64_t missing = 0;
    Latencies latencies;
};

class Client {
public:
    explicit Client(const Words& words)
        : port_(static_cast<std::uint16_t>(words.number("port"))),
          plan_{words.content("request"), words.content("first"), words.text("ready"),
                Values(words.number("value_bytes", 100), words.number("value64") != 0)},
          keys_(words.number("keys", 1000)),
          writes_(!words.text("publish").empty()),
          writer_(words.content("publish"), words.content("upgrade")),
          watchers_(words.number("watchers")) {}

    // False when that does not succeed in time.
    bool open() {
        poll_.add(STDIN_FILENO, input_mark);
        if (writes_) writer_.open(port_, poll_, writer_mark);
        const auto end = Clock::now() + from_seconds(opening_seconds_max);
        for (std::size_t opened = 0; ready_ < watchers_.size() || !writer_.is_open();) {
            for (; opened < watchers_.size() && opened - ready_ < opening_max; ++opened)
                watchers_[opened].open(plan_, port_, poll_, opened);
            serve(end);
            if (lost() > 0 || Clock::now() > end) return false;
        }
        return true;
    }

    std::size_t ready() const { return ready_; }

    // The next line of the input; false at its end.
    bool next_order(std::string& line) {
        while (input_.find('\n') == input_.npos && !input_over_)
            serve(Clock::now() + std::chrono::seconds(1));
        const std::size_t end = input_.find('\n');
        if (end == input_.npos) return false;
        line = input_.substr(0, end);
        input_.erase(0, end + 1);
        return true;
    }

    Figures run(const Words& order) {
        const std::uint64_t count = order.number("count"), window = order.number("window", 1);
        const double rate = order.real("rate");
        const std::uint64_t first = sent_, frames = frames_of_all(), bad_status = writer_.bad_status();
        const auto begin = Clock::now();
        const auto end = begin + from_seconds(order.real("seconds"));
        const auto drain_end = count > 0 ? end : end + from_seconds(drain_seconds_max);
        const auto stall_end = begin + from_seconds(order.real("stall"));
        bool stalled = stall_end > begin;
        figures_ = {};
        counted_until_ = end;
        if (stalled) set_reading(false);
        while (lost() == 0) {
            const auto now = Clock::now();
            const bool writing = now < end && (count == 0 || sent_ - first < count);
            const auto due = begin + from_seconds(rate > 0 ? static_cast<double>(sent_ - first) / rate : 0);
            const std::uint64_t under_way = sent_ - (stalled ? writer_.answered() : past());
            if (writing && now >= due && (rate > 0 || under_way < window)) {
                write();
                continue;
            }
            const bool answered = !writing && writer_.answered() == sent_;
            if (answered && figures_.write_seconds == 0) figures_.write_seconds = to_seconds(now - begin);
            if (stalled && (answered || now >= stall_end)) {
                stalled = false;
                figures_.stalled_seconds = to_seconds(now - begin);
                set_reading(true);
            }
            if (!writing && (past() == sent_ || now >= drain_end)) break;
            const auto next = !writing ? drain_end : rate > 0 ? std::min(due, end) : end;
            serve(stalled ? std::min(next, stall_end) : next);
        }
        figures_.seconds = to_seconds((count > 0 ? Clock::now() : end) - begin);
        figures_.writes = sent_ - first;
        figures_.frames = frames_of_all() - frames;
        figures_.bad_status = writer_.bad_status() - bad_status;
        figures_.lost = lost();
        for (std::uint64_t number = told_to_all_; number < sent_; ++number)
            figures_.missing += watchers_.size() - told_[number];
        return figures_;
    }

private:
    static constexpr std::uint64_t writer_mark = ~std::uint64_t{0};
    static constexpr std::uint64_t input_mark = writer_mark - 1;

    // Writes that nothing more will come for.
    std::uint64_t past() const { return std::min(writer_.answered(), told_to_all_); }
    std::uint64_t lost() const { return lost_ + (writer_.is_lost() ? 1 : 0); }

    void serve(Clock::time_point until) {
        poll_.wait(until, [&](std::uint64_t mark) {
            if (mark == input_mark)
                receive_input();
            else if (mark == writer_mark)
                writer_.serve();
            else
                receive(watchers_[mark]);
        });
    }

    void receive_input() {
        char text[4096];
        const ssize_t count = ::read(STDIN_FILENO, text, sizeof text);
        if (count > 0) return void(input_.append(text, static_cast<std::size_t>(count)));
        input_over_ = true;
        poll_.remove(STDIN_FILENO);
    }

    void receive(Watcher& watcher) {
        const bool was_ready = watcher.is_ready();
        const bool goes_on = watcher.receive(
            plan_, buffer_, [&](Stamp stamp, bool in_order, Clock::time_point now) { take(stamp, in_order, now); });
        if (!was_ready && watcher.is_ready()) ++ready_;
        if (goes_on) return;
        if (lost_++ == 0) std::fprintf(stderr, "a watcher was closed: %s\n", watcher.end().c_str());
        poll_.remove(watcher.socket());
    }

    void take(Stamp stamp, bool in_order, Clock::time_point now) {
        if (!in_order) ++figures_.disorder;
        if (stamp.number >= sent_ || told_[stamp.number] == watchers_.size()) return void(++figures_.disorder);
        ++told_[stamp.number];
        advance();
        ++figures_.told;
        if (now < counted_until_) ++figures_.events;
        figures_.latencies.add(nanoseconds(now) - stamp.sent_ns);
    }

    void advance() {
        while (told_to_all_ < sent_ && told_[told_to_all_] == watchers_.size())
            ++told_to_all_;
    }

    void write() {
        writer_.write(sent_ % keys_, plan_.values.make({.sent_ns = nanoseconds(Clock::now()), .number = sent_}));
        told_.push_back(0);
        ++sent_;
        advance();
    }

    void set_reading(bool reading) {
        for (std::size_t i = 0; i < watchers_.size(); ++i)
            poll_.change(watchers_[i].socket(), i, reading ? EPOLLIN | EPOLLET : 0);
    }

    std::uint64_t frames_of_all() const {
        std::uint64_t frames = 0;
        for (const Watcher& watcher : watchers_)
            frames += watcher.frames();
        return frames;
    }

    std::uint16_t port_;
    WatchPlan plan_;
    std::uint64_t keys_;
    bool writes_;
    Poll poll_;
    Writer writer_;
    std::vector<Watcher> watchers_;
    std::vector<char> buffer_ = std::vector<char>(buffer_bytes);
    std::string input_;
    bool input_over_ = false;
    std::size_t ready_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t told_to_all_ = 0;    // of the writes, how many came to every watcher
    std::vector<std::uint32_t> told_;  // to how many each came
    Clock::time_point counted_until_;
    Figures figures_;
};

void print(const Figures& figures) {
    const auto count = [](const char* name, std::uint64_t number) {
        std::printf("\"%s\":%llu,", name, static_cast<unsigned long long>(number));
    };
    std::printf("{");
    count("requests", figures.events);
    count("frames", figures.frames);
    count("writes", figures.writes);
    count("told", figures.told);
    count("bad_status", figures.bad_status);
    count("socket_errors", figures.lost);
    count("disorder", figures.disorder);
    count("missing", figures.missing);
    std::printf("\"seconds\":%.6f,\"write_seconds\":%.3f,\"stalled_seconds\":%.3f,", figures.seconds,
                figures.write_seconds, figures.stalled_seconds);
    std::printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", figures.latencies.percentile_us(0.5),
                figures.latencies.percentile_us(0.99), figures.latencies.max_us());
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    Words words;
    for (int i = 1; i < argc; ++i)
        words.add(argv[i]);
    Client client(words);
    const bool open = client.open();
    std::printf("{\"ready\":%zu}\n", client.ready());
    std::fflush(stdout);
    if (!open) return std::fputs("not all watchers became ready\n", stderr), 1;
    for (std::string line; client.next_order(line);) {
        Words order;
        std::istringstream in(line);
        for (std::string word; in >> word;)
            order.add(word);
        print(client.run(order));
    }
}

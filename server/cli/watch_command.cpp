// `alcove watch`: asks for the events of a namespace, again and again, each time from where it was.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "server/cli/event_stream.hpp"
#include "server/cli/interruption.hpp"
#include "server/cli/output.hpp"
#include "server/cli/remote.hpp"
#include "server/cli/watch_place.hpp"
#include "server/cli/watch_reader.hpp"
#include "server/webhooks/backoff.hpp"

namespace alcove::cli {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// The server says something every 15 seconds.
constexpr auto silence_max = std::chrono::seconds(45);

// The first wait is of 0.2 to 0.4 seconds.
constexpr webhooks::BackoffOptions backoff{.first = milliseconds(400), .max = milliseconds(10'000)};

// A text of 16 MiB may need six bytes for each of its own, and --previous shows two of them.
constexpr std::size_t frame_bytes_max = 208 << 20;

struct WatchFlags {
    NamespaceFlags space{};
    std::string prefix{};
    std::string from{};
    std::string operations{};
    std::string cursor_file{};
    std::optional<std::uint64_t> count{};
    bool latest = false;
    bool no_values = false;
    bool previous = false;
};

// What is wrong with the server passes; what is wrong with the request does not.
bool may_pass(long status) {
    return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

milliseconds retry_after(const Response& answer) {
    const std::string text = answer.header("retry-after");
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 60));
}

WatchLines lines_for(const Context& context) {
    const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
    return {context.output(), is_terminal ? WatchLines::Target::terminal : WatchLines::Target::program};
}

class Watch {
public:
    Watch(const Context& context, const WatchFlags& flags)
        : flags_(flags),
          is_quiet_(context.output() == Output::ids),
          from_(flags.from),
          client_(context.settings()),
          place_(flags.cursor_file),
          reader_(place_, lines_for(context), flags.count,
                  [this](std::string_view lines) { return interruption_.write(lines); }) {}

    // The signal to end by; 0 when as much is told as was asked for.
    int run() {
        try {
            go_on();
        } catch (const Failure&) {
            place_.save();
            throw;
        }
        place_.save();
        return reader_.is_enough() ? 0 : interruption_.signal();
    }

private:
    void go_on() {
        for (;;) {
            const std::string why = ask();
            if (reader_.is_enough() || interruption_.signal() != 0) return;
            if (!reader_.reset().empty()) {
                say(reader_.reset() + "; a snapshot of what there is now follows");
                from_ = "snapshot";
                // Only where nothing came since the last one it would be asked for without a pause.
                if (std::exchange(was_reset_, true)) wait();
            } else {
                if (!std::exchange(is_away_, true)) note(why + "; trying again");
                wait();
            }
        }
    }

    // One request, as long as it lasts. Answers why it is over.
    std::string ask() {
        const Request request = next_request();
        EventStream stream([this](const StreamEvent& frame) { take(frame); }, frame_bytes_max);
        reader_.begin(place_.cursor().empty() && from_ == "snapshot" ? WatchReader::Begin::snapshot
                                                                     : WatchReader::Begin::events);
        heard_at_ = Clock::now();
        asked_wait_ = {};
        try {
            const auto answer = client_.send(request, [&](std::string_view piece) {
                stream.pass(piece);
                heard_at_ = Clock::now();
            });
            asked_wait_ = retry_after(answer);
            return reason_of_end(answer);
        } catch (const NoAnswer& failure) {
            return failure.what();
        }
    }

    Request next_request() {
        auto request = namespace_request(flags_.space, "GET", "/watch");
        const auto add = [&](const char* name, const std::string& value) {
            if (!value.empty()) request.query.emplace_back(name, value);
        };
        const std::string& cursor = place_.cursor();
        add("prefix", flags_.prefix);
        add("from", cursor.empty() ? from_ : "");
        add("mode", flags_.latest ? "latest" : "");
        add("values", flags_.no_values ? "false" : "");
        add("previous", flags_.previous ? "true" : "");
        add("operations", flags_.operations);
        request.headers.emplace_back("Accept", "text/event-stream");
        if (!cursor.empty()) request.headers.emplace_back("Last-Event-ID", cursor);
        request.goes_on = [this] {
            place_.save_when_due();
            return interruption_.signal() == 0 && !reader_.is_over() && !is_silent();
        };
        return request;
    }

    // Throws Failure for what will not pass.
    std::string reason_of_end(const Response& answer) const {
        if (reader_.is_over()) return {};
        if (is_silent()) return "nothing came for " + std::to_string(silence_max.count()) + " seconds";
        if (answer.status == 0) return {};
        if (!answer.is_success()) {
            const Failure failure = failure_of(answer);
            if (!may_pass(answer.status)) throw failure;
            return failure.what();
        }
        if (!answer.header("content-type").starts_with("text/event-stream"))
            throw Failure(exit_failure, "the server's answer is no stream of events");
        return "the server ended the stream";
    }

    void take(const StreamEvent& frame) {
        if (std::exchange(is_away_, false)) note("connected again");
        attempts_ = 0;
        reader_.take(frame);
        if (frame.type == "synced" || frame.type == "events") was_reset_ = false;
    }

    bool is_silent() const { return Clock::now() - heard_at_ >= silence_max; }

    void wait() {
        const double drawn = std::uniform_real_distribution<>()(random_);
        interruption_.wait(std::max(asked_wait_, webhooks::delay(++attempts_, drawn, backoff)));
    }

    static void say(const std::string& text) { std::fprintf(stderr, "alcove: %s\n", printable(text).c_str()); }

    void note(const std::string& text) const {
        if (!is_quiet_) say(text);
    }

    const WatchFlags& flags_;
    bool is_quiet_;
    std::string from_;  // as long as there is no cursor
    Interruption interruption_{};
    Client client_;
    WatchPlace place_;
    WatchReader reader_;
    Clock::time_point heard_at_{};
    milliseconds asked_wait_{};
    std::uint64_t attempts_ = 0;  // in a row, without a frame
    bool was_reset_ = false;      // and nothing was told since
    bool is_away_ = false;        // the server, and that was noted
    std::mt19937_64 random_{std::random_device{}()};
};

int run_watch(const Context& context, const WatchFlags& flags) {
    const int signal = Watch(context, flags).run();
    if (signal != 0) end_by(signal);
    return exit_ok;
}

}  // namespace

void add_watch_command(CLI::App& app, Context& context) {
    const auto flags = std::make_shared<WatchFlags>();
    CLI::App& verb = add_verb(app, context, "", "watch", "Prints a line for each change of keys, as it happens",
                              [&context, flags] { return run_watch(context, *flags); });
    verb.add_option("--prefix", flags->prefix, "only keys that begin so");
    verb.add_option("--from", flags->from,
                    "now, when not given; snapshot, what there is first; or a cursor. For the first time only: a "
                    "--cursor-file that exists goes before it")
        ->type_name("now|snapshot|CURSOR");
    verb.add_flag("--latest", flags->latest, "of what waits together, the last change of each key alone");
    verb.add_flag("--no-values", flags->no_values, "without values");
    verb.add_flag("--previous", flags->previous, "with what was there before");
    verb.add_option("--operations", flags->operations,
                    "some of put, delete and expire, with commas between; else all");
    verb.add_option("--cursor-file", flags->cursor_file,
                    "keeps how far it came, and goes on from there when it is started again")
        ->type_name("FILE");
    verb.add_option("--count", flags->count,
                    "ends after so many lines, with --cursor-file not inside a transaction")
        ->type_name("N")
        ->check(CLI::PositiveNumber);
    add_namespace_options(verb, flags->space);
    add_settings_options(verb, context);
    add_output_options(verb, context);
}

}  // namespace alcove::cli

// What ends a command that would go on for ever: a signal, or a stdout that nobody reads any more.
#pragma once

#include <signal.h>

#include <chrono>
#include <string_view>
#include <vector>

namespace alcove::cli {

// While it lives, SIGINT, SIGTERM and SIGHUP are remembered, unless they are ignored already, and SIGPIPE ends
// nothing. One at a time, on the only thread.
class Interruption {
public:
    Interruption();
    ~Interruption();
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;

    // The signal to end by, 0 when there is none; SIGPIPE when nobody reads stdout.
    int signal();

    // The signal alone, whoever reads stdout.
    static int caught_signal();

    // Shorter when there is something to end by.
    void wait(std::chrono::milliseconds duration);

    // To stdout, past its buffer. False when there was something to end by before all of it was taken. Throws
    // Failure.
    bool write(std::string_view text);

private:
    void take_over(int number, void (*handler)(int));
    bool wait_for_stdout(short events, const std::chrono::milliseconds* duration);

    struct Former {
        int number;
        struct sigaction action;
    };
    std::vector<Former> former_{};
    bool is_stdout_closed_ = false;
};

// Ends the process as the signal would have, so that a shell sees why.
[[noreturn]] void end_by(int signal);

}  // namespace alcove::cli

#include "server/cli/interruption.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "server/cli/cli.hpp"

namespace alcove::cli {

namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void remember(int number) {
    caught = number;
}

// Between the look at `caught` and the wait no signal may come unseen: they come in the wait alone.
class HeldSignals {
public:
    explicit HeldSignals(const std::vector<int>& numbers) {
        sigset_t held;
        ::sigemptyset(&held);
        for (const int number : numbers)
            ::sigaddset(&held, number);
        ::sigprocmask(SIG_BLOCK, &held, &former_);
    }
    ~HeldSignals() { ::sigprocmask(SIG_SETMASK, &former_, nullptr); }
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    const sigset_t* former() const { return &former_; }

private:
    sigset_t former_{};
};

timespec timespec_of(std::chrono::milliseconds duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
    return {.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(duration - seconds).count()};
}

}  // namespace

Interruption::Interruption() {
    caught = 0;
    // Before something else gets its number.
    is_stdout_closed_ = ::fcntl(STDOUT_FILENO, F_GETFD) < 0;
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        take_over(number, remember);
    take_over(SIGPIPE, SIG_IGN);
}

Interruption::~Interruption() {
    for (const Former& former : former_)
        ::sigaction(former.number, &former.action, nullptr);
}

void Interruption::take_over(int number, void (*handler)(int)) {
    Former former{.number = number, .action = {}};
    ::sigaction(number, nullptr, &former.action);
    if (former.action.sa_handler == SIG_IGN) return;  // as nohup asks for
    struct sigaction action{};
    action.sa_handler = handler;
    ::sigaction(number, &action, nullptr);  // without SA_RESTART: what waits goes on
    former_.push_back(former);
}

int Interruption::signal() {
    constexpr std::chrono::milliseconds at_once{0};
    wait_for_stdout(0, &at_once);
    return caught != 0 ? caught : is_stdout_closed_ ? SIGPIPE : 0;
}

int Interruption::caught_signal() {
    return caught;
}

void Interruption::wait(std::chrono::milliseconds duration) {
    wait_for_stdout(0, &duration);
}

bool Interruption::write(std::string_view text) {
    while (!text.empty()) {
        if (!wait_for_stdout(POLLOUT, nullptr)) return false;
        // So much a pipe takes without waiting, when it takes anything.
        const ssize_t taken = ::write(STDOUT_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (taken < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (taken < 0 && errno == EPIPE) is_stdout_closed_ = true;
        if (taken < 0 && !is_stdout_closed_) throw Failure(exit_failure, "stdout cannot be written");
        if (taken > 0) text.remove_prefix(static_cast<std::size_t>(taken));
    }
    return true;
}

// False when there is something to end by. Without a duration it waits until stdout is ready.
bool Interruption::wait_for_stdout(short events, const std::chrono::milliseconds* duration) {
    const HeldSignals held({SIGINT, SIGTERM, SIGHUP});
    if (caught != 0 || is_stdout_closed_) return false;
    pollfd out{.fd = STDOUT_FILENO, .events = events, .revents = 0};
    const timespec limit = duration == nullptr ? timespec{} : timespec_of(*duration);
    ::ppoll(&out, 1, duration == nullptr ? nullptr : &limit, held.former());
    if ((out.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) is_stdout_closed_ = true;
    return caught == 0 && !is_stdout_closed_;
}

void end_by(int signal) {
    std::signal(signal, SIG_DFL);
    ::raise(signal);
    std::_Exit(128 + signal);  // when it was blocked
}

}  // namespace alcove::cli

// Runs crash_writer for a while and kills it.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/crash/writer_process.hpp"

extern char** environ;

namespace alcove::test {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto opening_patience = std::chrono::seconds(30);

struct Process {
    pid_t pid = -1;
    int output = -1;
};

Process start(std::vector<std::string> arguments) {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    Process process;
    process.output = ends[0];
    const int failed = ::posix_spawn(&process.pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    BOOST_REQUIRE_MESSAGE(failed == 0, "cannot start " << argv[0]);
    return process;
}

// Appends what is there; false at the end of the stream. Waits until `deadline` at most.
bool read_some(int from, std::string& text, Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd ready{.fd = from, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(std::max<long>(left, 0))) <= 0) return true;
    char bytes[65536];
    const ssize_t size = ::read(from, bytes, sizeof bytes);
    if (size <= 0) return false;
    text.append(bytes, static_cast<std::size_t>(size));
    return true;
}

}  // namespace

std::vector<std::string> run_writer_and_kill(const std::filesystem::path& folder, std::uint64_t seed,
                                             std::chrono::milliseconds life, bool from_start) {
    const Process process = start({CRASH_WRITER, folder.string(), std::to_string(seed)});
    std::string text;
    bool open = true;
    const auto patience = Clock::now() + opening_patience;
    while (!from_start && open && text.find("ready\n") == std::string::npos && Clock::now() < patience)
        open = read_some(process.output, text, patience);
    const auto end = Clock::now() + life;
    while (open && Clock::now() < end)
        open = read_some(process.output, text, end);
    ::kill(process.pid, SIGKILL);
    while (read_some(process.output, text, Clock::now() + opening_patience)) {
    }
    ::close(process.output);
    int status = 0;
    ::waitpid(process.pid, &status, 0);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "the writer ended by itself: " << text);
    std::vector<std::string> lines;
    for (std::size_t at = 0, next = 0; (next = text.find('\n', at)) != std::string::npos; at = next + 1)
        lines.push_back(text.substr(at, next - at));
    return lines;
}

}  // namespace alcove::test

// Runs crash_writer and kills it.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "tests/crash/writer_process.hpp"

extern char** environ;

namespace alcove::test {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto opening_patience = std::chrono::seconds(30);
constexpr auto look_interval = std::chrono::milliseconds(2);

struct Started {
    pid_t pid = -1;
    int output = -1;
};

Started start(std::vector<std::string> arguments) {
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
    Started process;
    process.output = ends[0];
    const int failed = ::posix_spawn(&process.pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    BOOST_REQUIRE_MESSAGE(failed == 0, "cannot start " << argv[0]);
    return process;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0, next = 0; (next = text.find('\n', at)) != std::string::npos; at = next + 1)
        lines.push_back(text.substr(at, next - at));
    return lines;
}

}  // namespace

WriterProcess::WriterProcess(const std::filesystem::path& folder, std::uint64_t seed, std::uint64_t history_bytes) {
    const Started started =
        start({CRASH_WRITER, folder.string(), std::to_string(seed), std::to_string(history_bytes)});
    pid_ = started.pid;
    output_ = started.output;
    reader_ = std::thread([this] {
        char bytes[65536];
        for (ssize_t size = 0; (size = ::read(output_, bytes, sizeof bytes)) > 0;) {
            const std::lock_guard lock(mutex_);
            text_.append(bytes, static_cast<std::size_t>(size));
        }
        const std::lock_guard lock(mutex_);
        ended_ = true;
    });
}

WriterProcess::~WriterProcess() {
    if (pid_ > 0) kill();
}

bool WriterProcess::ended() const {
    const std::lock_guard lock(mutex_);
    return ended_;
}

bool WriterProcess::wait_until_ready() const {
    const auto deadline = Clock::now() + opening_patience;
    while (Clock::now() < deadline && !ended()) {
        {
            const std::lock_guard lock(mutex_);
            if (text_.find("ready\n") != std::string::npos) return true;
        }
        std::this_thread::sleep_for(look_interval);
    }
    return false;
}

std::vector<std::string> WriterProcess::lines() const {
    const std::lock_guard lock(mutex_);
    return lines_of(text_);
}

std::vector<std::string> WriterProcess::kill() {
    ::kill(pid_, SIGKILL);
    reader_.join();
    ::close(output_);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "the writer ended by itself: " << text_);
    return lines_of(text_);
}

std::vector<std::string> run_writer_and_kill(const std::filesystem::path& folder, std::uint64_t seed,
                                             std::chrono::milliseconds life, bool from_start) {
    WriterProcess process(folder, seed);
    if (!from_start) process.wait_until_ready();
    std::this_thread::sleep_for(life);
    return process.kill();
}

}  // namespace alcove::test

// Programs that tests start.
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

extern char** environ;

namespace alcove::test {

namespace {

std::vector<std::string> environment_with(const Environment& more) {
    std::vector<std::string> out;
    for (char** variable = environ; *variable; ++variable) {
        const std::string text = *variable;
        const bool given = more.contains(text.substr(0, text.find('=')));
        if (!given && !text.starts_with("ALCOVE_")) out.push_back(text);
    }
    for (const auto& [name, value] : more)
        out.push_back(name + "=" + value);
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

struct Started {
    pid_t pid;
    int output;  // a pipe's reading end
};

constexpr int inherited = -1;

Started start(std::vector<std::string> arguments, const Environment& environment, int input = inherited) {
    int pipe_ends[2];
    if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<std::string> variables = environment_with(environment);
    const std::vector<char*> argv = pointers(arguments);
    const std::vector<char*> envp = pointers(variables);
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (input != inherited) ::dup2(input, STDIN_FILENO);
        ::dup2(pipe_ends[1], STDOUT_FILENO);
        ::dup2(pipe_ends[1], STDERR_FILENO);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(pipe_ends[1]);
    return {pid, pipe_ends[0]};
}

// Appends what is there, after waiting for it; false at the end.
bool read_some(int from, std::string& out) {
    char buffer[4096];
    const ssize_t got = ::read(from, buffer, sizeof buffer);
    if (got > 0) out.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string after(const std::string& text, const std::string& mark) {
    const std::size_t at = text.find(mark);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + mark.size();
    return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

bool echoes(int terminal) {
    termios state{};
    return ::tcgetattr(terminal, &state) == 0 && (state.c_lflag & ECHO) != 0;
}

// Programs ask first and set the terminal then. Gives up after ten seconds.
void wait_for_echo(int terminal, Typed::Echo echo) {
    for (int i = 0; i < 1000 && echoes(terminal) != (echo == Typed::Echo::on); ++i)
        ::usleep(10'000);
}

Finished finish(const Started& started) {
    Finished finished;
    while (read_some(started.output, finished.output)) {
    }
    ::close(started.output);
    finished.status = wait_for(started.pid);
    return finished;
}

std::vector<std::string> serve_arguments(const std::filesystem::path& data, const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {ALCOVE_BINARY, "serve",    "--data",
                                          data.string(), "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return arguments;
}

}  // namespace

Finished run_program(const std::vector<std::string>& arguments, const Environment& environment) {
    return finish(start(arguments, environment));
}

Finished run_program_on(const std::filesystem::path& input, const std::vector<std::string>& arguments,
                        const Environment& environment) {
    const int handle = ::open(input.c_str(), O_RDONLY | O_CLOEXEC);
    if (handle < 0) throw std::runtime_error("cannot read " + input.string());
    const Started started = start(arguments, environment, handle);
    ::close(handle);
    return finish(started);
}

Finished run_program_on_terminal(const Typed& typed, const std::vector<std::string>& arguments,
                                 const Environment& environment) {
    std::vector<std::string> texts = arguments;
    std::vector<std::string> variables = environment_with(environment);
    const std::vector<char*> argv = pointers(texts);
    const std::vector<char*> envp = pointers(variables);
    int terminal = -1;
    const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (pid < 0) throw std::runtime_error("no terminal");
    if (pid == 0) {
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    Finished finished;
    bool is_typed = typed.prompt.empty();
    while (read_some(terminal, finished.output)) {
        if (is_typed || finished.output.find(typed.prompt) == std::string::npos) continue;
        wait_for_echo(terminal, typed.echo);
        is_typed = ::write(terminal, typed.text.data(), typed.text.size()) > 0;
    }
    finished.status = wait_for(pid);
    finished.echoes = echoes(terminal);
    ::close(terminal);
    return finished;
}

BackgroundProgram::BackgroundProgram(const std::vector<std::string>& arguments, const Environment& environment) {
    const Started started = start(arguments, environment);
    pid_ = started.pid;
    output_ = started.output;
}

BackgroundProgram::~BackgroundProgram() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        wait();
    }
    ::close(output_);
}

void BackgroundProgram::signal(int number) const {
    ::kill(pid_, number);
}

std::string BackgroundProgram::word_after(const std::string& mark) {
    while (printed_.find('\n', printed_.find(mark)) == std::string::npos) {
        if (!read_some(output_, printed_)) throw std::runtime_error("the program did not start: " + printed_);
    }
    return after(printed_, mark);
}

int BackgroundProgram::wait() {
    while (read_some(output_, printed_)) {
    }
    const int status = wait_for(pid_);
    pid_ = -1;
    return status;
}

ServerProcess::ServerProcess(const std::filesystem::path& data, const Environment& environment,
                             const std::vector<std::string>& flags)
    : program_(serve_arguments(data, flags), environment) {
    const std::string url = program_.word_after("listening on ");
    port_ = static_cast<unsigned short>(std::stoi(url.substr(url.rfind(':') + 1)));
    admin_key_ = after(printed(), "admin key: ");
}

}  // namespace alcove::test

// Programs that tests start: run to the end with what they print, or a server in the background.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace alcove::test {

using Environment = std::map<std::string, std::string>;

struct Finished {
    int status = 0;       // the exit code; 128 + signal when killed by one
    std::string output;   // stdout and stderr
    bool echoes = false;  // whether the terminal, when there was one, does so at the end
};

// Runs a program to its end. Variables whose names begin with ALCOVE_ are not inherited. Its stdin is the tests'
// own.
Finished run_program(const std::vector<std::string>& arguments, const Environment& environment = {});

// As above, with a file as its stdin.
Finished run_program_on(const std::filesystem::path& input, const std::vector<std::string>& arguments,
                        const Environment& environment = {});

// What is typed on a terminal once `prompt` stands there and the terminal echoes, or does not.
struct Typed {
    enum class Echo : bool { off, on };
    std::string prompt{};  // empty: nothing is typed
    std::string text{};
    Echo echo = Echo::on;
};

// As above, with a terminal as its stdin, stdout and stderr. Lines of the output end in \r\n, as on any terminal.
Finished run_program_on_terminal(const Typed& typed, const std::vector<std::string>& arguments,
                                 const Environment& environment = {});

// A program in the background, killed with the object unless it has ended before.
class BackgroundProgram {
public:
    explicit BackgroundProgram(const std::vector<std::string>& arguments, const Environment& environment = {});
    ~BackgroundProgram();
    BackgroundProgram(const BackgroundProgram&) = delete;
    BackgroundProgram& operator=(const BackgroundProgram&) = delete;

    pid_t pid() const { return pid_; }
    void signal(int number) const;

    // Reads what it prints until a whole line holds the mark, and gives the word behind it. Throws
    // std::runtime_error with the output when the program ends before.
    std::string word_after(const std::string& mark);

    int wait();  // the exit status, as in Finished

    // stdout and stderr as far as they were read; all of both once wait() has returned.
    const std::string& printed() const { return printed_; }

private:
    pid_t pid_ = -1;
    int output_ = -1;
    std::string printed_;
};

// `alcove serve` on a free port, killed with the object unless it was stopped before.
class ServerProcess {
public:
    // Waits until it listens; throws std::runtime_error with its output when it does not.
    ServerProcess(const std::filesystem::path& data, const Environment& environment = {},
                  const std::vector<std::string>& flags = {});

    unsigned short port() const { return port_; }
    const std::string& admin_key() const { return admin_key_; }  // printed at the first start; else empty
    pid_t pid() const { return program_.pid(); }

    void signal(int number) const { program_.signal(number); }
    int wait() { return program_.wait(); }  // the exit status, as in Finished

    // stdout and stderr until it listened; all of both once wait() has returned.
    const std::string& printed() const { return program_.printed(); }

private:
    BackgroundProgram program_;
    unsigned short port_ = 0;
    std::string admin_key_;
};

}  // namespace alcove::test

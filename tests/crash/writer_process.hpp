// Runs crash_writer, kills it, and keeps what it said.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace alcove::test {

// The process on a store's folder, from its start on. Killed with the object.
class WriterProcess {
public:
    // With `history_bytes` the store forgets what is older.
    WriterProcess(const std::filesystem::path& folder, std::uint64_t seed, std::uint64_t history_bytes = 0);
    ~WriterProcess();
    WriterProcess(const WriterProcess&) = delete;
    WriterProcess& operator=(const WriterProcess&) = delete;

    // Until the store is open; false when the process ended before.
    bool wait_until_ready() const;

    // The whole lines that it wrote so far.
    std::vector<std::string> lines() const;

    // All of them.
    std::vector<std::string> kill();

private:
    bool ended() const;

    pid_t pid_ = -1;
    int output_ = -1;
    std::thread reader_;
    mutable std::mutex mutex_;  // guards what follows
    std::string text_;
    bool ended_ = false;
};

// Starts the process on a store's folder and kills it after `life`, counted from the moment when the store is open,
// or, with `from_start`, from the start: then the crash may hit its recovery. Returns the whole lines it wrote.
std::vector<std::string> run_writer_and_kill(const std::filesystem::path& folder, std::uint64_t seed,
                                             std::chrono::milliseconds life, bool from_start);

}  // namespace alcove::test

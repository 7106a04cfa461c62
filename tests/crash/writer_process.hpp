// Runs crash_writer for a while, kills it, and keeps what it said.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace alcove::test {

// Starts the process on a store's folder and kills it after `life`, counted from the moment when the store is open,
// or, with `from_start`, from the start: then the crash may hit its recovery. Returns the whole lines it wrote.
std::vector<std::string> run_writer_and_kill(const std::filesystem::path& folder, std::uint64_t seed,
                                             std::chrono::milliseconds life, bool from_start);

}  // namespace alcove::test

// A line on stderr that tells how far a transfer is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace alcove::cli {

// Draws at most ten times a second, and only when it is on. What it drew is wiped away with it.
class Progress {
public:
    enum class Mode : unsigned char { off, on };

    // `total` makes a bar of it, in the unit of `done`.
    Progress(Mode mode, std::string verb, std::optional<std::uint64_t> total);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void update(std::uint64_t done, std::uint64_t keys, std::uint64_t bytes);

private:
    Mode mode_;
    std::string verb_;
    std::optional<std::uint64_t> total_;
    std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace alcove::cli

// A line on stderr that tells how far something long is.
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

    // `total` makes a bar of it, in the unit of `done`; `things` are what is counted.
    Progress(Mode mode, std::string verb, std::optional<std::uint64_t> total, std::string things = "keys");
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void set_total(std::uint64_t total) { total_ = total; }
    void update(std::uint64_t done, std::uint64_t count, std::uint64_t bytes);

private:
    Mode mode_;
    std::string verb_;
    std::optional<std::uint64_t> total_;
    std::string things_;
    std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace alcove::cli

// What the system knows of this process.
#pragma once

#include <cstdint>
#include <optional>

namespace alcove::metrics {

struct Process {
    double cpu_seconds = 0;    // user and system
    double start_seconds = 0;  // since 1970
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t threads = 0;
    std::uint64_t descriptors = 0;  // open now
    std::uint64_t descriptors_max = 0;
};

// nullopt where /proc does not say it.
std::optional<Process> look_at_process();

}  // namespace alcove::metrics

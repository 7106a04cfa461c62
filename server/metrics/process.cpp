#include "server/metrics/process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace alcove::metrics {
namespace {

std::string read_file(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Behind the name, which may hold anything, in parentheses: see proc(5).
struct Stat {
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t threads = 0;
    std::uint64_t start_ticks = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_pages = 0;
};

std::optional<Stat> read_stat() {
    const std::string text = read_file("/proc/self/stat");
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream in(text.substr(name_end + 1));
    std::string skipped;
    const auto skip = [&](int fields) {
        while (fields-- > 0)
            in >> skipped;
    };
    Stat stat;
    skip(11);
    in >> stat.user_ticks >> stat.system_ticks;
    skip(4);
    in >> stat.threads;
    skip(1);
    in >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
    if (!in) return std::nullopt;
    return stat;
}

// When the machine started, in seconds since 1970.
double boot_seconds() {
    std::istringstream in(read_file("/proc/stat"));
    double seconds = 0;
    for (std::string word; in >> word;) {
        if (word == "btime") in >> seconds;
    }
    return seconds;
}

std::uint64_t count_descriptors() {
    std::error_code error;
    const std::filesystem::directory_iterator open("/proc/self/fd", error);
    if (error) return 0;
    return static_cast<std::uint64_t>(std::distance(begin(open), end(open))) - 1;  // without that of the folder
}

}  // namespace

std::optional<Process> look_at_process() {
    const auto stat = read_stat();
    if (!stat) return std::nullopt;
    static const double boot_s = boot_seconds();  // a long file: read once
    const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    return Process{.cpu_seconds = static_cast<double>(stat->user_ticks + stat->system_ticks) / ticks_per_second,
                   .start_seconds = boot_s + static_cast<double>(stat->start_ticks) / ticks_per_second,
                   .resident_bytes = stat->resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)),
                   .virtual_bytes = stat->virtual_bytes,
                   .threads = stat->threads,
                   .descriptors = count_descriptors(),
                   .descriptors_max = descriptors.rlim_cur};
}

}  // namespace alcove::metrics

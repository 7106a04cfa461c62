// The floor under every durable write: the median time of one bare write + fdatasync, with nothing around it.
//
// append FILE BYTES SECONDS append|overwrite
//   append     the file grows with each write, so that fdatasync also writes the inode and the block map
//   overwrite  the file was written with zeros and synced before, as a preallocated log is
// Prints one line of JSON; times are in microseconds.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr off_t preallocated_bytes = off_t{64} << 20;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

void write_at(int file, std::string_view bytes, off_t offset) {
    if (::pwrite(file, bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size())) fail("pwrite");
}

void preallocate(int file) {
    const std::string zeros(std::size_t{1} << 20, '\0');
    for (off_t offset = 0; offset < preallocated_bytes; offset += static_cast<off_t>(zeros.size()))
        write_at(file, zeros, offset);
    if (::fsync(file) != 0) fail("fsync");
}

std::vector<double> measure(int file, std::string_view record, double seconds) {
    std::vector<double> times;
    off_t offset = 0;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < end) {
        const auto begin = Clock::now();
        write_at(file, record, offset);
        if (::fdatasync(file) != 0) fail("fdatasync");
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
        offset = (offset + static_cast<off_t>(record.size())) % (preallocated_bytes - off_t{4096});
    }
    return times;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return std::fputs("usage: append FILE BYTES SECONDS append|overwrite\n", stderr), 2;
    const int file = ::open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fail(argv[1]);
    if (std::string_view(argv[4]) == "overwrite") preallocate(file);

    const std::string record(std::strtoul(argv[2], nullptr, 10), 'x');
    std::vector<double> times = measure(file, record, std::strtod(argv[3], nullptr));
    ::unlink(argv[1]);

    std::sort(times.begin(), times.end());
    std::printf("{\"requests\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", times.size(),
                times[times.size() / 2], times[times.size() * 99 / 100], times.back());
}

#include "kv/lmdb/map_ahead.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22  // since Linux 5.14; the headers of Debian 12's C library may not have it
#endif

namespace alcove::kv {

// LMDB does not say where its map is; the kernel does.
MapAhead::MapAhead(const std::filesystem::path& file) {
    struct stat wanted{};
    if (::stat(file.c_str(), &wanted) != 0) return;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        void* begin = nullptr;
        unsigned long offset = 0;
        unsigned long inode = 0;
        unsigned major = 0;
        unsigned minor = 0;
        const int fields =
            std::sscanf(line.c_str(), "%p-%*x %*s %lx %x:%x %lu", &begin, &offset, &major, &minor, &inode);
        const bool is_it = fields == 5 && offset == 0 && inode == wanted.st_ino &&
                           major == ::major(wanted.st_dev) && minor == ::minor(wanted.st_dev);
        if (is_it) map_ = static_cast<std::byte*>(begin);
    }
    page_bytes_ = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void MapAhead::run(std::uint64_t bytes_used) {
    if (map_ == nullptr || page_bytes_ < page_bytes_min) return;
    if (next_ >= bytes_used) next_ = 0;
    const auto end = std::min(next_ + bytes_per_run, bytes_used);
    for (; next_ < end; next_ += chunk_bytes)
        map_chunk(map_ + next_, std::min(chunk_bytes, bytes_used - next_));
}

// Unless a part of it would have to be read from the disk. It is no loss when it fails.
void MapAhead::map_chunk(std::byte* chunk, std::uint64_t bytes) {
    std::array<unsigned char, chunk_bytes / page_bytes_min> in_memory{};
    const auto pages = (bytes + page_bytes_ - 1) / page_bytes_;
    if (::mincore(chunk, bytes, in_memory.data()) != 0) return;
    const auto is_in_memory = [](unsigned char page) { return (page & 1) != 0; };
    if (std::all_of(in_memory.begin(), in_memory.begin() + static_cast<std::ptrdiff_t>(pages), is_in_memory))
        ::madvise(chunk, bytes, MADV_POPULATE_READ);
}

}  // namespace alcove::kv

// Maps the index's pages before they are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace alcove::kv {

// *Operation*: LMDB writes pages with system calls and reads them through its map, so whoever reads a page first
// since it was written is held up by a fault, although the page is in memory: on virtual machines that takes longer
// than the read. run() has the kernel map them all in one call, a bounded part of the file at a time.
//
// *Concurrency*: one thread.
//
// *Limitations*: helps from Linux 5.14 on. What is not in memory is left alone: mapping ahead must not read the
// disk.
class MapAhead {
public:
    // Of the map of that file in this process, if it is mapped.
    explicit MapAhead(const std::filesystem::path& file);

    // `bytes_used` of the file, from its beginning. Takes about 50 us per MiB that it looks at.
    void run(std::uint64_t bytes_used);

private:
    static constexpr std::uint64_t bytes_per_run = std::uint64_t{2} << 30;
    static constexpr std::uint64_t chunk_bytes = std::uint64_t{2} << 20;
    static constexpr std::uint64_t page_bytes_min = 4096;

    void map_chunk(std::byte* chunk, std::uint64_t bytes);

    std::byte* map_ = nullptr;
    std::uint64_t page_bytes_ = 0;
    std::uint64_t next_ = 0;
};

}  // namespace alcove::kv

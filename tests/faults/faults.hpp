// Lets a server's calls of the system fail, and moves its wall clock, while it runs.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>

#include "tests/faults/shim/block.hpp"
#include "tests/support/process.hpp"

namespace alcove::test {

struct Fault {
    static constexpr std::int64_t always = std::numeric_limits<std::int64_t>::max();

    std::uint32_t calls = 0;  // call_open, … of shim/block.hpp
    std::string path{};       // a part of the file's path
    int error = EIO;
    std::int64_t pass = 0;  // so many go through first
    std::int64_t times = always;
    std::int64_t from = 0;  // writes in front of this place are left alone
};

// The index's pages without the two that LMDB overwrites in place: those need no room.
inline constexpr std::int64_t index_pages_from = 8192;

// Operation: the server that is started with environment() is under the shim; what is said here is so at once.
// Lifetime: longer than the server's.
class Faults {
public:
    // Makes the file that both sides share; its folder must exist.
    explicit Faults(std::filesystem::path file) : file_(std::move(file)) {
        const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        void* mapped = MAP_FAILED;
        if (fd >= 0 && ::ftruncate(fd, sizeof(FaultBlock)) == 0)
            mapped = ::mmap(nullptr, sizeof(FaultBlock), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd >= 0) ::close(fd);
        if (mapped == MAP_FAILED) throw std::runtime_error("cannot map " + file_.string());
        block_ = static_cast<FaultBlock*>(mapped);
    }
    ~Faults() { ::munmap(block_, sizeof(FaultBlock)); }
    Faults(const Faults&) = delete;
    Faults& operator=(const Faults&) = delete;

    Environment environment() const { return {{"LD_PRELOAD", FAULT_SHIM}, {fault_block_variable, file_.string()}}; }

    // From now on, beside the ones before.
    void add(const Fault& fault) {
        if (used_ == FaultBlock::rules_max) throw std::logic_error("too many faults at once");
        FaultRule& rule = block_->rules[used_++];
        std::strncpy(rule.path, fault.path.c_str(), sizeof rule.path - 1);
        rule.error = fault.error;
        rule.pass = fault.pass;
        rule.times = fault.times;
        rule.failed = 0;
        rule.from = fault.from;
        rule.calls.store(fault.calls, std::memory_order_release);
    }
    void clear() {
        for (std::size_t i = 0; i < used_; ++i)
            block_->rules[i].calls = 0;
        used_ = 0;
    }
    std::uint64_t failed() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < used_; ++i)
            sum += block_->rules[i].failed;
        return sum;
    }

    // Against the machine's.
    void set_clock(std::chrono::milliseconds ahead) { block_->clock_ms = ahead.count(); }

    // From now on files below the folder can grow by so much together; see SmallDisk.
    void set_disk(const std::filesystem::path& folder, std::int64_t free) {
        block_->disk_free = free;
        std::strncpy(block_->disk, folder.c_str(), sizeof block_->disk - 1);
    }
    std::int64_t disk_free() const { return block_->disk_free; }
    void take_disk(std::int64_t bytes) { block_->disk_free -= bytes; }

private:
    const std::filesystem::path file_;
    FaultBlock* block_ = nullptr;
    std::size_t used_ = 0;
};

}  // namespace alcove::test

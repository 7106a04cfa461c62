// A disk of a few megabytes that a test fills and empties.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/faults/faults.hpp"

namespace alcove::test {

// Operation: a tmpfs, mounted with the rights of this process or, where it has none, with those of a user namespace
// of its own; where neither is allowed, the shim counts what is written below the folder.
class SmallDisk {
public:
    SmallDisk(const std::filesystem::path& folder, std::int64_t bytes, Faults& faults)
        : folder_(folder), faults_(faults) {
        std::filesystem::create_directories(folder_);
        mounted_ = mount(bytes) || (enter_namespace() && mount(bytes));
        if (mounted_) return;
        BOOST_TEST_MESSAGE("no mounts are allowed here: the shim keeps the small disk");
        faults_.set_disk(folder_, bytes);
    }
    ~SmallDisk() {
        if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    std::int64_t free_bytes() const {
        if (!mounted_) return faults_.disk_free();
        struct statvfs stat{};
        ::statvfs(folder_.c_str(), &stat);
        return static_cast<std::int64_t>(stat.f_bavail * stat.f_frsize);
    }

    // Something else takes all but so much of what is free.
    void fill(std::int64_t but = 0) {
        const std::int64_t bytes = std::max<std::int64_t>(free_bytes() - but, 0);
        if (mounted_) {
            std::ofstream out(folder_ / "something_else", std::ios::app | std::ios::binary);
            out << std::string(static_cast<std::size_t>(bytes), 'x');
        } else {
            faults_.take_disk(bytes);
        }
        taken_ += bytes;
    }
    // And gives it back.
    void make_room() {
        if (mounted_) {
            std::filesystem::remove(folder_ / "something_else");
        } else {
            faults_.take_disk(-taken_);
        }
        taken_ = 0;
    }

private:
    bool mount(std::int64_t bytes) const {
        const std::string size = "size=" + std::to_string(bytes);
        return ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, size.c_str()) == 0;
    }

    // For the rest of the tests. False where it is not allowed, and for a process with threads.
    static bool enter_namespace() {
        const std::string user = std::to_string(::getuid());
        const std::string group = std::to_string(::getgid());
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
        std::ofstream("/proc/self/setgroups") << "deny";
        std::ofstream("/proc/self/uid_map") << user << " " << user << " 1";
        std::ofstream("/proc/self/gid_map") << group << " " << group << " 1";
        return true;
    }

    const std::filesystem::path folder_;
    Faults& faults_;
    bool mounted_ = false;
    std::int64_t taken_ = 0;
};

}  // namespace alcove::test

// A small log to be damaged: known groups over two segments, and what is left of them after opening it again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kv/error.hpp"
#include "kv/log/commit_log.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

inline constexpr std::uint64_t image_segment_bytes = 1024;

struct LogImage {
    struct Group {
        std::uint64_t segment;
        std::uint64_t offset;
        std::size_t bytes;    // header and payload
        std::size_t padding;  // behind them
        std::string record;

        std::uint64_t end() const { return offset + bytes; }
    };

    TemporaryFolder folder;
    std::vector<Group> groups;

    // Four groups in segment 1, three in segment 2; segment 3 is prepared and empty.
    LogImage();

    std::filesystem::path path(std::uint64_t segment) const;
    std::string bytes(std::uint64_t segment) const;
    const Group& last() const { return groups.back(); }
};

// What a log gives when it is opened: the records of its groups, or why it refuses.
struct Opened {
    std::vector<std::string> records;
    std::optional<std::string> refused;
    std::size_t notices = 0;

    bool holds(const LogImage& image, std::size_t groups) const;
};

// A copy of the image's folder that may be spoiled.
class DamagedLog {
public:
    explicit DamagedLog(const LogImage& image);

    std::filesystem::path path(std::uint64_t segment) const;
    void overwrite(std::uint64_t segment, std::uint64_t offset, const std::string& bytes) const;
    void restore(const LogImage& image, std::uint64_t segment) const;

    Opened open() const;
    // Opens, appends one group with that record, and closes.
    void append(const std::string& record) const;

private:
    TemporaryFolder folder_;
};

}  // namespace alcove::test

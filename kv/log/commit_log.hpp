// The commit log: the truth about every commit, from which the index can always be brought up to date.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kv/log/segment.hpp"

namespace alcove::kv::log {

// A place in the log.
struct Position {
    std::uint64_t segment = 1;
    std::uint64_t offset = segment_header_bytes;

    auto operator<=>(const Position&) const = default;
};

// Operation: construction replays what follows a position, cuts an unfinished group off the end, and refuses to go
// on when something in the middle is damaged or missing. After that one thread appends groups.
//
// Concurrency: append(), fits() and roll() belong to the writer. visit() and the calls on old segments may
// come from any thread. A thread of its own prepares the next segment while the current one fills.
//
// Limitations: a damaged last group cannot be told from one that a crash cut short, and is cut off with a notice.
class CommitLog {
public:
    struct Options {
        std::filesystem::path folder;
        std::uint64_t segment_bytes = std::uint64_t{64} << 20;
        StoreId store{};
        // Whether a segment may be made before it is needed; made when it is needed it is anyway.
        std::function<bool()> may_prepare = [] { return true; };
        std::function<void(std::string_view)> notice;
    };

    // The payload begins at `payload_at`; it lives only during the call.
    using Replay = std::function<void(const GroupHeader& header, std::string_view payload, Position payload_at)>;

    // `from` is where the index stands and `applied` the version up to which it holds everything.
    // Throws StoreFailure with a sentence that names the segment and the offset.
    CommitLog(Options options, Position from, Version applied, const Replay& replay);
    ~CommitLog();

    Version last_version() const { return last_version_; }
    Position end() const { return {current_->header().segment, offset_}; }

    // Whether a group of that payload fits behind end().
    bool fits(std::size_t payload_bytes) const;

    // Goes on to the next segment, with room for such a group. False when it cannot be made now, for want of room
    // on the disk or of descriptors, or because the disk fails: nothing that was appended is in doubt by that.
    bool roll(std::size_t payload_bytes);

    // Writes and syncs one group. `group` has group_header_bytes of space in front of its payload, which must fit.
    // Throws StoreFailure when the disk fails: nobody knows then whether the group will be there.
    void append(std::string& group, std::uint32_t commits, TimeMs time_ms);

    // Calls `visit` with the record of each commit that stands in those bytes; false when their segment was
    // removed. Throws StoreFailure when they hold something else.
    bool visit(Position at, std::uint64_t bytes, const std::function<void(std::string_view)>& visit) const;

    // Versions up to this one are no longer in the log, or will not be for much longer.
    Version forgotten() const;
    // That version, unless it is further already.
    void forget(Version through);

    struct Extent {
        std::uint64_t segment = 0;
        Version last_version = 0;
        std::uint64_t bytes = 0;
        std::filesystem::file_time_type last_write;
    };
    // The oldest segment, when it lies wholly before `applied`; nullopt else.
    std::optional<Extent> oldest_removable(Position applied) const;
    std::uint64_t bytes() const;                  // of all segments
    std::vector<std::uint64_t> segments() const;  // by age

    // Calls `visit` with each commit's record of a segment.
    void visit(std::uint64_t segment, const std::function<void(Version, std::string_view)>& visit) const;
    // Its versions must be forgotten.
    void remove_oldest();

private:
    using Segments = std::map<std::uint64_t, std::shared_ptr<Segment>>;

    std::shared_ptr<Segment> segment(std::uint64_t id) const;
    void open_segments();
    void recover(Position from, Version applied, const Replay& replay);
    bool goes_on_at(Segments::const_iterator segment, Version version) const;
    bool group_follows(std::uint64_t segment, std::uint64_t offset, Version after) const;
    void prepare_loop();

    const Options options_;
    std::shared_ptr<Segment> current_;
    std::uint64_t offset_ = 0;
    Version last_version_ = 0;

    mutable std::mutex mutex_;  // guards what follows
    Segments segments_;
    std::condition_variable changed_;
    bool preparing_ = false;
    bool stop_ = false;
    Version forgotten_ = 0;

    std::thread preparer_;
};

}  // namespace alcove::kv::log

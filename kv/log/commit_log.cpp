// The commit log: recovery, appending, and the segments that history is read from.
#include "kv/log/commit_log.hpp"

#include <algorithm>
#include <chrono>

#include "kv/error.hpp"

namespace alcove::kv::log {

namespace {

constexpr auto prepare_retry = std::chrono::seconds(1);

std::string where(const Segment& segment, std::uint64_t offset) {
    return segment.path().string() + " at byte " + std::to_string(offset);
}

bool all_zero(std::string_view bytes) {
    return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// The version before the first one in the segment; nullopt when it holds no group.
std::optional<Version> version_before(const Segment& segment) {
    if (segment.size() < segment_header_bytes + group_header_bytes) return std::nullopt;
    const std::string bytes = segment.read(segment_header_bytes, group_header_bytes);
    const auto head = decode_group_header(bytes);
    if (!head || head->segment != segment.header().segment) return std::nullopt;
    return head->first_version - 1;
}

}  // namespace

CommitLog::CommitLog(Options options, Position from, Version applied, const Replay& replay)
    : options_(std::move(options)) {
    std::filesystem::create_directories(options_.folder);
    open_segments();
    if (segments_.empty() && applied == 0) {
        const SegmentHeader header{.segment = from.segment, .store = options_.store};
        auto first = Segment::create(options_.folder, header, options_.segment_bytes);
        if (!first)
            throw StoreFailure("no room on the disk for the first log segment in " + options_.folder.string());
        segments_.emplace(from.segment, std::move(first));
    }
    recover(from, applied, replay);
    forgotten_ = version_before(*segments_.begin()->second).value_or(last_version_);
    preparer_ = std::thread([this] { prepare_loop(); });
}

CommitLog::~CommitLog() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    preparer_.join();
}

void CommitLog::open_segments() {
    for (const auto& file : std::filesystem::directory_iterator(options_.folder)) {
        if (file.path().extension() == ".tmp") {
            std::filesystem::remove(file.path());  // a segment whose preparation was cut short
            continue;
        }
        if (file.path().extension() != ".log") continue;
        auto opened = Segment::open(file.path());
        if (opened->header().store != options_.store) {
            throw StoreFailure("the log segment " + file.path().string() + " belongs to another store");
        }
        segments_.emplace(opened->header().segment, std::move(opened));
    }
    if (segments_.empty()) return;
    std::uint64_t expected = segments_.begin()->first;
    for (const auto& [id, segment] : segments_) {
        if (id != expected) {
            throw StoreFailure("the log segment " + Segment::path_of(options_.folder, expected).string() +
                               " is missing");
        }
        ++expected;
    }
}

void CommitLog::recover(Position from, Version applied, const Replay& replay) {
    if (!segments_.contains(from.segment)) {
        throw StoreFailure("the log segment " + Segment::path_of(options_.folder, from.segment).string() +
                           " is missing: the index holds version " + std::to_string(applied) +
                           " and the log must go on from there");
    }
    last_version_ = applied;
    current_ = segments_.at(from.segment);
    offset_ = from.offset;
    for (auto it = segments_.find(from.segment); it != segments_.end(); ++it) {
        Segment& segment = *it->second;
        const std::uint64_t begin = it->first == from.segment ? from.offset : segment_header_bytes;
        if (begin > segment.size()) throw StoreFailure("the log ends before " + where(segment, begin));
        const std::string bytes = segment.read(0, segment.size());
        const auto take = [&](const GroupHeader& header, std::string_view payload, std::uint64_t offset) {
            if (header.first_version != last_version_ + 1) {
                throw StoreFailure("the log is damaged: version " + std::to_string(last_version_ + 1) +
                                   " is missing before " + where(segment, offset));
            }
            replay(header, payload, {it->first, offset + group_header_bytes});
            last_version_ += header.commits;
        };
        const std::uint64_t end = walk_groups(segment.header(), bytes, begin, take);
        if (end > begin) {
            current_ = it->second;
            offset_ = end;
        }
        if (end >= bytes.size() || all_zero(std::string_view(bytes).substr(end))) continue;
        if (goes_on_at(std::next(it), last_version_ + 1)) {
            // No commit is missing: what is damaged lies in the unused end of the segment.
            if (options_.notice) options_.notice("damaged bytes behind the last group in " + where(segment, end));
            continue;
        }
        if (group_follows(it->first, end, last_version_)) {
            throw StoreFailure("the log is damaged in the middle: no valid group in " + where(segment, end) +
                               ", but later commits follow");
        }
        if (options_.notice) options_.notice("an unfinished group was cut off the log in " + where(segment, end));
        segment.zero_from(end);
    }
}

// Whether a segment's first group begins with that version.
bool CommitLog::goes_on_at(Segments::const_iterator segment, Version version) const {
    if (segment == segments_.end()) return false;
    const std::string bytes = segment->second->read(0, segment->second->size());
    const auto header = decode_group(std::string_view(bytes).substr(segment_header_bytes), options_.store);
    return header && header->segment == segment->first && header->first_version == version;
}

// Whether a whole group with a version above `after` stands anywhere behind that place.
bool CommitLog::group_follows(std::uint64_t segment, std::uint64_t offset, Version after) const {
    for (auto it = segments_.find(segment); it != segments_.end(); ++it) {
        const std::string bytes = it->second->read(0, it->second->size());
        std::uint64_t at = it->first == segment ? offset : segment_header_bytes;
        for (at = (at + 7) & ~std::uint64_t{7}; at + group_header_bytes <= bytes.size(); at += 8) {
            const auto header = decode_group(std::string_view(bytes).substr(at), options_.store);
            if (header && header->segment == it->first && header->first_version > after) return true;
        }
    }
    return false;
}

bool CommitLog::fits(std::size_t payload_bytes) const {
    return offset_ + group_bytes(payload_bytes) <= current_->size();
}

bool CommitLog::roll(std::size_t payload_bytes) {
    const std::uint64_t needed = segment_header_bytes + group_bytes(payload_bytes);
    const std::uint64_t id = current_->header().segment + 1;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !preparing_; });
    auto it = segments_.find(id);
    if (it != segments_.end() && it->second->size() < needed) {
        it->second->unlink();
        segments_.erase(it);
        it = segments_.end();
    }
    if (it == segments_.end()) {
        const SegmentHeader header{.segment = id, .store = options_.store};
        std::shared_ptr<Segment> created;
        try {
            created = Segment::create(options_.folder, header, std::max(needed, options_.segment_bytes));
        } catch (const StoreFailure&) {
            return false;  // the preparer meets it too, and says so
        }
        if (!created) return false;
        it = segments_.emplace(id, std::move(created)).first;
    }
    current_ = it->second;
    offset_ = segment_header_bytes;
    changed_.notify_all();
    return true;
}

void CommitLog::append(std::string& group, std::uint32_t commits, TimeMs time_ms) {
    const GroupHeader header{.segment = current_->header().segment,
                             .first_version = last_version_ + 1,
                             .commits = commits,
                             .payload_bytes = static_cast<std::uint32_t>(group.size() - group_header_bytes),
                             .time_ms = time_ms};
    seal_group(header, options_.store, group);
    current_->write(offset_, group);
    current_->sync();
    offset_ += group.size();
    last_version_ += commits;
}

std::shared_ptr<Segment> CommitLog::segment(std::uint64_t id) const {
    const std::lock_guard lock(mutex_);
    const auto it = segments_.find(id);
    return it == segments_.end() ? nullptr : it->second;
}

bool CommitLog::visit(Position at, std::uint64_t bytes, const std::function<void(std::string_view)>& visit) const {
    const auto from = segment(at.segment);
    if (!from) return false;
    const std::string framed = from->read(at.offset, bytes);
    for (std::string_view left = framed; !left.empty();) {
        const auto record = take_commit(left);
        if (!record) {
            const std::uint64_t damaged = at.offset + bytes - left.size();
            throw StoreFailure("the log is damaged: a commit in " + where(*from, damaged));
        }
        visit(*record);
    }
    return true;
}

Version CommitLog::forgotten() const {
    const std::lock_guard lock(mutex_);
    return forgotten_;
}

void CommitLog::forget(Version through) {
    const std::lock_guard lock(mutex_);
    forgotten_ = std::max(forgotten_, through);
}

std::optional<CommitLog::Extent> CommitLog::oldest_removable(Position applied) const {
    const std::lock_guard lock(mutex_);
    const auto oldest = segments_.begin();
    const auto following = std::next(oldest);
    if (oldest->first >= applied.segment || following == segments_.end()) return std::nullopt;
    const auto last = version_before(*following->second);
    if (!last) return std::nullopt;
    return Extent{.segment = oldest->first,
                  .last_version = *last,
                  .bytes = oldest->second->size(),
                  .last_write = std::filesystem::last_write_time(oldest->second->path())};
}

std::uint64_t CommitLog::bytes() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& [id, segment] : segments_)
        sum += segment->size();
    return sum;
}

std::vector<std::uint64_t> CommitLog::segments() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> ids;
    for (const auto& [id, segment] : segments_)
        ids.push_back(id);
    return ids;
}

void CommitLog::visit(std::uint64_t id, const std::function<void(Version, std::string_view)>& visit) const {
    const auto from = segment(id);
    const std::string bytes = from->read(0, from->size());
    walk_groups(from->header(), bytes, segment_header_bytes,
                [&](const GroupHeader& header, std::string_view payload, std::uint64_t) {
                    for (Version version = header.first_version;; ++version) {
                        const auto record = take_commit(payload);
                        if (!record) break;
                        visit(version, *record);
                    }
                });
}

void CommitLog::remove_oldest() {
    const std::lock_guard lock(mutex_);
    const auto oldest = segments_.begin();
    oldest->second->unlink();
    segments_.erase(oldest);
}

// Keeps one segment ready behind the current one; when the disk is full it tries again from time to time.
void CommitLog::prepare_loop() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
        const std::uint64_t id = current_->header().segment + 1;
        if (segments_.contains(id)) {
            changed_.wait(lock);
            continue;
        }
        preparing_ = true;
        lock.unlock();
        std::shared_ptr<Segment> created;
        try {
            const SegmentHeader header{.segment = id, .store = options_.store};
            if (options_.may_prepare()) created = Segment::create(options_.folder, header, options_.segment_bytes);
        } catch (const StoreFailure& failure) {
            if (options_.notice) options_.notice(failure.what());
        }
        lock.lock();
        preparing_ = false;
        changed_.notify_all();
        if (created) {
            segments_.emplace(id, std::move(created));
        } else {
            changed_.wait_for(lock, prepare_retry);
        }
    }
}

}  // namespace alcove::kv::log

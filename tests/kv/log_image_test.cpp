// A small log to be damaged.
#include "tests/kv/log_image.hpp"

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace alcove::test {

namespace {

using kv::log::CommitLog;
using kv::log::Position;

constexpr kv::log::StoreId store_id{'i', 'm', 'a', 'g', 'e'};
constexpr std::size_t image_segments = 3;

CommitLog::Options options_of(const std::filesystem::path& folder) {
    return {.folder = folder, .segment_bytes = image_segment_bytes, .store = store_id, .notice = {}};
}

void ignore(const kv::log::GroupHeader&, std::string_view, Position) {}

// Returns the bytes of header and payload.
std::size_t append(CommitLog& log, const std::string& record) {
    std::string group(kv::log::group_header_bytes, '\0');
    kv::log::append_commit(record, group);
    const std::size_t bytes = group.size();
    log.append(group, 1, 1000);
    return bytes;
}

}  // namespace

LogImage::LogImage() {
    CommitLog log(options_of(folder.path()), {}, 0, ignore);
    const auto add = [&](std::size_t size) {
        const Position at = log.end();
        Group group{.segment = at.segment,
                    .offset = at.offset,
                    .bytes = 0,
                    .padding = 0,
                    .record = "group " + std::to_string(groups.size()) + std::string(size, 'r')};
        group.bytes = append(log, group.record);
        group.padding = log.end().offset - group.end();
        groups.push_back(std::move(group));
    };
    for (const std::size_t size : {1, 100, 60, 3})
        add(size);
    log.roll(100);
    for (const std::size_t size : {5, 40, 74})
        add(size);
    while (!std::filesystem::exists(path(image_segments)))
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::filesystem::path LogImage::path(std::uint64_t segment) const {
    return kv::log::Segment::path_of(folder.path(), segment);
}

std::string LogImage::bytes(std::uint64_t segment) const {
    std::ostringstream out;
    out << std::ifstream(path(segment), std::ios::binary).rdbuf();
    return out.str();
}

bool Opened::holds(const LogImage& image, std::size_t groups) const {
    if (refused || records.size() != groups) return false;
    for (std::size_t i = 0; i < groups; ++i) {
        if (records[i] != image.groups[i].record) return false;
    }
    return true;
}

DamagedLog::DamagedLog(const LogImage& image) {
    for (std::uint64_t segment = 1; segment <= image_segments; ++segment)
        restore(image, segment);
}

std::filesystem::path DamagedLog::path(std::uint64_t segment) const {
    return kv::log::Segment::path_of(folder_.path(), segment);
}

void DamagedLog::overwrite(std::uint64_t segment, std::uint64_t offset, const std::string& bytes) const {
    std::fstream file(path(segment), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
}

void DamagedLog::restore(const LogImage& image, std::uint64_t segment) const {
    std::filesystem::copy_file(image.path(segment), path(segment),
                               std::filesystem::copy_options::overwrite_existing);
}

Opened DamagedLog::open() const {
    Opened opened;
    CommitLog::Options options = options_of(folder_.path());
    options.notice = [&](std::string_view) { ++opened.notices; };
    const auto take = [&](const kv::log::GroupHeader&, std::string_view payload, Position) {
        while (const auto record = kv::log::take_commit(payload))
            opened.records.emplace_back(*record);
    };
    try {
        const CommitLog log(std::move(options), {}, 0, take);
    } catch (const kv::StoreFailure& failure) {
        opened.refused = failure.what();
    }
    return opened;
}

void DamagedLog::append(const std::string& record) const {
    CommitLog log(options_of(folder_.path()), {}, 0, ignore);
    test::append(log, record);
}

}  // namespace alcove::test

// Every kind of damage to a log: it opens with exactly what its valid groups give, or refuses and says where.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/kv/log_image.hpp"

namespace alcove::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t all = 7;
constexpr std::size_t in_first_segment = 4;

const LogImage& image() {
    static const LogImage instance;
    return instance;
}

void check_refused(const Opened& opened, const std::string& part) {
    BOOST_TEST(opened.refused.has_value(), "opened with " << opened.records.size() << " groups");
    BOOST_TEST((!opened.refused || opened.refused->find(part) != std::string::npos), opened.refused.value_or(""));
}

// The group that holds a byte in its header or payload; nullptr when it is padding, a segment's header or unused.
const LogImage::Group* group_at(std::uint64_t segment, std::uint64_t offset) {
    for (const auto& group : image().groups) {
        if (group.segment == segment && offset >= group.offset && offset < group.end()) return &group;
    }
    return nullptr;
}

BOOST_AUTO_TEST_SUITE(log_damage)

BOOST_AUTO_TEST_CASE(an_undamaged_log_gives_every_group) {
    const Opened opened = DamagedLog(image()).open();
    BOOST_TEST(opened.holds(image(), all));
    BOOST_TEST(opened.notices == 0u);
}

// A crash leaves any prefix of the last group; what is behind may be zeros or what stood there before.
BOOST_AUTO_TEST_CASE(a_tail_torn_at_any_byte_is_cut_off) {
    const auto& last = image().last();
    const DamagedLog log(image());
    for (const char filler : {'\0', '\xaa'}) {
        for (std::size_t kept = 0; kept <= last.bytes; ++kept) {
            log.restore(image(), last.segment);
            log.overwrite(last.segment, last.offset + kept, std::string(last.bytes - kept + last.padding, filler));
            const Opened opened = log.open();
            const bool whole = kept == last.bytes;
            BOOST_TEST(opened.holds(image(), whole ? all : all - 1), "torn at " << kept);
        }
    }
}

// Pages of one write may reach the disk in any order.
BOOST_AUTO_TEST_CASE(a_last_group_without_its_beginning_is_cut_off) {
    const auto& last = image().last();
    const DamagedLog log(image());
    for (std::size_t lost = 1; lost <= last.bytes; ++lost) {
        log.restore(image(), last.segment);
        log.overwrite(last.segment, last.offset, std::string(lost, '\0'));
        BOOST_TEST(log.open().holds(image(), all - 1), lost << " bytes lost");
    }
}

BOOST_AUTO_TEST_CASE(what_was_cut_off_stays_gone_and_the_log_goes_on) {
    const auto& last = image().last();
    const DamagedLog log(image());
    log.overwrite(last.segment, last.offset + 60, std::string(last.bytes - 60, 'x'));
    BOOST_TEST(log.open().notices == 1u);
    BOOST_TEST(log.open().notices == 0u);
    log.append("after the crash");
    const Opened opened = log.open();
    BOOST_TEST(opened.records.size() == all);
    BOOST_TEST(opened.records.back() == "after the crash");
}

// One bit of every byte of headers and groups, and of some bytes of the unused space.
BOOST_AUTO_TEST_CASE(a_flipped_bit_is_cut_off_at_the_end_and_refused_in_the_middle) {
    const DamagedLog log(image());
    for (const std::uint64_t segment : {1, 2, 3}) {
        const std::string bytes = image().bytes(segment);
        for (std::uint64_t offset = 0; offset < bytes.size(); ++offset) {
            const auto* group = group_at(segment, offset);
            if (!group && offset >= kv::log::segment_header_bytes && offset % 16 != 5) continue;
            const auto flipped = static_cast<char>(bytes[offset] ^ (1 << (offset * 5 % 8)));
            log.overwrite(segment, offset, std::string(1, flipped));
            const Opened opened = log.open();
            BOOST_TEST_CONTEXT("segment " << segment << ", byte " << offset) {
                if (offset < kv::log::segment_header_bytes) {
                    check_refused(opened, log.path(segment).string());
                } else if (group == &image().last()) {
                    BOOST_TEST(opened.holds(image(), all - 1));
                } else if (group) {
                    check_refused(opened, log.path(segment).string() + " at byte " + std::to_string(group->offset));
                } else {
                    BOOST_TEST(opened.holds(image(), all));
                }
            }
            for (const std::uint64_t touched : {segment, std::uint64_t{2}, std::uint64_t{3}})
                log.restore(image(), touched);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_group_that_is_all_zeros_in_the_middle_is_refused) {
    for (std::size_t i = 0; i + 1 < all; ++i) {
        const auto& group = image().groups[i];
        const DamagedLog log(image());
        log.overwrite(group.segment, group.offset, std::string(group.bytes, '\0'));
        // What looks like the end of a segment shows at the beginning of the next one.
        const auto& named = i + 1 == in_first_segment ? image().groups[in_first_segment] : group;
        check_refused(log.open(), log.path(named.segment).string() + " at byte " + std::to_string(named.offset));
    }
}

// A group in the place of a longer one leaves the longer one's end behind itself.
BOOST_AUTO_TEST_CASE(stale_bytes_behind_a_shorter_group_are_cut_off) {
    const auto& last = image().last();
    for (const std::size_t size : {0, 1, 8, 20, 30}) {
        const DamagedLog log(image());
        log.overwrite(last.segment, last.offset, std::string(last.bytes + last.padding, '\0'));
        log.append(std::string(size, 's'));
        const std::size_t end = kv::log::group_bytes(kv::log::commit_header_bytes + size);
        const std::string stale = image().bytes(last.segment).substr(last.offset + end, last.bytes - end);
        log.overwrite(last.segment, last.offset + end, stale);
        const Opened opened = log.open();
        BOOST_REQUIRE(opened.records.size() == all);
        BOOST_TEST(opened.records.back() == std::string(size, 's'));
        BOOST_TEST(opened.notices == 1u);
    }
}

// The stale bytes may even be a whole group of an earlier life of the file.
BOOST_AUTO_TEST_CASE(a_stale_group_of_an_older_version_is_not_taken_again) {
    const auto& last = image().last();
    const auto& earlier = image().groups[in_first_segment];
    const std::string bytes = image().bytes(earlier.segment);
    const DamagedLog log(image());
    log.overwrite(last.segment, last.end() + last.padding, bytes.substr(earlier.offset, earlier.bytes));
    BOOST_TEST(log.open().refused.has_value() == true);
}

BOOST_AUTO_TEST_CASE(a_missing_segment_is_refused_by_name) {
    for (const std::uint64_t segment : {1, 2}) {
        const DamagedLog log(image());
        fs::remove(log.path(segment));
        check_refused(log.open(), log.path(segment).string() + " is missing");
    }
}

BOOST_AUTO_TEST_CASE(a_missing_segment_without_groups_is_made_again) {
    const DamagedLog log(image());
    fs::remove(log.path(3));
    BOOST_TEST(log.open().holds(image(), all));
}

BOOST_AUTO_TEST_CASE(a_segment_without_content_is_refused_by_name) {
    for (const std::uint64_t segment : {1, 2, 3}) {
        for (const std::size_t size : {0, 10, 1024}) {
            const DamagedLog log(image());
            std::ofstream(log.path(segment), std::ios::binary | std::ios::trunc) << std::string(size, 'g');
            check_refused(log.open(), log.path(segment).string());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_truncated_segment_is_a_tail_at_the_end_and_refused_in_the_middle) {
    const auto& last = image().last();
    for (const std::uint64_t size : {last.offset, last.offset + 10, last.end() - 1}) {
        const DamagedLog log(image());
        fs::resize_file(log.path(2), size);
        BOOST_TEST(log.open().holds(image(), all - 1));
    }
    for (const std::uint64_t size : {image().groups[1].offset, image().groups[3].end() - 1}) {
        const DamagedLog log(image());
        fs::resize_file(log.path(1), size);
        BOOST_TEST(log.open().refused.has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_segment_under_another_name_is_refused) {
    const DamagedLog log(image());
    fs::rename(log.path(2), log.path(9));
    BOOST_TEST(log.open().refused.has_value());
    const DamagedLog copied(image());
    fs::copy_file(copied.path(1), copied.path(4));
    check_refused(copied.open(), copied.path(4).string());
}

BOOST_AUTO_TEST_CASE(a_segment_of_another_store_is_refused) {
    const DamagedLog log(image());
    kv::log::SegmentHeader header{.segment = 2, .store = {'o', 't', 'h', 'e', 'r'}};
    log.overwrite(2, 0, kv::log::encode(header));
    check_refused(log.open(), log.path(2).string() + " belongs to another store");
}

BOOST_AUTO_TEST_CASE(a_half_prepared_segment_is_removed) {
    const DamagedLog log(image());
    fs::path temporary = log.path(4);
    temporary += ".tmp";
    std::ofstream(temporary) << "half";
    BOOST_TEST(log.open().holds(image(), all));
    BOOST_TEST(!fs::exists(temporary));
}

// A client may store bytes that look like a group, and a crash may tear the group that holds them.
BOOST_AUTO_TEST_CASE(a_value_that_looks_like_a_group_is_not_taken_for_one) {
    for (std::size_t shift = 0; shift < 8; ++shift) {
        const DamagedLog log(image());
        const auto& group = image().groups[0];
        log.append(std::string(shift, 'x') + image().bytes(1).substr(group.offset, group.bytes + group.padding));
        const Opened opened = log.open();
        BOOST_TEST(opened.records.size() == all + 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Runs of commits in the change index: what makes one, and what ends it.
#include "kv/lmdb/change_runs.hpp"

#include <boost/test/unit_test.hpp>

#include "kv/error.hpp"

using namespace alcove;

namespace {

// Adds commits as a group's, each right behind the one before it.
class GroupFixture {
public:
    void add(kv::NamespaceId id, kv::Version version, std::uint64_t bytes = 100) {
        runs_.add(id, version, {.segment = 3, .offset = offset_}, bytes);
        offset_ += bytes;
    }
    void skip(std::uint64_t bytes) { offset_ += bytes; }

    // "1: 5+2 at 64, 200 bytes"
    std::string runs() {
        kv::Overlay overlay;
        runs_.put_into(overlay);
        std::string text;
        kv::Overlay::Cursor cursor(overlay, 1'000'000);
        for (cursor.seek_at_least(""); cursor.valid(); cursor.next()) {
            const kv::ChangeRun run = kv::decode_change_run(cursor.key().substr(1), cursor.found().value);
            BOOST_TEST(run.at.segment == 3u);
            if (!text.empty()) text += "; ";
            text += std::to_string(run.id) + ": " + std::to_string(run.first) + "+" + std::to_string(run.commits) +
                    " at " + std::to_string(run.at.offset) + ", " + std::to_string(run.bytes) + " bytes";
        }
        return text;
    }

private:
    kv::ChangeRuns runs_;
    std::uint64_t offset_ = 64;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(change_runs, GroupFixture)

BOOST_AUTO_TEST_CASE(commits_behind_one_another_are_one_run) {
    add(1, 5);
    add(1, 6, 50);
    add(1, 7);
    BOOST_TEST(runs() == "1: 5+3 at 64, 250 bytes");
    BOOST_TEST(runs() == "");
}

BOOST_AUTO_TEST_CASE(what_comes_between_ends_a_run) {
    add(1, 5);
    add(2, 6);
    add(1, 7);
    skip(30);  // the end of an owner, at version 8
    add(1, 9);
    BOOST_TEST(runs() ==
               "1: 5+1 at 64, 100 bytes; 1: 7+1 at 264, 100 bytes; 1: 9+1 at 394, 100 bytes; "
               "2: 6+1 at 164, 100 bytes");
}

BOOST_AUTO_TEST_CASE(a_run_has_few_commits_and_few_bytes_or_one_commit) {
    for (kv::Version version = 1; version <= 65; ++version)
        add(1, version, 10);
    BOOST_TEST(runs() == "1: 1+64 at 64, 640 bytes; 1: 65+1 at 704, 10 bytes");

    add(1, 66, 60'000);
    add(1, 67, 5'536);
    add(1, 68, 1);
    add(1, 69, 1'000'000);
    add(1, 70, 1);
    BOOST_TEST(runs() ==
               "1: 66+2 at 714, 65536 bytes; 1: 68+1 at 66250, 1 bytes; "
               "1: 69+1 at 66251, 1000000 bytes; 1: 70+1 at 1066251, 1 bytes");
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_no_run) {
    const std::string key(kv::change_key(1, 2).view().substr(1));
    const kv::ChangeRun run{.id = 1, .first = 2, .commits = 3, .at = {}, .bytes = 400};
    const std::string value = run.encoded_value();
    BOOST_TEST(kv::decode_change_run(key, value).end() == 5u);
    BOOST_CHECK_THROW(kv::decode_change_run(key.substr(1), value), kv::StoreFailure);
    for (std::size_t size = 0; size < value.size(); ++size)
        BOOST_CHECK_THROW(kv::decode_change_run(key, value.substr(0, size)), kv::StoreFailure);
}

BOOST_AUTO_TEST_SUITE_END()

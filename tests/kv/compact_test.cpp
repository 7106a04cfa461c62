// Compaction of the index: the same store on fewer bytes.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "kv/lmdb/check.hpp"
#include "kv/lmdb/compact.hpp"
#include "kv/unlinking.hpp"
#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

class CompactFixture : public StoreFixture {
public:
    // Much, of which little stays.
    CompactFixture() {
        for (int i = 0; i < 100; ++i)
            StoreFixture::commit({put("k" + std::to_string(i), std::string(50'000, 'x'))});
        store().apply_now();
        StoreFixture::commit({put("stays", "1"), delete_prefix("k")});
        store().apply_now();
    }

    std::uintmax_t index_bytes() const { return std::filesystem::file_size(index / "data.mdb"); }
    std::string refusal(const kv::backup::TellProgress& tell = {}) const {
        try {
            kv::compact(options.directory, tell);
            return {};
        } catch (const kv::StoreFailure& failure) {
            return failure.what();
        }
    }

    std::filesystem::path index = options.directory / "index";
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(compact, CompactFixture)

BOOST_AUTO_TEST_CASE(a_compacted_index_is_smaller_and_holds_the_same) {
    const auto history = changes(50);
    const auto before = index_bytes();
    close();
    const auto report = kv::compact(options.directory);
    BOOST_TEST(report.bytes_before == before);
    BOOST_TEST(report.bytes_after == index_bytes());
    BOOST_TEST(report.bytes_after < before / 5);
    BOOST_TEST(kv::check_store(options).clean());
    BOOST_TEST(get("stays") == "1");
    BOOST_TEST(changes(50) == history);
    commit({put("more", "2")});
    reopen();
    BOOST_TEST(get("more") == "2");
}

BOOST_AUTO_TEST_CASE(a_store_in_use_or_being_backed_up_and_no_store_are_refused) {
    BOOST_TEST(refusal().find("is in use") != std::string::npos);
    close();
    {
        const kv::UnlinkingHeld backup(options.directory);
        BOOST_TEST(refusal().find("a backup of the data folder") == 0U);
    }
    BOOST_TEST(refusal() == "");
    options.directory = folder / "nothing";
    BOOST_TEST(refusal().find("there is no store in") == 0U);
    BOOST_TEST(!std::filesystem::exists(options.directory));
}

BOOST_AUTO_TEST_CASE(a_compaction_that_ends_early_leaves_the_old_index_and_no_draft) {
    close();
    const auto before = index_bytes();
    BOOST_TEST(refusal([](const kv::backup::Progress&) { throw kv::StoreFailure("enough"); }) == "enough");
    BOOST_TEST(index_bytes() == before);
    BOOST_TEST(!std::filesystem::exists(index / "data.mdb.draft"));
    // One that was killed.
    std::ofstream(index / "data.mdb.draft") << "half";
    BOOST_TEST(get("stays") == "1");
    BOOST_TEST(!std::filesystem::exists(index / "data.mdb.draft"));
}

BOOST_AUTO_TEST_SUITE_END()

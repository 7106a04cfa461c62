// The check of a whole store: it is content with every store, and finds every damage.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "kv/lmdb/check.hpp"
#include "kv/lmdb/core.hpp"
#include "kv/record.hpp"
#include "tests/support/files.hpp"
#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

class CheckFixture : public StoreFixture {
public:
    CheckFixture() {
        StoreFixture::commit({put("a", "1"), put("b", "22"), put("c", "3", kv::Expiry::after(1'000'000))});
        run(upload(store(), name, "small", "content")).value();
        run(upload(store(), name, "large", content_of(1, 100'000))).value();
    }

    kv::CheckReport check() {
        close();
        return kv::check_store(options);
    }
    // All problems in one text.
    std::string problems() {
        const auto report = check();
        BOOST_TEST(report.problems.size() == report.problems_total);
        std::string text;
        for (const auto& problem : report.problems)
            text += problem + "\n";
        return text;
    }
    // Does something to the index behind the store's back.
    void meddle(const std::function<void(kv::WriteTransaction&)>& what) {
        store().apply_now();
        close();
        kv::Environment index(options.directory / "index", options.map_bytes);
        kv::WriteTransaction txn(index);
        what(txn);
        txn.commit();
    }
    kv::NamespaceState state(const kv::WriteTransaction& txn) {
        return kv::decode_state(*txn.get(kv::state_key(name)));
    }
    kv::IndexKey entry(const kv::WriteTransaction& txn, std::string_view key,
                       kv::Collection collection = kv::Collection::key) {
        return kv::entry_key(name.scope, state(txn).id, collection, key);
    }
    std::filesystem::path blob() const { return blobs_in(options.directory).front(); }
};

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(check, CheckFixture)

BOOST_AUTO_TEST_CASE(a_store_that_is_whole_is_clean_applied_or_not) {
    for (int round = 0; round < 3; ++round) {
        const auto report = check();
        BOOST_TEST(report.clean());
        BOOST_TEST(report.namespaces == 1u);
        BOOST_TEST(report.keys == 3u);
        BOOST_TEST(report.files == 2u);
        BOOST_TEST(report.bytes == 7u);
        BOOST_TEST(report.file_bytes == 100'017u);
        BOOST_TEST(report.blobs == 1u);
        BOOST_TEST(report.expiries == 1u);
        BOOST_TEST(report.commits == 3u);
        BOOST_TEST(report.changes == 3u);
        if (round == 0) store().apply_now();
    }
    BOOST_TEST(value(run(store().get(name, "a"))) == "1");
}

BOOST_AUTO_TEST_CASE(what_is_being_freed_is_no_problem) {
    run(store().empty(name)).value();
    StoreFixture::commit({put("new", "1")});
    const kv::NamespaceName other = workspace_namespace(7);
    run(store().commit(other, commit_of({put("x", "1", kv::Expiry::after(5))}))).value();
    run(store().drop_owner({.workspace = other.workspace, .subject = {}})).value();
    BOOST_TEST(problems() == "");
    store().apply_now();
    BOOST_TEST(problems() == "");
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_store_or_with_a_server_is_refused) {
    auto elsewhere = options;
    elsewhere.directory = folder / "nothing";
    BOOST_CHECK_THROW(kv::check_store(elsewhere), kv::StoreFailure);
    BOOST_TEST(!std::filesystem::exists(elsewhere.directory));
    store();
    BOOST_CHECK_THROW(kv::check_store(options), kv::StoreFailure);
}

BOOST_AUTO_TEST_CASE(contents_that_changed_or_are_gone_are_found) {
    store().apply_now();
    close();
    {
        std::fstream file(blob(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(50'000);
        file.put('!');
    }
    BOOST_TEST(holds(problems(), "'large': its content is not what was written"));
    std::filesystem::resize_file(blob(), 99'999);
    BOOST_TEST(holds(problems(), "'large': its content is not what was written"));
    std::filesystem::remove(blob());
    BOOST_TEST(problems() == "namespace 1, 'large': its content is missing\n");
}

BOOST_AUTO_TEST_CASE(contents_that_no_file_names_are_counted_and_no_problem) {
    close();
    std::ofstream(options.directory / "blobs" / "00" / "00000000000000000000000000000001") << "stray";
    const auto report = check();
    BOOST_TEST(report.clean());
    BOOST_TEST(report.stray_blobs == 1u);
}

BOOST_AUTO_TEST_CASE(counters_that_are_wrong_are_found) {
    meddle([this](kv::WriteTransaction& txn) {
        auto wrong = state(txn);
        ++wrong.usage.keys;
        --wrong.usage.bytes;
        wrong.usage.files += 2;
        wrong.usage.file_bytes += 5;
        txn.put(kv::state_key(name), kv::encode_state(wrong));
    });
    BOOST_TEST(problems() ==
               "namespace 1 says that it has 4 keys, and has 3\n"
               "namespace 1 says that it has 6 bytes of keys, and has 7\n"
               "namespace 1 says that it has 4 files, and has 2\n"
               "namespace 1 says that it has 100022 bytes of files, and has 100017\n");
}

BOOST_AUTO_TEST_CASE(entries_that_are_gone_damaged_or_out_of_place_are_found) {
    meddle([this](kv::WriteTransaction& txn) { txn.erase(entry(txn, "a")); });
    BOOST_TEST(holds(problems(), "says that it has 3 keys, and has 2"));
    meddle([this](kv::WriteTransaction& txn) { txn.put(entry(txn, "b"), "\7damaged"); });
    BOOST_TEST(holds(problems(), "namespace 1, 'b': a record in the index is damaged"));
    meddle([this](kv::WriteTransaction& txn) { txn.erase(entry(txn, "c")); });
    BOOST_TEST(holds(problems(), "'c': it is to expire, and is not there"));
    meddle([this](kv::WriteTransaction& txn) {
        txn.put(kv::entry_key(name.scope, 99, kv::Collection::key, "x"),
                std::string(*txn.get(entry(txn, "small", kv::Collection::file))));
    });
    BOOST_TEST(holds(problems(), "entries stand under the number 99, which no namespace has"));
}

BOOST_AUTO_TEST_CASE(indexes_that_lack_something_are_found) {
    meddle([this](kv::WriteTransaction& txn) {
        const auto record = kv::decode_record(*txn.get(entry(txn, "c")));
        txn.erase(kv::expiry_key(*record.expires_ms, name.scope, state(txn).id, kv::Collection::key, "c"));
    });
    BOOST_TEST(problems() == "namespace 1, 'c': nothing will end it when its time comes\n");
    meddle([this](kv::WriteTransaction& txn) {
        const auto record = kv::decode_record(*txn.get(entry(txn, "large", kv::Collection::file)));
        txn.erase(kv::blob_key(*kv::blob_of(record)));
    });
    BOOST_TEST(holds(problems(), "'large': a start would remove its content"));
    meddle([](kv::WriteTransaction& txn) { txn.put(kv::blob_key(kv::BlobId{1}), {}); });
    meddle([this](kv::WriteTransaction& txn) { txn.erase(kv::id_key(state(txn).id)); });
    BOOST_TEST(holds(problems(), "is not found by its number"));
}

BOOST_AUTO_TEST_CASE(damage_in_the_middle_of_the_log_is_found) {
    for (int i = 0; i < 40; ++i)
        StoreFixture::commit({put("k", std::string(20'000, 'x'))});
    store().apply_now();
    close();
    std::vector<std::filesystem::path> segments;
    for (const auto& file : std::filesystem::directory_iterator(options.directory / "log"))
        segments.push_back(file.path());
    std::sort(segments.begin(), segments.end());
    BOOST_REQUIRE(segments.size() > 2u);
    {
        std::fstream file(segments.front(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(100'000);
        file.put('!');
    }
    const auto found = problems();
    BOOST_TEST(holds(found, "is missing before version"), found);
    BOOST_TEST(holds(found, "the history of namespace 1 at version"), found);
}

BOOST_AUTO_TEST_SUITE_END()

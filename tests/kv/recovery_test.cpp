// What an engine finds after a crash or on a folder that does not fit. A crash is a copy of the folder of a store
// that is open and idle: everything acknowledged is in the log, and nothing of it in the index.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "kv/lmdb/core.hpp"
#include "tests/support/store_fixture.hpp"

namespace alcove::test {
namespace {

namespace fs = std::filesystem;

class CrashFixture : public StoreFixture {
public:
    CrashFixture() { options.apply_interval = std::chrono::hours(1); }

    std::string everything() {
        kv::PageRequest request;
        request.values = kv::Values::include;
        return print(run(store().list(name, {}, request)).value());
    }

    // Where the group that is written next begins.
    std::uint64_t log_end() {
        const std::string bytes = log_bytes();
        const std::size_t used = bytes.find_last_not_of('\0') + 1;
        return std::max<std::uint64_t>((used + 7) / 8 * 8, kv::log::segment_header_bytes);
    }

    // The fixture goes on with the folder as a crash now would leave it.
    void crash() {
        const fs::path image = folder / ("crash-" + std::to_string(++crashes_));
        for (int attempt = 0; !copied_to(image); ++attempt)
            BOOST_REQUIRE(attempt < 100);
        close();
        options.directory = image;
    }

    // False when a file was renamed or removed meanwhile, as the log's next segment is when it is ready.
    bool copied_to(const fs::path& image) const {
        fs::remove_all(image);
        try {
            fs::copy(options.directory, image, fs::copy_options::recursive);
            return true;
        } catch (const fs::filesystem_error& failure) {
            if (failure.code() != std::errc::no_such_file_or_directory) throw;
            return false;
        }
    }

    void overwrite_log(std::uint64_t offset, const std::string& bytes) {
        std::fstream file(log_path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(offset));
        file << bytes;
    }

    std::string log_bytes() {
        std::ostringstream out;
        out << std::ifstream(log_path(), std::ios::binary).rdbuf();
        return out.str();
    }
    fs::path log_path() const { return kv::log::Segment::path_of(options.directory / "log", 1); }

    std::string refusal() {
        try {
            store();
        } catch (const kv::StoreFailure& failure) {
            return failure.what();
        }
        return "it opened";
    }

private:
    int crashes_ = 0;
};

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

BOOST_FIXTURE_TEST_SUITE(recovery, CrashFixture)

BOOST_AUTO_TEST_CASE(everything_acknowledged_is_there_after_a_crash) {
    commit({put("a", "1"), put("b", "2")});
    commit({del("a"), increment("n", 5)});
    const std::string before = everything();
    const kv::Version version = store().status().version;
    crash();
    BOOST_TEST(store().status().applied == 0u);
    BOOST_TEST(everything() == before);
    BOOST_TEST(changes() == "put a, put b, remove a, put n");
    BOOST_TEST(store().status().version == version);
    BOOST_TEST(commit({put("c", "3")})->version == version + 1);
}

BOOST_AUTO_TEST_CASE(usage_after_a_crash_is_usage_before_it) {
    commit({put("a", "1", kv::Expiry::after(10)), put("b", "2")});
    clock.advance(10);
    BOOST_REQUIRE(eventually([&] { return usage().keys == 1; }));
    clock.advance(10);
    const std::string before = print(usage());
    crash();
    BOOST_TEST(print(usage()) == before);
}

BOOST_AUTO_TEST_CASE(a_request_id_is_remembered_over_a_crash) {
    kv::Commit once = commit_of({increment("n")});
    once.request_id = kv::RequestId{.id = "once", .digest = "d", .note = "made n"};
    const auto first = run(store().commit(name, once));
    crash();
    const auto second = run(store().commit(name, once));
    BOOST_TEST(second->replayed);
    BOOST_TEST(second->version == first->version);
    BOOST_TEST(second->note == "made n");
    BOOST_TEST(get("n") == "1");
}

BOOST_AUTO_TEST_CASE(what_a_request_id_came_to_can_be_recalled) {
    kv::Commit once = commit_of({increment("n")});
    once.request_id = kv::RequestId{.id = "once", .digest = "d", .note = "made n"};
    BOOST_TEST(!run(store().recall(name, *once.request_id)).value());
    const auto first = run(store().commit(name, once));

    const auto recalled = run(store().recall(name, {.id = "once", .digest = "d", .note = {}})).value();

    BOOST_REQUIRE(recalled);
    BOOST_TEST(recalled->replayed);
    BOOST_TEST(recalled->version == first->version);
    BOOST_TEST(recalled->note == "made n");
    const auto other = run(store().recall(name, {.id = "once", .digest = "another", .note = {}}));
    BOOST_TEST((other.error().code == kv::Errc::idempotency_conflict));
}

BOOST_AUTO_TEST_CASE(a_dropped_owner_stays_dropped_over_a_crash) {
    commit({put("a", "1")});
    const kv::Owner owner{.workspace = name.workspace, .subject = {}};
    run(store().drop_owner(owner)).value();
    crash();
    BOOST_TEST(get("a") == "not_found");
    BOOST_TEST(outcome(commit({put("a", "2")})) == "not_found");
}

BOOST_AUTO_TEST_CASE(a_clock_that_is_set_back_over_a_crash_revives_nothing) {
    commit({put("a", "1", kv::Expiry::after(1000))});
    clock.advance(1000);
    commit({put("b", "2")});
    clock.set(ManualClock::start_ms);
    crash();
    BOOST_TEST(get("a") == "not_found");
    BOOST_TEST(store().now_ms() == ManualClock::start_ms + 1000);
}

BOOST_AUTO_TEST_CASE(a_torn_last_commit_never_happened) {
    commit({put("a", "1"), put("b", "1")});
    const std::uint64_t begin = log_end();
    commit({put("a", "2"), put("b", "2")});
    const std::uint64_t end = log_end();
    for (std::uint64_t cut = begin + 1; cut < end - 8; cut += 37) {
        crash();
        const fs::path whole = options.directory;
        crash();
        overwrite_log(cut, std::string(end - cut, '\0'));
        BOOST_TEST_CONTEXT("cut at " << cut << " of " << begin << " to " << end) {
            BOOST_TEST(get("a") + get("b") == "11");
            BOOST_TEST(usage().keys == 2u);
            BOOST_TEST(changes() == "put a, put b");
            BOOST_TEST(notices.size() == 1u);
        }
        close();
        notices.clear();
        options.directory = whole;
    }
}

BOOST_AUTO_TEST_CASE(damage_before_a_later_commit_is_refused_with_its_place) {
    const std::uint64_t begin = log_end();
    commit({put("a", "1")});
    commit({put("a", "2")});
    crash();
    overwrite_log(begin + 50, "x");
    BOOST_TEST(contains(refusal(), log_path().string() + " at byte " + std::to_string(begin)));
}

BOOST_AUTO_TEST_CASE(a_folder_in_use_is_refused) {
    store();
    const auto second = [&] { kv::open_engine(options); };
    BOOST_CHECK_EXCEPTION(second(), kv::StoreFailure,
                          [&](const auto& failure) { return contains(failure.what(), "use"); });
}

BOOST_AUTO_TEST_CASE(a_log_without_its_index_is_refused) {
    commit({put("a", "1")});
    close();
    fs::remove_all(options.directory / "index");
    BOOST_TEST(contains(refusal(), "is missing or empty, but a log is there"));
}

BOOST_AUTO_TEST_CASE(an_index_without_its_log_is_refused) {
    commit({put("a", "1")});
    close();
    fs::remove_all(options.directory / "log");
    BOOST_TEST(contains(refusal(), log_path().string() + " is missing"));
}

BOOST_AUTO_TEST_CASE(an_index_of_another_format_is_refused) {
    commit({put("a", "1")});
    close();
    {
        kv::Environment index(options.directory / "index", options.map_bytes);
        kv::IndexState state;
        state.format = kv::index_format + 1;
        kv::WriteTransaction txn(index);
        txn.put(kv::index_state_key, kv::encode_index_state(state));
        txn.commit();
    }
    const auto format = std::to_string(kv::index_format);
    BOOST_TEST(contains(
        refusal(), "has format " + std::to_string(kv::index_format + 1) + "; this server reads format " + format));
}

BOOST_AUTO_TEST_CASE(the_log_of_another_store_is_refused) {
    commit({put("a", "1")});
    close();
    const fs::path log = options.directory / "log";
    options.directory = folder / "other";
    commit({put("b", "1")});
    close();
    fs::remove_all(options.directory / "log");
    fs::copy(log, options.directory / "log");
    BOOST_TEST(contains(refusal(), "belongs to another store"));
}

BOOST_AUTO_TEST_CASE(the_epoch_stays_over_a_reopening) {
    const std::string epoch = store().epoch();
    reopen();
    BOOST_TEST(store().epoch() == epoch);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

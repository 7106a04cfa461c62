// A disk without room: writes are refused, reads and deletes go on, nothing acknowledged is lost, and writes come
// back by themselves.
#include "tests/faults/fixture.hpp"
#include "tests/faults/small_disk.hpp"

namespace alcove::test {
namespace {

constexpr std::int64_t disk_bytes = std::int64_t{128} << 20;
constexpr std::size_t value_bytes = 60'000;
constexpr int more_than_fit = 4000;

class DiskFixture : public FaultsFixture {
public:
    DiskFixture() {
        data = folder / "disk" / "data";
        environment["ALCOVE_STORE_DISK_RESERVE_BYTES"] = "8MiB";
        environment["ALCOVE_STORE_HISTORY_BYTES"] = "2MiB";
        start_first();
    }
    bool writes_come_back() {
        return eventually([&] { return put_until_refused(1, 1) == "201"; }) && eventually([&] { return ready(); });
    }

    SmallDisk disk{folder / "disk", disk_bytes, faults};
};

// A transaction as large as they come.
std::string puts(const std::string& prefix) {
    std::string operations;
    for (int i = 0; i < 128; ++i) {
        operations +=
            (i == 0 ? "" : ",") + (R"({"op":"put","key":")" + prefix + std::to_string(i)) + R"(","value":1})";
    }
    return "{\"operations\":[" + operations + "]}";
}

BOOST_FIXTURE_TEST_SUITE(disk_full, DiskFixture)

BOOST_AUTO_TEST_CASE(writes_are_refused_until_there_is_room_and_reads_and_deletes_go_on) {
    disk.fill(disk_bytes / 2);
    BOOST_TEST(put_until_refused(more_than_fit, value_bytes) == "507 STORE_FULL");
    BOOST_TEST(acknowledged() > 50U);
    BOOST_TEST(outcome("GET", "/readyz") == "503");
    BOOST_TEST(text_member(send("GET", "/readyz").body, "disk") == "reserve_reached");
    BOOST_TEST(outcome("GET", "/healthz") == "200");
    BOOST_TEST(lost() == "");
    remove_keys(5);
    BOOST_TEST(lost() == "");

    disk.make_room();

    BOOST_TEST(writes_come_back());
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
    start();
    BOOST_TEST(lost() == "");
}

// Below what writes leave alone: the log finds no room for its next segment, and the index none for what was
// acknowledged, or only for a part of what it writes at once.
BOOST_AUTO_TEST_CASE(a_disk_that_is_full_at_once_loses_nothing) {
    for (const std::int64_t left : {0, 30'000, 200'000, 800'000}) {
        BOOST_TEST_CONTEXT("with " << left << " bytes left") {
            BOOST_TEST(put_until_refused(60, value_bytes) == "201");
            disk.fill(left);
            BOOST_TEST(put_until_refused(more_than_fit, value_bytes) == "507 STORE_FULL");
            for (int i = 0; i < 15; ++i) {  // the index tries again every second
                BOOST_TEST(outcome("GET", "/healthz") == "200");
                put_until_refused(1, 100);
                std::this_thread::sleep_for(100ms);
            }
            BOOST_TEST(lost() == "");

            disk.make_room();

            BOOST_TEST(writes_come_back());
            remove_keys(2);
        }
    }
    BOOST_TEST(put_until_refused(50, value_bytes) == "201");
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
    start();
    BOOST_TEST(lost() == "");
}

BOOST_AUTO_TEST_CASE(a_full_disk_stops_and_starts_a_server_like_any_other) {
    BOOST_TEST(put_until_refused(100, value_bytes) == "201");
    disk.fill();
    BOOST_TEST(put_until_refused(more_than_fit, value_bytes) == "507 STORE_FULL");
    BOOST_TEST(stop() == 0);
    start();
    BOOST_TEST(lost() == "");
    BOOST_TEST(put("k", "v") == "507 STORE_FULL");
    BOOST_TEST(kill() == 128 + SIGKILL);
    BOOST_TEST(problems() == "");
    start();
    BOOST_TEST(lost() == "");

    disk.make_room();

    BOOST_TEST(writes_come_back());
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
}

BOOST_AUTO_TEST_CASE(an_upload_that_does_not_fit_leaves_the_former_file) {
    BOOST_TEST(put_file("a", content_of(1, 100'000)) == "201");
    const std::size_t blobs = blobs_in(data).size();
    disk.fill(std::int64_t{12} << 20);

    BOOST_TEST(put_file("a", content_of(2, 10'000'000)) == "507 STORE_FULL");

    BOOST_TEST(lost() == "");
    BOOST_TEST(eventually([&] { return blobs_in(data).size() == blobs; }));
    disk.make_room();
    BOOST_TEST(eventually([&] { return put_file("a", content_of(2, 10'000'000)) == "204"; }));
    BOOST_TEST(lost() == "");
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
}

// While nobody looks: the system refuses what admission had let through.
BOOST_AUTO_TEST_CASE(a_disk_that_fills_up_during_an_upload_leaves_the_former_file) {
    BOOST_TEST(put_file("a", content_of(1, 100'000)) == "201");
    const std::size_t blobs = blobs_in(data).size();
    faults.add({.calls = call_write, .path = "/blobs/", .error = ENOSPC, .pass = 3});

    BOOST_TEST(put_file("a", content_of(2, 3'000'000)) == "507 STORE_FULL");

    BOOST_TEST(faults.failed() > 0U);
    faults.clear();
    faults.add({.calls = call_sync, .path = "/blobs/", .error = ENOSPC});
    BOOST_TEST(put_file("a", content_of(3, 300'000)) == "507 STORE_FULL");
    faults.clear();
    BOOST_TEST(lost() == "");
    BOOST_TEST(eventually([&] { return blobs_in(data).size() == blobs; }));
    BOOST_TEST(put_file("a", content_of(2, 3'000'000)) == "204");
    BOOST_TEST(lost() == "");
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
}

// What is applied, what an emptied namespace left and what the history forgets all need the index.
BOOST_AUTO_TEST_CASE(an_index_without_room_goes_on_where_it_was_once_there_is_some) {
    const std::string other = "/api/v1/workspaces/acme/external/e";
    for (int i = 0; i < 500; ++i)
        BOOST_TEST(outcome("PUT", other + "/kv/" + std::to_string(i), content_of(1, 5000)) == "201");
    BOOST_TEST(outcome("DELETE", other + "/data") == "200");
    faults.add({.calls = call_write, .path = "/index/data.mdb", .error = ENOSPC});
    for (int i = 0; i < 30; ++i) {
        BOOST_TEST(put_until_refused(2, value_bytes) == "201");
        std::this_thread::sleep_for(100ms);
    }
    BOOST_TEST(faults.failed() > 0U);
    BOOST_TEST(lost() == "");

    faults.clear();

    BOOST_TEST(writes_come_back());
    BOOST_TEST(lost() == "");
    BOOST_TEST(stop() == 0);
    BOOST_TEST(printed.find("the index cannot") != std::string::npos);
    BOOST_TEST(problems() == "");
    start();
    BOOST_TEST(lost() == "");
    BOOST_TEST(outcome("GET", other + "/kv/1") == "404 NOT_FOUND");
}

// In the middle of an application, of freeing what an emptied namespace left, of forgetting history.
BOOST_AUTO_TEST_CASE(an_index_that_finds_no_room_now_and_then_costs_time_alone) {
    const std::string other = acme + "/external/e";
    std::uint64_t failed = 0;
    for (int round = 0; round < 12; ++round) {
        faults.add({.calls = call_write,
                    .path = "/index/data.mdb",
                    .error = ENOSPC,
                    .pass = 3 * round,
                    .times = 1,
                    .from = index_pages_from});
        for (int i = 0; i < 60; ++i)
            BOOST_TEST(outcome("POST", other + "/transactions", puts(std::to_string(i) + "/")) == "200");
        BOOST_TEST(outcome("DELETE", other + "/data") == "200");
        BOOST_TEST(put_until_refused(5, value_bytes) == "201");
        std::this_thread::sleep_for(300ms);
        if (faults.failed() != 0) std::this_thread::sleep_for(1s);  // until it is tried again
        failed += faults.failed();
        faults.clear();
    }
    BOOST_TEST(failed > 0U);
    BOOST_TEST(lost() == "");
    BOOST_TEST(stop() == 0);
    BOOST_TEST(problems() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

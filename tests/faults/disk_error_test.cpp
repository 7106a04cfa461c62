// A disk that fails: of a write to the log nobody knows whether it is kept, so the server ends; content that cannot
// be written or read fails one request. What was acknowledged is there after the next start.
#include "tests/faults/fixture.hpp"

namespace alcove::test {
namespace {

class ErrorFixture : public FaultsFixture {
public:
    ErrorFixture() {
        start_first();
        BOOST_TEST(put_until_refused(50, 1000) == "201");
        BOOST_TEST(put_file("a", content_of(1, 500'000)) == "201");
    }

    // The server has ended by itself as it should, and nothing is missing at the next start.
    void check_end(const std::string& why) {
        BOOST_TEST(wait() == 1);
        BOOST_TEST(printed.find("\"event\":\"store_failed\"") != std::string::npos);
        BOOST_TEST_CONTEXT(printed) BOOST_TEST(printed.find(why) != std::string::npos);
        faults.clear();
        BOOST_TEST(problems() == "");
        start();
        BOOST_TEST(lost() == "");
        BOOST_TEST(put("after", "1") == "201");
        BOOST_TEST(stop() == 0);
        BOOST_TEST(problems() == "");
    }
    // An upload fails, and the next one is as if nothing had been.
    void check_upload(const Fault& fault) {
        const std::size_t blobs = blobs_in(data).size();
        faults.add(fault);
        BOOST_TEST(put_file("a", content_of(2, 500'000)) == "500 INTERNAL_ERROR");
        BOOST_TEST(faults.failed() > 0U);
        BOOST_TEST(put("k", "v") == "201");
        faults.clear();
        BOOST_TEST(lost() == "");
        BOOST_TEST(eventually([&] { return blobs_in(data).size() == blobs; }));
        BOOST_TEST(put_file("a", content_of(3, 500'000)) == "204");
        BOOST_TEST(lost() == "");
        BOOST_TEST(stop() == 0);
        BOOST_TEST(problems() == "");
    }
};

BOOST_FIXTURE_TEST_SUITE(disk_errors, ErrorFixture)

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_written_ends_the_server) {
    faults.add({.calls = call_write, .path = "/log/", .pass = 10});
    BOOST_TEST(put_until_refused(1000, 100) == "500 INTERNAL_ERROR");
    check_end("the store failed while writing");
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_synced_ends_the_server) {
    faults.add({.calls = call_sync, .path = "/log/", .pass = 10});
    BOOST_TEST(put_until_refused(1000, 100) == "500 INTERNAL_ERROR");
    check_end("the store failed while writing");
}

// After a failed sync nobody knows what is on the disk, also when the next one would succeed.
BOOST_AUTO_TEST_CASE(a_failed_sync_is_not_tried_again) {
    faults.add({.calls = call_sync, .path = "/log/", .times = 1});
    BOOST_TEST(put_until_refused(1000, 100) == "500 INTERNAL_ERROR");
    BOOST_TEST(put_until_refused(1, 100) != "201");
    check_end("the store failed while writing");
}

BOOST_AUTO_TEST_CASE(a_segment_that_cannot_be_prepared_is_prepared_later) {
    faults.add({.calls = call_write, .path = ".log.tmp", .times = 1});
    faults.add({.calls = call_sync, .path = ".log.tmp", .times = 1});
    // A segment's worth at a time, so that the next one is there before it is needed.
    for (int i = 0; i < 4; ++i) {
        BOOST_TEST(put_until_refused(15, 60'000) == "201");
        std::this_thread::sleep_for(1500ms);
    }
    BOOST_TEST(faults.failed() == 2U);
    faults.clear();
    BOOST_TEST(lost() == "");
    BOOST_TEST(stop() == 0);
    BOOST_TEST(printed.find("cannot write") != std::string::npos);
    BOOST_TEST(problems() == "");
}

BOOST_AUTO_TEST_CASE(an_index_that_cannot_be_written_ends_the_server) {
    faults.add({.calls = call_write, .path = "/index/data.mdb"});
    put_until_refused(1000, 1000);
    check_end("the store failed while applying");
}

BOOST_AUTO_TEST_CASE(an_index_that_cannot_be_synced_ends_the_server) {
    faults.add({.calls = call_sync, .path = "/index/data.mdb"});
    put_until_refused(1000, 1000);
    check_end("the store failed while applying");
}

BOOST_AUTO_TEST_CASE(content_that_cannot_be_written_fails_its_upload_alone) {
    check_upload({.calls = call_write, .path = "/blobs/", .pass = 1});
}

BOOST_AUTO_TEST_CASE(content_that_cannot_be_synced_fails_its_upload_alone) {
    check_upload({.calls = call_sync, .path = "/blobs/", .times = 1});
}

BOOST_AUTO_TEST_CASE(a_folder_of_contents_that_cannot_be_synced_fails_its_upload_alone) {
    check_upload({.calls = call_sync, .path = "/blobs/", .pass = 1, .times = 1});
}

BOOST_AUTO_TEST_CASE(content_that_cannot_be_made_fails_its_upload_alone) {
    check_upload({.calls = call_open, .path = "/blobs/"});
}

BOOST_AUTO_TEST_CASE(content_that_cannot_be_opened_fails_its_download_alone) {
    faults.add({.calls = call_open, .path = "/blobs/"});
    BOOST_TEST(outcome("GET", acme + "/files/a") == "500 INTERNAL_ERROR");
    BOOST_TEST(put("k", "v") == "201");
    faults.clear();
    BOOST_TEST(lost() == "");
}

// Its head has gone out by then: all that is left is to close the connection before the end.
BOOST_AUTO_TEST_CASE(content_that_cannot_be_read_cuts_its_download_off) {
    faults.add({.calls = call_read, .path = "/blobs/"});
    BOOST_TEST(outcome("GET", acme + "/files/a") == "gone");
    BOOST_TEST(faults.failed() > 0U);
    BOOST_TEST(put("k", "v") == "201");
    faults.clear();
    BOOST_TEST(lost() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

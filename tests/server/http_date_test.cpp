// Times in the two forms that HTTP and JSON use.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/http/date.hpp"

using namespace alcove::http;

namespace {

std::string http(std::int64_t seconds) {
    auto text = format_http_date(seconds);
    return std::string(view(text));
}

std::string iso(std::int64_t ms) {
    auto text = format_iso_time(ms);
    return std::string(view(text));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_date)

BOOST_AUTO_TEST_CASE(http_dates_are_written) {
    BOOST_TEST(http(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(http(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    BOOST_TEST(http(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
    BOOST_TEST(http(1'709'164'800) == "Thu, 29 Feb 2024 00:00:00 GMT");
    BOOST_TEST(http(INT64_MAX) == "Fri, 31 Dec 9999 23:59:59 GMT");
}

BOOST_AUTO_TEST_CASE(http_dates_are_read_back) {
    for (std::int64_t seconds = -62'167'219'200; seconds < 253'402'300'799; seconds += 98'765'432'1) {
        BOOST_TEST(parse_http_date(http(seconds)).value() == seconds);
    }
    for (auto bad :
         {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
          "Sun, 31 Feb 2021 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun, 00 Nov 1994 08:49:37 GMT"}) {
        BOOST_TEST(!parse_http_date(bad).has_value(), bad);
    }
}

BOOST_AUTO_TEST_CASE(iso_times_are_written) {
    BOOST_TEST(iso(1'767'323'045'678) == "2026-01-02T03:04:05.678Z");
    BOOST_TEST(iso(0) == "1970-01-01T00:00:00.000Z");
    BOOST_TEST(iso(-1) == "1969-12-31T23:59:59.999Z");
    BOOST_TEST(iso(INT64_MAX) == "9999-12-31T23:59:59.999Z");
    BOOST_TEST(iso(INT64_MIN) == "0000-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(iso_times_are_read_back) {
    BOOST_TEST(parse_iso_time("2026-01-02T03:04:05.678Z").value() == 1'767'323'045'678);
    BOOST_TEST(parse_iso_time("2026-01-02T03:04:05.67Z").value() == 1'767'323'045'670);
    BOOST_TEST(parse_iso_time("2026-01-02T03:04:05.6Z").value() == 1'767'323'045'600);
    BOOST_TEST(parse_iso_time("2026-01-02T03:04:05Z").value() == 1'767'323'045'000);
    for (std::int64_t ms = -62'167'219'200'000; ms < 253'402'300'799'999; ms += 987'654'321'987) {
        BOOST_TEST(parse_iso_time(iso(ms)).value() == ms);
    }
    for (auto bad :
         {"", "Z", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234Z",
          "2026-01-02t03:04:05Z", "2026-01-02T03:04:05z", "2026-01-02 03:04:05Z", "2026-02-29T00:00:00Z",
          "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z",
          "2026-01-02T03:04:05+00:00", "+026-01-02T03:04:05Z", "2026-01-02T03:04:05.6-Z"}) {
        BOOST_TEST(!parse_iso_time(bad).has_value(), bad);
    }
}

BOOST_AUTO_TEST_SUITE_END()

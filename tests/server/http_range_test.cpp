// Which bytes a Range header asks for.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "server/http/range.hpp"

using alcove::http::ByteRange;
using alcove::http::parse_range;

namespace {

// "part 3+7", "whole", "unsatisfiable", "malformed"
std::string range(std::string_view header, std::uint64_t size = 10) {
    const auto found = parse_range(header, size);
    switch (found.kind) {
        case ByteRange::Kind::whole:
            return "whole";
        case ByteRange::Kind::unsatisfiable:
            return "unsatisfiable";
        case ByteRange::Kind::malformed:
            return "malformed";
        case ByteRange::Kind::part:
            break;
    }
    BOOST_TEST(found.size > 0u);
    BOOST_TEST(found.offset + found.size <= size);
    return "part " + std::to_string(found.offset) + "+" + std::to_string(found.size);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_range)

BOOST_AUTO_TEST_CASE(one_range_is_cut_to_what_is_there) {
    BOOST_TEST(range("bytes=0-0") == "part 0+1");
    BOOST_TEST(range("bytes=3-5") == "part 3+3");
    BOOST_TEST(range("bytes=3-") == "part 3+7");
    BOOST_TEST(range("bytes=9-") == "part 9+1");
    BOOST_TEST(range("bytes=0-99") == "part 0+10");
    BOOST_TEST(range("bytes=-4") == "part 6+4");
    BOOST_TEST(range("bytes=-99") == "part 0+10");
    BOOST_TEST(range(" BYTES= 3-5 ,") == "part 3+3");
    BOOST_TEST(range("bytes=5-99999999999999999999999") == "part 5+5");
    BOOST_TEST(range("bytes=-99999999999999999999999") == "part 0+10");
}

BOOST_AUTO_TEST_CASE(what_begins_behind_the_end_is_unsatisfiable) {
    BOOST_TEST(range("bytes=10-") == "unsatisfiable");
    BOOST_TEST(range("bytes=10-20") == "unsatisfiable");
    BOOST_TEST(range("bytes=-0") == "unsatisfiable");
    BOOST_TEST(range("bytes=99999999999999999999999-") == "unsatisfiable");
    BOOST_TEST(range("bytes=0-", 0) == "unsatisfiable");
    BOOST_TEST(range("bytes=-5", 0) == "whole");
}

BOOST_AUTO_TEST_CASE(other_units_and_several_ranges_get_all) {
    BOOST_TEST(range("lines=0-3") == "whole");
    BOOST_TEST(range("bytes=0-1,3-4") == "whole");
    BOOST_TEST(range("bytes=0-1, 30-40") == "whole");
}

BOOST_AUTO_TEST_CASE(what_is_no_range_is_malformed) {
    for (const auto* header :
         {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-3", "bytes=5", "bytes=+1-2",
          "bytes=1 - 2", "bytes=1-2-3", "bytes=--1", "bytes=0x1-2", "bytes=0-1,x"}) {
        BOOST_TEST(range(header) == "malformed", header);
    }
}

BOOST_AUTO_TEST_SUITE_END()

// A router with a capture beside a literal decoded the segments behind it once for each, into room for one.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/http/router.hpp"

namespace alcove::http {
namespace {

BOOST_AUTO_TEST_CASE(a_segment_that_is_decoded_again_takes_the_place_of_the_first_time) {
    Router router;
    for (const char* pattern : {"/a/b/c/x", "/a/b/{3}/y", "/a/{2}/{3}/z", "/{1}/{2}/{3}/{4}"})
        router.add(Method::get, pattern, 0);
    for (int times = 1; times < 50; ++times) {
        std::string last;
        for (int i = 0; i < times; ++i)
            last += 'w';
        const auto match = router.match(Method::get, "/a/b/c/%77" + last);
        BOOST_REQUIRE((match.outcome == Router::Outcome::matched));
        BOOST_TEST(match["1"] == "a");
        BOOST_TEST(match["3"] == "c");
        BOOST_TEST(match["4"] == "w" + last);
    }
}

}  // namespace
}  // namespace alcove::http

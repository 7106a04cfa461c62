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
    for (std::size_t bytes = 1; bytes < 50; ++bytes) {
        const std::string last(bytes, 'w');
        const auto path = "/a/b/c/%77" + last;
        const auto match = router.match(Method::get, path);
        BOOST_REQUIRE((match.outcome == Router::Outcome::matched));
        BOOST_TEST(match["1"] == "a");
        BOOST_TEST(match["3"] == "c");
        BOOST_TEST(match["4"] == "w" + last);
    }
}

}  // namespace
}  // namespace alcove::http

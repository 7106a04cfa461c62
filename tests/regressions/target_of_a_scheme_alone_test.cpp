// A target that is a scheme and nothing else ("GET http HTTP/1.1") was read beyond its end.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/http/parser.hpp"

namespace alcove::http {
namespace {

BOOST_AUTO_TEST_CASE(a_target_of_a_scheme_alone_is_refused) {
    // What is read beyond the end is then a slash and a query.
    const std::string bytes = "https 12345/path?query";
    for (const std::size_t size : {4, 5}) {
        Request request;
        request.target = std::string_view(bytes).substr(0, size);
        BOOST_TEST(!split_target(request), request.target);
    }
}

}  // namespace
}  // namespace alcove::http

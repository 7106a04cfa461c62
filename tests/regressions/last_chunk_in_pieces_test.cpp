// A chunked body without content ended the process when its five bytes came one by one.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/http/parser.hpp"

namespace alcove::http {
namespace {

BOOST_AUTO_TEST_CASE(a_last_chunk_may_come_in_pieces) {
    const std::string request = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string chunks : {"0\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "0;a=b\r\nX: y\r\n\r\n"}) {
        Head head;
        Parser parser(head);
        BOOST_REQUIRE((parser.parse_head(request) == Parser::Progress::done));
        Buffer body;
        std::string arrived;
        auto progress = Parser::Progress::need_more;
        for (const char byte : chunks) {
            BOOST_REQUIRE((progress == Parser::Progress::need_more));
            arrived += byte;
            arrived.erase(0, parser.parse_chunks(arrived, &body, 10, progress));
        }
        BOOST_TEST((progress == Parser::Progress::done));
        BOOST_TEST(arrived.empty());
    }
}

}  // namespace
}  // namespace alcove::http

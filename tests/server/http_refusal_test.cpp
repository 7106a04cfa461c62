// What the protocol itself refuses, with which status, and that the connection ends with it.
#include <boost/test/unit_test.hpp>

#include "tests/server/http_harness.hpp"

using namespace alcove::http;
using namespace alcove::http::test;
using namespace std::string_literals;

namespace {

struct Case {
    std::string_view name;
    std::string request;
    unsigned status;
};

std::string many_headers(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
        lines += "X-" + std::to_string(i) + ": 1\r\n";
    return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_refusal)

BOOST_AUTO_TEST_CASE(bad_requests_are_refused_and_the_connection_closed) {
    const std::vector<Case> cases = {
        {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"length and chunked",
         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"chunked and length",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
        {"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\nabcd", 400},
        {"a list of the same length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400},
        {"a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
        {"a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400},
        {"an empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n", 400},
        {"a length beyond 64 bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
         400},
        {"gzip", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"gzip, chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501},
        {"an empty coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 501},
        {"nearly chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
        {"chunked twice",
         "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        {"a header without a colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400},
        {"a header without a name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400},
        {"a control character in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n", 400},
        {"a NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0z\r\n\r\n"s, 400},
        {"a bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rz\r\n\r\n", 400},
        {"a bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"a bare LF after a header", "GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", 400},
        {"a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400},
        {"a header folded behind nothing", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n b\r\n\r\n", 400},
        {"a header folded to nothing", "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n \r\n\r\n", 400},
        {"a folded first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"a method that is no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a control character in the target", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"a target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"an authority", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"another scheme", "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"no version", "GET /\r\n\r\n", 400},
        {"a version of something else", "GET / HTCPCP/1.0\r\nHost: a\r\n\r\n", 400},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
        {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"a TLS hello", "\x16\x03\x01\x02\x00\x01"s, 400},
        {"a target over 8 KiB", "GET /" + std::string(8192, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        {"an endless target", "GET /" + std::string(9000, 'x'), 414},
        {"a header over 16 KiB", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(16384, 'x') + "\r\n\r\n", 431},
        {"an endless header", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'x'), 431},
        {"101 headers", "GET / HTTP/1.1\r\nHost: a\r\n" + many_headers(100) + "\r\n", 431},
    };
    Harness harness;
    for (const auto& one : cases) {
        auto client = harness.client();
        auto answer = client.ask(one.request);
        BOOST_TEST(answer.status == one.status, one.name << ": " << answer.status << " " << answer.body);
        BOOST_TEST(answer.has("Connection: close"), one.name);
        BOOST_TEST(answer.head.find("X-Request-Id: ") != std::string::npos, one.name);
        client.finish_sending();
        BOOST_TEST(client.is_closed(), one.name);
    }
    BOOST_TEST(harness.client().get("/hello").body == "hello");
    BOOST_TEST(harness.probe.failures().empty());
}

BOOST_AUTO_TEST_CASE(requests_at_the_limits_pass) {
    Harness harness;
    auto client = harness.client();
    BOOST_TEST(client.get("/" + std::string(8191, 'x')).status == 200);
    BOOST_TEST(client.ask("GET / HTTP/1.1\r\nHost: a\r\n" + many_headers(99) + "\r\n").status == 200);
    BOOST_TEST(client.ask("GET / HTTP/1.1\r\nHost:\r\n\r\n").status == 200);
    BOOST_TEST(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc").body == "abc");
    BOOST_TEST(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status == 200);
    BOOST_TEST(client.ask("BREW /target HTTP/1.1\r\nHost: a\r\n\r\n").body == "BREW /target");
}

BOOST_AUTO_TEST_CASE(a_refusal_reaches_a_client_that_goes_on_sending) {
    Harness harness;
    auto client = harness.client();
    client.send("POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n");
    for (int i = 0; i < 100; ++i)
        client.send(std::string(5000, 'x'));
    BOOST_TEST(client.receive().status == 501);
}

BOOST_AUTO_TEST_CASE(requests_before_a_bad_one_are_answered) {
    Harness harness;
    auto client = harness.client();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/3.0\r\n\r\n");
    BOOST_TEST(client.receive().body == "hello");
    BOOST_TEST(client.receive().status == 505);
}

BOOST_AUTO_TEST_SUITE_END()

// What a client sees of one connection: order, framing, bodies, and when it stays open.
#include <boost/test/unit_test.hpp>

#include "tests/server/http_harness.hpp"

using namespace alcove::http;
using namespace alcove::http::test;

BOOST_AUTO_TEST_SUITE(http_session)

BOOST_AUTO_TEST_CASE(a_connection_serves_many_requests) {
    Harness harness;
    auto client = harness.client();
    for (int i = 1; i <= 50; ++i)
        BOOST_TEST(client.get("/count").body == std::to_string(i));
    BOOST_TEST(harness.probe.distinct_ids() == 50);
}

BOOST_AUTO_TEST_CASE(a_response_has_the_headers_of_the_session_and_of_the_handler) {
    Harness harness;
    auto answer = harness.client().get("/hello");
    BOOST_TEST(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(answer.has("Server: alcove"));
    BOOST_TEST(answer.has("Content-Length: 5"));
    BOOST_TEST(answer.has("Content-Type: text/plain"));
    BOOST_TEST(answer.head.find("\r\nDate: ") != std::string::npos);
    BOOST_TEST(answer.head.find("\r\nX-Request-Id: ") != std::string::npos);
    BOOST_TEST(answer.head.find("Connection") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    Harness harness;
    auto client = harness.client();
    std::string requests;
    for (int i = 0; i < 500; ++i) {
        requests += "GET /target?" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    }
    client.send(requests);
    for (int i = 0; i < 500; ++i) {
        BOOST_REQUIRE(client.receive().body == "GET /target ? " + std::to_string(i));
    }
}

BOOST_AUTO_TEST_CASE(pipelined_requests_with_bodies_may_be_cut_anywhere) {
    Harness harness;
    auto client = harness.client();
    std::string requests =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n"
        "GET /target HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t cut = 1; cut < requests.size(); ++cut) {
        // The cut may not leave a body that nobody reads half-way: that closes the connection, rightly.
        if (cut > requests.find("/ignore") && cut < requests.find("xyz") + 3) continue;
        client.send(requests.substr(0, cut));
        std::this_thread::sleep_for(300us);
        client.send(requests.substr(cut));
        BOOST_REQUIRE(client.receive().body == "abc");
        BOOST_REQUIRE(client.receive().body == "ignored");
        BOOST_REQUIRE(client.receive().body == "def");
        BOOST_REQUIRE(client.receive().body == "GET /target");
    }
}

BOOST_AUTO_TEST_CASE(an_answer_does_not_wait_for_a_slow_request_behind_it) {
    Harness harness;
    auto client = harness.client();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(client.receive().body == "hello");
    harness.probe.release = true;
    BOOST_TEST(client.receive().body == "released");
}

BOOST_AUTO_TEST_CASE(requests_may_arrive_byte_by_byte) {
    Harness harness;
    auto client = harness.client();
    client.send_slowly("POST /echo HTTP/1.1\r\nHost: a\r\nX-Long: value\r\nContent-Length: 4\r\n\r\nabcd");
    BOOST_TEST(client.receive().body == "abcd");
    client.send_slowly("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send_slowly("4;a=b\r\nabcd\r\n1\r\ne\r\n0\r\nTrailer: x\r\n\r\n");
    BOOST_TEST(client.receive().body == "abcde");
    BOOST_TEST(client.get("/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_head_that_outgrows_the_first_buffer_is_read) {
    Harness harness;
    auto client = harness.client();
    std::string head = "GET /target?q HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 90; ++i)
        head += "X-Filler-" + std::to_string(i) + ": " + std::string(150, 'f') + "\r\n";
    for (int i = 0; i < 3; ++i) {
        client.send(head.substr(0, 3000));
        std::this_thread::sleep_for(2ms);
        BOOST_TEST(client.ask(head.substr(3000) + "\r\n").body == "GET /target ? q");
    }
}

BOOST_AUTO_TEST_CASE(empty_lines_before_a_request_are_skipped) {
    Harness harness;
    auto client = harness.client();
    BOOST_TEST(client.ask("\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n").body == "hello");
    client.send_slowly("\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(client.receive().body == "hello");
}

BOOST_AUTO_TEST_CASE(continue_is_sent_when_the_body_is_read) {
    Harness harness;
    auto client = harness.client();
    auto answer = client.ask("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    BOOST_TEST(answer.status == 100);
    BOOST_TEST(client.ask("body").body == "body");
    answer =
        client.ask("PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    BOOST_TEST(answer.status == 100);
    BOOST_TEST(client.ask("4\r\nbody\r\n0\r\n\r\n").body == "body");
}

BOOST_AUTO_TEST_CASE(continue_is_not_sent_when_the_service_answers_without_the_body) {
    Harness harness;
    auto client = harness.client();
    auto answer =
        client.ask("PUT /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.is_closed());
}

BOOST_AUTO_TEST_CASE(head_is_answered_with_the_length_and_no_body) {
    Harness harness;
    auto client = harness.client();
    auto answer = client.ask("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(answer.has("Content-Length: 5"));
    BOOST_TEST(!client.has_more_buffered());
    answer = client.ask("HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(answer.has("Content-Length: 1048576"));
    BOOST_TEST(client.get("/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(responses_204_and_304_have_neither_body_nor_length) {
    Harness harness;
    auto client = harness.client();
    for (auto target : {"/empty", "/unchanged"}) {
        auto answer = client.get(target);
        BOOST_TEST(answer.status == (target == std::string_view("/empty") ? 204 : 304));
        BOOST_TEST(answer.head.find("Content-Length") == std::string::npos);
    }
    BOOST_TEST(client.get("/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(large_bodies_go_both_ways) {
    Harness harness;
    auto client = harness.client();
    BOOST_TEST(client.get("/big").body == std::string(std::size_t{1} << 20, 'b'));
    std::string body;
    for (std::size_t i = 0; body.size() < std::size_t{1} << 20; ++i)
        body += static_cast<char>('a' + i % 26);
    auto length = std::to_string(body.size());
    auto answer = client.ask("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n" + body);
    BOOST_TEST((answer.body == body));
    std::string chunks;
    for (std::size_t at = 0; at < body.size(); at += 65536)
        chunks += "10000\r\n" + body.substr(at, 65536) + "\r\n";
    answer =
        client.ask("PUT /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n");
    BOOST_TEST((answer.body == body));
    BOOST_TEST(eventually([&] { return harness.probe.bytes_sent == 3 * body.size(); }));
}

BOOST_AUTO_TEST_CASE(a_large_answer_among_pipelined_ones_keeps_the_order) {
    Harness harness;
    auto client = harness.client();
    auto request = [](std::string_view target) {
        return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    };
    client.send(request("/hello") + request("/big") + request("/target"));
    BOOST_TEST(client.receive().body == "hello");
    BOOST_TEST(client.receive().body.size() == std::size_t{1} << 20);
    BOOST_TEST(client.receive().body == "GET /target");
}

BOOST_AUTO_TEST_CASE(chunk_extensions_and_trailers_are_read_past) {
    Harness harness;
    auto client = harness.client();
    auto answer = client.ask(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
        "3;name=value;other=\"quoted; text\"\r\nabc\r\n00\r\nX-Trailer: 1\r\nHost: b\r\n\r\n");
    BOOST_TEST(answer.body == "abc");
    BOOST_TEST(client.get("/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_body_that_nobody_reads_is_skipped_when_it_is_small_and_here) {
    Harness harness;
    auto client = harness.client();
    auto small = "POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x');
    BOOST_TEST(client.ask(small).body == "ignored");
    BOOST_TEST(client.get("/hello").body == "hello");
    auto chunked = "POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    BOOST_TEST(client.ask(chunked).body == "ignored");
    BOOST_TEST(client.get("/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_large_body_that_nobody_reads_closes_the_connection_after_the_answer) {
    Harness harness;
    auto client = harness.client();
    auto answer =
        client.ask("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + std::string(500000, 'x'));
    BOOST_TEST(answer.body == "ignored");
    BOOST_TEST(answer.has("Connection: close"));
    client.finish_sending();
    BOOST_TEST(client.is_closed());
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_told_and_closes) {
    Harness harness;
    auto sized = harness.client();
    auto answer = sized.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n");
    BOOST_TEST(answer.status == 413);
    BOOST_TEST(answer.has("Connection: close"));
    auto chunked = harness.client();
    answer = chunked.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\n");
    BOOST_TEST(answer.status == 413);
}

BOOST_AUTO_TEST_CASE(bad_chunks_are_told_and_close) {
    Harness harness;
    for (auto chunks : {"xyz\r\n", "3\r\nabcd\r\n", "3 3\r\nabc\r\n", "0x3\r\nabc\r\n", "3\r\nabc\r\n-1\r\n",
                        "3;\r\nabc\r\n", "11111111111111111\r\n", "3\r\nabc\r\n0\r\nbad trailer\r\n\r\n"}) {
        auto client = harness.client();
        auto answer = client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
                                 std::string(chunks) + "1\r\nx\r\n0\r\n\r\n");
        BOOST_TEST(answer.status == 400, chunks);
        BOOST_TEST(answer.has("Connection: close"));
    }
}

BOOST_AUTO_TEST_CASE(an_endless_chunk_header_is_refused) {
    Harness harness;
    auto client = harness.client();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;");
    client.send(std::string(40'000, 'e'));
    BOOST_TEST(client.receive().status == 400);
}

BOOST_AUTO_TEST_CASE(http_1_0_closes_unless_it_asks_otherwise) {
    Harness harness;
    auto client = harness.client();
    auto answer = client.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    BOOST_TEST(answer.has("Connection: keep-alive"));
    answer = client.ask("GET /hello HTTP/1.0\r\n\r\n");
    BOOST_TEST(answer.body == "hello");
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.is_closed());
}

BOOST_AUTO_TEST_CASE(connection_close_is_obeyed_and_said) {
    Harness harness;
    auto client = harness.client();
    auto answer = client.ask("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n");
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.is_closed());
}

BOOST_AUTO_TEST_CASE(a_client_that_stops_sending_still_gets_its_answers) {
    Harness harness;
    auto client = harness.client();
    client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    client.finish_sending();
    BOOST_TEST(client.receive().body == "hello");
    BOOST_TEST(client.receive().body == "slow");
    BOOST_TEST(client.is_closed());
}

BOOST_AUTO_TEST_CASE(a_thrown_exception_is_logged_and_answered_without_its_text) {
    Harness harness;
    auto client = harness.client();
    auto answer = client.get("/throw");
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(answer.body == "INTERNAL_ERROR");
    BOOST_TEST(answer.head.find("X-Half-Done") == std::string::npos);
    BOOST_TEST(client.get("/hello").body == "hello");
    BOOST_TEST(harness.probe.failures() == std::vector<std::string>{"on purpose"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_absolute_target_counts_as_its_path) {
    Harness harness;
    auto client = harness.client();
    BOOST_TEST(client.get("http://example.org/target?a").body == "GET /target ? a");
    BOOST_TEST(client.get("HTTPS://example.org:80/target").body == "GET /target");
    BOOST_TEST(client.get("/target?").body == "GET /target ? ");
    BOOST_TEST(client.get("/target/../x%2fy//z").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

// What receivers do, and what it comes to.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/server/webhooks_fixture.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

using namespace webhooks;
using Ending = ReceiverReply::Ending;

std::string seconds(const SendOutcome& outcome) {
    return outcome.retry_after ? std::to_string(outcome.retry_after->count()) : "none";
}

constexpr const char* not_public =
    "0 the target resolves to an address that is not public; webhooks.allow_private_targets allows it";

// Listens, and has no room for one more connection.
class FullPort {
public:
    FullPort() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        ::bind(listener_, any, size);
        ::listen(listener_, 0);
        ::getsockname(listener_, any, &size);
        port_ = ntohs(address.sin_port);
        for (const int waiting : waiting_)
            ::connect(waiting, any, size);
    }
    ~FullPort() {
        for (const int handle : {listener_, waiting_[0], waiting_[1]})
            ::close(handle);
    }
    FullPort(const FullPort&) = delete;
    FullPort& operator=(const FullPort&) = delete;
    int port() const { return port_; }

private:
    int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    int waiting_[2] = {::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
                       ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    int port_ = 0;
};

BOOST_FIXTURE_TEST_SUITE(webhooks_outcome, WebhooksFixture)

BOOST_AUTO_TEST_CASE(every_2xx_is_delivered) {
    for (const unsigned status : {200U, 201U, 202U, 204U, 299U}) {
        const auto outcome = answered({.status = status});
        BOOST_TEST(text(outcome) == std::to_string(status));
        BOOST_TEST(outcome.delivered());
    }
}

BOOST_AUTO_TEST_CASE(another_status_is_a_failure_that_names_it_and_quotes_nothing) {
    for (const unsigned status : {400U, 404U, 410U, 429U, 500U, 503U, 599U}) {
        const auto outcome = answered({.status = status, .body = "secret <script>"});
        BOOST_TEST(text(outcome) == std::to_string(status) + " the receiver answered " + std::to_string(status));
        BOOST_TEST(!outcome.delivered());
    }
}

BOOST_AUTO_TEST_CASE(redirects_are_not_followed) {
    for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
        const auto outcome = answered({.status = status, .headers = {{"Location", receiver.url("/there")}}});
        const std::string number = std::to_string(status);
        BOOST_TEST(text(outcome) ==
                   number + " the receiver answered " + number + ", and redirects are not followed");
    }
    BOOST_TEST(receiver.requests().size() == 5U);
}

BOOST_AUTO_TEST_CASE(retry_after_is_told_with_429_and_503) {
    const auto asked = [this](unsigned status, const std::string& value) {
        return seconds(answered({.status = status, .headers = {{"retry-AFTER", value}}}));
    };
    BOOST_TEST(asked(429, "120") == "120");
    BOOST_TEST(asked(503, "0") == "0");
    BOOST_TEST(asked(503, "86400") == "86400");
    BOOST_TEST(asked(503, "86401") == "86400");
    BOOST_TEST(asked(503, "999999999999999999999999") == "86400");
    BOOST_TEST(asked(500, "120") == "none");
    BOOST_TEST(asked(200, "120") == "none");
    for (const char* other : {"", "-1", "1.5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "5 s"})
        BOOST_TEST(asked(503, other) == "none", other);
    BOOST_TEST(seconds(answered({.status = 503})) == "none");
}

BOOST_AUTO_TEST_CASE(a_long_answer_is_not_read_to_its_end) {
    const std::string large(std::size_t{8} << 20, 'a');
    BOOST_TEST(text(answered({.status = 200, .body = large})) == "200");
    BOOST_TEST(text(answered({.status = 500, .body = large})) == "500 the receiver answered 500");
    BOOST_TEST(text(answered({.status = 200, .body = std::string(64 << 10, 'a')})) == "200");
    BOOST_TEST(text(answered({.status = 200, .body = large, .ending = Ending::stuck})) == "200");
}

BOOST_AUTO_TEST_CASE(headers_without_end_are_a_failure) {
    ReceiverReply reply;
    for (int i = 0; i < 70; ++i)
        reply.headers.emplace_back("X-" + std::to_string(i), std::string(1000, 'a'));
    BOOST_TEST(text(answered(reply)) == "0 the answer's headers are too large");
    std::string interim;
    for (int i = 0; i < 4000; ++i)
        interim += "HTTP/1.1 100 Continue\r\n\r\n";
    BOOST_TEST(text(answered({.raw = interim})) == "0 the answer's headers are too large");
}

BOOST_AUTO_TEST_CASE(an_answer_that_breaks_off_is_no_success) {
    BOOST_TEST(text(answered({.ending = Ending::close})) == "0 the connection was closed without an answer");
    BOOST_TEST(text(answered({.body = "abcd", .ending = Ending::cut})) ==
               "0 the connection broke before the answer was whole");
    BOOST_TEST(text(answered({.status = 410, .body = "abcd", .ending = Ending::cut})) ==
               "410 the receiver answered 410");
    BOOST_TEST(text(answered({.raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab"})) ==
               "0 the connection broke before the answer was whole");
}

BOOST_AUTO_TEST_CASE(garbage_is_no_answer) {
    BOOST_TEST(text(answered({.raw = "hello there, this is no HTTP\r\n"})) == "0 the answer is not HTTP/1.1");
    BOOST_TEST(text(answered({.raw = std::string(100, '\0')})) == "0 the answer is not HTTP/1.1");
    for (const char* raw : {"HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
        const auto outcome = answered({.raw = raw});
        BOOST_TEST(outcome.status == 0U, raw << text(outcome));
        BOOST_TEST(!outcome.error.empty(), raw);
    }
}

BOOST_AUTO_TEST_CASE(an_old_or_a_plain_answer_counts) {
    BOOST_TEST(text(answered({.raw = "HTTP/1.0 200 OK\r\n\r\nbye"})) == "200");
    BOOST_TEST(text(answered({.raw = "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n"})) ==
               "202");
}

BOOST_AUTO_TEST_CASE(the_timeout_is_of_the_whole_exchange) {
    for (const Ending ending : {Ending::silent, Ending::stuck}) {
        receiver.answer_with(
            [ending](const ReceivedRequest&) { return ReceiverReply{.body = "abcd", .ending = ending}; });
        const auto outcome = send_with(short_options);
        BOOST_TEST(text(outcome) == "0 no whole answer within 300 ms");
        BOOST_TEST(outcome.duration.count() >= 250);
        BOOST_TEST(outcome.duration.count() < 10'000);
    }
}

BOOST_AUTO_TEST_CASE(a_failure_that_hangs_has_said_its_status) {
    receiver.answer_with([](const ReceivedRequest&) {
        return ReceiverReply{.status = 500, .body = "abcd", .ending = Ending::stuck};
    });
    BOOST_TEST(text(send_with(short_options)) == "500 the receiver answered 500");
}

BOOST_AUTO_TEST_CASE(a_port_where_nothing_listens_is_no_connection) {
    receiver.stop();
    BOOST_TEST(text(send(delivery())) == "0 no connection: the host cannot be reached or nothing listens there");
}

BOOST_AUTO_TEST_CASE(a_port_that_does_not_accept_is_no_connection) {
    const FullPort full;
    Sender impatient(short_options);
    const auto url = "http://127.0.0.1:" + std::to_string(full.port());
    BOOST_TEST(text(run(impatient.send(delivery_to(url)))) == "0 no connection within 300 ms");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_none_does_not_resolve) {
    const std::string label(64, 'a');  // one more than DNS can ask for
    BOOST_TEST(text(send_to("http://" + label + "/")) == "0 the host's name does not resolve");
}

BOOST_AUTO_TEST_CASE(another_scheme_is_not_spoken) {
    BOOST_TEST(!send_to("file:///etc/hostname").delivered());
    BOOST_TEST(!send_to("ftp://127.0.0.1/").delivered());
    BOOST_TEST(!send_to("").delivered());
}

BOOST_AUTO_TEST_CASE(addresses_that_are_not_public_are_refused_however_they_are_written) {
    Sender careful({});
    const auto port = ":" + std::to_string(receiver.port()) + "/";
    for (const std::string host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0",
                                   "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"})
        BOOST_TEST(text(run(careful.send(delivery_to("http://" + host + port)))) == not_public, host);
    BOOST_TEST(receiver.requests().empty());
}

BOOST_AUTO_TEST_CASE(connections_of_one_sender_do_not_serve_another) {
    BOOST_TEST(text(send(delivery())) == "200");
    BOOST_TEST(text(send_with({})) == not_public);
    BOOST_TEST(receiver.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(plain_text_where_tls_is_expected_is_a_failure) {
    const std::string url = receiver.url();
    BOOST_TEST(text(send_to("https" + url.substr(4))) == "0 no TLS connection came about");
}

BOOST_AUTO_TEST_CASE(a_certificate_that_nobody_vouches_for_is_refused) {
    const TemporaryFolder folder;
    const std::string key = (folder / "key.pem").string();
    const std::string certificate = (folder / "certificate.pem").string();
    const Finished made =
        run_program({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                     "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate});
    BOOST_TEST_REQUIRE(made.status == 0, made.output);
    BackgroundProgram server(
        {"/usr/bin/openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-key", key, "-cert", certificate});
    const std::string address = server.word_after("ACCEPT ");
    BOOST_TEST(text(send_to("https://" + address + "/")) ==
               "0 the certificate is not valid for the host, or nobody vouches for it");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

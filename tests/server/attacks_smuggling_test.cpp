// Requests whose end can be read in two ways: they are refused, or read in one way, and nothing behind them is run.
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/attacks_fixture.hpp"

namespace alcove::test {
namespace {

using namespace std::string_literals;

// A head, without the line that ends it, or a body, and how it is answered.
struct Attack {
    std::string_view name;
    std::string bytes;
    unsigned status = 400;
};

class Smuggling : public UnderAttack {
public:
    // Sends it with a request behind it: there is one answer, the connection ends, and nothing has changed.
    void expect_one_answer(const Attack& attack, const std::string& bytes) const {
        auto client = connect();
        const auto answer = client.ask(bytes + smuggled);
        BOOST_TEST(answer.status == attack.status, attack.name << ": " << answer.status << " " << answer.body);
        BOOST_TEST(answer.has("Connection: close"), attack.name);
        client.finish_sending();
        BOOST_TEST(client.is_closed(), attack.name << " is answered twice");
        BOOST_TEST(unharmed(), attack.name);
        BOOST_TEST(call("GET", target).status == 404U, attack.name << " was stored");
    }

    const std::string target = ns + "/kv/target";
};

BOOST_FIXTURE_TEST_SUITE(attacks_smuggling, Smuggling)

BOOST_AUTO_TEST_CASE(a_length_that_is_not_plain_is_refused) {
    const auto length = [](std::string_view value) { return "Content-Length: " + std::string(value) + "\r\n"; };
    const std::vector<Attack> attacks = {
        {"two lengths", length("3") + length("4")},
        {"two lengths, the longer first", length("4") + length("3")},
        {"the same length twice", length("3") + length("3")},
        {"the same length twice, spelt in two ways", length("3") + "content-LENGTH:3\r\n"},
        {"a list of lengths", length("3, 4")},
        {"a list of the same length", length("3, 3")},
        {"a list with an empty item", length("3,")},
        {"an empty length", length("")},
        {"a negative length", length("-1")},
        {"a signed length", length("+3")},
        {"a hexadecimal length", length("0x3")},
        {"a length with a fraction", length("3.0")},
        {"a length with an exponent", length("3e0")},
        {"a length with a space in it", length("3 3")},
        {"a length with a tab in it", length("3\t3")},
        {"a quoted length", length("\"3\"")},
        {"a length in other digits", length("\xef\xbc\x93")},
        {"a length beyond 64 bits", length("18446744073709551616")},
        {"a length far beyond 64 bits", length(std::string(100, '9'))},
        {"a length before a control character", length("3\x0b")},
        {"a length before a NUL", length("3\0"s)},
        {"a folded length", "Content-Length:\r\n 3\r\n"},
        {"a length with a space before the colon", "Content-Length : 3\r\n"},
        {"a length behind a bare LF", "X: y\nContent-Length: 3\r\n"},
        {"a length behind a bare CR", "X: y\rContent-Length: 3\r\n"},
        {"a length behind a NUL", "X: y\0Content-Length: 3\r\n"s},
        {"a length and a coding", length("3") + "Transfer-Encoding: chunked\r\n"},
        {"a coding and a length", "Transfer-Encoding: chunked\r\n" + length("3")},
        {"a length and no coding", length("3") + "Transfer-Encoding: identity\r\n"},
        {"a length of nothing and a coding", length("0") + "Transfer-Encoding: chunked\r\n"},
    };
    for (const auto& attack : attacks)
        expect_one_answer(attack, head("PUT", target) + attack.bytes + "\r\nabc");
}

BOOST_AUTO_TEST_CASE(a_coding_that_is_not_just_chunked_is_refused) {
    const auto coding = [](std::string_view value) { return "Transfer-Encoding:" + std::string(value) + "\r\n"; };
    const std::vector<Attack> attacks = {
        {"gzip", coding(" gzip"), 501},
        {"identity", coding(" identity"), 501},
        {"gzip, chunked", coding(" gzip, chunked"), 501},
        {"chunked, gzip", coding(" chunked, gzip"), 501},
        {"chunked, identity", coding(" chunked, identity"), 501},
        {"chunked, chunked", coding(" chunked, chunked"), 501},
        {"chunked with an empty item behind it", coding(" chunked,"), 501},
        {"chunked with an empty item before it", coding(" ,chunked"), 501},
        {"chunked with a parameter", coding(" chunked;q=1"), 501},
        {"quoted", coding(" \"chunked\""), 501},
        {"a letter too many", coding(" xchunked"), 501},
        {"a letter too many at the end", coding(" chunkedx"), 501},
        {"a letter that looks like another", coding(" \xd1\x81hunked"), 501},
        {"nothing", coding(""), 501},
        {"a no-break space",
         coding("\xa0"
                "chunked"),
         501},
        {"a vertical tab", coding("\x0b"
                                  "chunked")},
        {"a form feed", coding(" chunked\x0c")},
        {"a NUL", coding(" chunked\0"s)},
        {"twice", coding(" chunked") + coding(" chunked")},
        {"twice, differing", coding(" chunked") + coding(" identity")},
        {"twice, the unknown one first", coding(" cow") + coding(" chunked"), 501},
        {"a space before the colon", "Transfer-Encoding : chunked\r\n"},
        {"a tab before the colon", "Transfer-Encoding\t: chunked\r\n"},
        {"a line break before the colon", "Transfer-Encoding\r\n: chunked\r\n"},
        {"folded", "Transfer-Encoding:\r\n chunked\r\n"},
        {"folded, empty", "Transfer-Encoding: chunked\r\n \r\n"},
        {"behind another header's fold", "X: y\r\n Transfer-Encoding: chunked\r\n"},
        {"behind a bare LF", "X: y\nTransfer-Encoding: chunked\r\n"},
        {"behind a bare CR", "X: y\rTransfer-Encoding: chunked\r\n"},
        {"behind two CRs", "X: y\r\r\nTransfer-Encoding: chunked\r\n"},
        {"a NUL in its name", "Transfer\0-Encoding: chunked\r\n"s},
    };
    for (const auto& attack : attacks)
        expect_one_answer(attack, head("PUT", target) + attack.bytes + "\r\n3\r\nabc\r\n0\r\n\r\n");
    expect_one_answer({"chunked in HTTP/1.0", {}},
                      "PUT " + target + " HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_head_that_is_not_just_lines_is_refused) {
    const auto line = [](std::string_view text) { return std::string(text) + "\r\nHost: a\r\n"; };
    const auto field = [](std::string_view text) { return "GET /healthz HTTP/1.1\r\n" + std::string(text); };
    const std::vector<Attack> attacks = {
        {"no host", field("")},
        {"two hosts", field("Host: a\r\nHost: a\r\n")},
        {"a host with a space", field("Host: a b\r\n")},
        {"a host with a path", field("Host: a/b\r\n")},
        {"a host with a user", field("Host: u@a\r\n")},
        {"a host with a query", field("Host: a?b\r\n")},
        {"a folded host", field("Host:\r\n a\r\n")},
        {"a fold before the first header", field(" Host: a\r\n")},
        {"a header without a colon", field("Host: a\r\nGET / HTTP/1.1\r\n")},
        {"a header without a name", field("Host: a\r\n: x\r\n")},
        {"a name with a space", field("Host: a\r\nX Y: z\r\n")},
        {"a name with a NUL", field("Host: a\r\nX\0: z\r\n"s)},
        {"a name beyond ASCII", field("Host: a\r\n\xc3\xa4: z\r\n")},
        {"a bare LF between headers", field("Host: a\nX: y\r\n")},
        {"a bare CR between headers", field("Host: a\rX: y\r\n")},
        {"a bare LF as the end", "GET /healthz HTTP/1.1\r\nHost: a\n\n"},
        {"bare LFs alone", "GET /healthz HTTP/1.1\nHost: a\n\n"},
        {"a value with a control character", field("Host: a\r\nX: \x01\r\n")},
        {"a value with DEL", field("Host: a\r\nX: \x7f\r\n")},
        {"two spaces in the line", line("GET  /healthz HTTP/1.1")},
        {"two spaces before the version", line("GET /healthz  HTTP/1.1")},
        {"a tab in the line", line("GET\t/healthz HTTP/1.1")},
        {"a space before the line", line(" GET /healthz HTTP/1.1")},
        {"a space behind the line", line("GET /healthz HTTP/1.1 ")},
        {"a bare CR in the line", line("GET /healthz\r HTTP/1.1")},
        {"a bare LF in the target", line("GET /healthz\n HTTP/1.1")},
        {"a NUL in the target", line("GET /healthz\0 HTTP/1.1"s)},
        {"a NUL before the line", line("\0GET /healthz HTTP/1.1"s)},
        {"a byte beyond ASCII in the method", line("G\xc3\x8bT /healthz HTTP/1.1")},
        {"no version", line("GET /healthz")},
        {"a lower-case version", line("GET /healthz http/1.1")},
        {"a version of three digits", line("GET /healthz HTTP/1.10")},
        {"a version with a comma", line("GET /healthz HTTP/1,1")},
        {"HTTP/0.9", line("GET /healthz HTTP/0.9"), 505},
        {"HTTP/1.2", line("GET /healthz HTTP/1.2"), 505},
        {"HTTP/2.0", line("GET /healthz HTTP/2.0"), 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n", 505},
        {"more empty lines than anyone sends", repeated("\r\n", 100) + line("GET /healthz HTTP/1.1")},
    };
    for (const auto& attack : attacks)
        expect_one_answer(attack, attack.bytes + "\r\n");
}

BOOST_AUTO_TEST_CASE(a_target_in_another_form_is_refused) {
    const std::vector<Attack> attacks = {
        {"an authority alone", "CONNECT a:80"},
        {"an authority where none is asked for", "GET a:80"},
        {"an asterisk where none is asked for", "GET *"},
        {"an asterisk with a query", "OPTIONS *?a"},
        {"a scheme alone", "GET http"},
        {"a secure scheme alone", "GET https"},
        {"a scheme and a colon", "GET http:"},
        {"a scheme without an authority", "GET http:/healthz"},
        {"a scheme with nothing behind it", "GET http://"},
        {"a scheme with an empty authority", "GET http:///healthz"},
        {"another scheme", "GET ftp://a/healthz"},
        {"a file", "GET file:///etc/passwd"},
        {"a user in the authority", "GET http://u:p@a/healthz"},
        {"a backslash in the authority", "GET http://a\\@b/healthz"},
        {"a fragment", "GET /healthz#x"},
        {"a fragment in an absolute form", "GET http://a/healthz#x"},
        {"no slash", "GET healthz"},
        {"dots without a slash", "GET ../healthz"},
        {"backslashes", "GET \\healthz"},
    };
    for (const auto& attack : attacks)
        expect_one_answer(attack, attack.bytes + " HTTP/1.1\r\nHost: a\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_target_is_what_it_says_and_nothing_is_tidied_up) {
    const std::vector<std::pair<std::string, unsigned>> targets = {
        {"GET /healthz", 200},
        {"GET http://a/healthz", 200},
        {"GET HTTP://other:1/healthz", 200},
        {"GET http://[::1]:7411/healthz", 200},
        {"GET https://a/healthz", 200},
        {"GET http://a", 404},
        {"GET http://a?x", 404},
        {"GET //healthz", 404},
        {"GET /healthz/", 404},
        {"GET /./healthz", 404},
        {"GET /x/../healthz", 404},
        {"GET /%2e%2e/healthz", 404},
        {"GET /healthz%00", 404},
        {"GET /healthz%20", 404},
        {"GET /healthz;x", 404},
        {"GET /HEALTHZ", 404},
        {"GET /healthz%2f", 404},
        {"GET /%68ealthz", 200},
        {"GET /%2568ealthz", 404},
        {"GET /healthz%", 400},
        {"GET /healthz%4", 400},
        {"GET /healthz%zz", 400},
        {"GET /healthz%u0041", 400},
        {"OPTIONS *", 404},
        {"get /healthz", 405},
        {"TRACE /healthz", 405},
        {"BREW /healthz", 405},
        {"GET /api//v1/workspaces", 401},
    };
    auto client = connect();
    for (const auto& [target_form, status] : targets) {
        const auto answer = client.ask(target_form + " HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(answer.status == status, target_form << ": " << answer.status);
    }
    BOOST_TEST(client.get("/healthz").body == "{\"status\":\"ok\"}");
    BOOST_TEST(unharmed());
}

BOOST_AUTO_TEST_CASE(a_body_in_bad_chunks_is_refused) {
    const std::vector<Attack> attacks = {
        {"bare LFs", "3\nabc\n0\n\n\r\n\r\n"},
        {"a bare LF behind the size", "3\nabc\r\n0\r\n\r\n"},
        {"a bare CR behind the size", "3\rabc\r\n0\r\n\r\n"},
        {"a bare LF behind the data", "3\r\nabc\n0\r\n\r\n"},
        {"a bare CR behind the data", "3\r\nabc\r0\r\n\r\n"},
        {"nothing behind the data", "3\r\nabc0\r\n\r\n"},
        {"more data than was said", "3\r\nabcd\r\n0\r\n\r\n"},
        {"less data than was said", "5\r\nabc\r\n0\r\n\r\n"},
        {"no size", "\r\nabc\r\n0\r\n\r\n"},
        {"a size that is none", "x\r\nabc\r\n0\r\n\r\n"},
        {"a signed size", "+3\r\nabc\r\n0\r\n\r\n"},
        {"a negative size", "-3\r\nabc\r\n0\r\n\r\n"},
        {"a prefixed size", "0x3\r\nabc\r\n0\r\n\r\n"},
        {"a space before the size", " 3\r\nabc\r\n0\r\n\r\n"},
        {"a space behind the size", "3 \r\nabc\r\n0\r\n\r\n"},
        {"a size in other digits", "\xef\xbc\x93\r\nabc\r\n0\r\n\r\n"},
        {"a size beyond 64 bits", "10000000000000003\r\nabc\r\n0\r\n\r\n"},
        {"a size that wraps around", "fffffffffffffffffffffff3\r\nabc\r\n0\r\n\r\n"},
        {"the largest size", "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", 413},
        {"a size above the limit", "100001\r\nabc\r\n0\r\n\r\n", 413},
        {"sizes above the limit together", "3\r\nabc\r\nffffe\r\nabc\r\n0\r\n\r\n", 413},
        {"a bare LF in an extension", "3;a\nb\r\nabc\r\n0\r\n\r\n"},
        {"a bare CR in an extension", "3;a\rb\r\nabc\r\n0\r\n\r\n"},
        {"a NUL in an extension", "3;a\0\r\nabc\r\n0\r\n\r\n"s},
        {"an extension without a name", "3;\r\nabc\r\n0\r\n\r\n"},
        {"an extension without a semicolon", "3 a\r\nabc\r\n0\r\n\r\n"},
        {"a line break in a quoted extension", "3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n"},
        {"an extension longer than a head", "3;a=" + std::string(20000, 'b') + "\r\nabc\r\n0\r\n\r\n"},
        {"extensions longer than what they extend",
         "1;a=" + std::string(12000, 'b') + "\r\na\r\n1;a=" + std::string(12000, 'b') + "\r\nb\r\n0\r\n\r\n"},
        {"zeros before a size", std::string(20000, '0') + "3\r\nabc\r\n0\r\n\r\n"},
        {"a length in the trailer", "3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n"},
        {"a coding in the trailer", "3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"a bare LF in the trailer", "3\r\nabc\r\n0\r\nX: y\nZ: a\r\n\r\n"},
        {"a trailer without a colon", "3\r\nabc\r\n0\r\nGET / HTTP/1.1\r\n\r\n"},
        {"an endless trailer", "3\r\nabc\r\n0\r\nX: " + std::string(20000, 'y') + "\r\n\r\n"},
    };
    for (const auto& attack : attacks)
        expect_one_answer(attack, head("PUT", target) + "Transfer-Encoding: chunked\r\n\r\n" + attack.bytes);
}

BOOST_AUTO_TEST_CASE(a_body_in_good_chunks_is_what_it_says_however_it_is_cut) {
    const std::vector<std::pair<std::string, std::string>> bodies = {
        {"0\r\n\r\n", ""},
        {"00000\r\n\r\n", ""},
        {"3\r\nabc\r\n0\r\n\r\n", "abc"},
        {"003\r\nabc\r\n0\r\n\r\n", "abc"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"a\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\n", "0123456789!"},
        {"3;a\r\nabc\r\n0\r\n\r\n", "abc"},
        {"3 ; a = \"b;\\\"c\"\r\nabc\r\n0;x=y\r\n\r\n", "abc"},
        {"7\r\n0\r\n\r\nGE\r\n0\r\n\r\n", "0\r\n\r\nGE"},
        {"3\r\nabc\r\n0\r\nX: y\r\nAuthorization: Bearer x\r\nHost: b\r\n\r\n", "abc"},
    };
    const auto probe = request("GET", "/healthz");
    for (const auto& [chunks, value] : bodies) {
        const auto bytes = head("PUT", target) + "Transfer-Encoding: Chunked\r\n\r\n" + chunks + probe;
        for (const bool slowly : {false, true}) {
            auto client = connect();
            slowly ? client.send_slowly(bytes) : client.send(bytes);
            BOOST_TEST(client.receive().status / 100 == 2U, chunks);
            BOOST_TEST(client.receive().body == "{\"status\":\"ok\"}", chunks);
            BOOST_TEST(call("GET", target).body == value, chunks);
            BOOST_TEST(call("DELETE", target).status == 204U);
            BOOST_TEST(!client.has_more_buffered());
        }
    }
    BOOST_TEST(unharmed());
}

BOOST_AUTO_TEST_CASE(a_body_that_nobody_reads_is_never_taken_for_a_request) {
    const auto with_length = "Content-Length: " + std::to_string(smuggled.size()) + "\r\n\r\n" + smuggled;
    const auto with_chunks = [&] {
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", smuggled.size());
        return "Transfer-Encoding: chunked\r\n\r\n" + (size + smuggled) + "\r\n0\r\n\r\n";
    }();
    const std::vector<std::pair<std::string, unsigned>> heads = {
        {"GET /healthz HTTP/1.1\r\nHost: a\r\n", 200},
        {"HEAD /healthz HTTP/1.1\r\nHost: a\r\n", 200},
        {"POST /healthz HTTP/1.1\r\nHost: a\r\n", 405},
        {"DELETE /nothing HTTP/1.1\r\nHost: a\r\n", 404},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n", 404},
        {"PUT " + target + " HTTP/1.1\r\nHost: a\r\n", 401},
        {"PUT " + target + " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n", 401},
        {head("PUT", target + "?unknown=1"), 400},
        {head("GET", target), 404},
    };
    for (const auto& [first, status] : heads) {
        for (const auto& body : {with_length, with_chunks}) {
            auto client = connect();
            client.send(first + body);
            BOOST_TEST(client.receive(first.starts_with("HEAD")).status == status, first);
            BOOST_TEST(client.get("/healthz").body == "{\"status\":\"ok\"}", first);
            BOOST_TEST(unharmed(), first);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_large_body_that_nobody_reads_ends_the_connection) {
    std::string body;
    while (body.size() < 200'000)
        body += smuggled;
    auto client = connect();
    client.send("PUT " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    const auto answer = client.receive();
    BOOST_TEST(answer.status == 401U);
    BOOST_TEST(answer.has("Connection: close"));
    BOOST_TEST(client.receive_rest().empty());
    BOOST_TEST(unharmed());
}

// What one connection was told to forget: a request that ends too early leaves nothing for the next connection.
BOOST_AUTO_TEST_CASE(half_a_request_is_of_no_effect) {
    const auto whole = request("PUT", target, "abc");
    for (std::size_t bytes = 1; bytes < whole.size(); bytes += 7) {
        auto client = connect();
        client.send(std::string_view(whole).substr(0, bytes));
        client.finish_sending();
        BOOST_TEST(client.is_closed());
    }
    BOOST_TEST(call("GET", target).status == 404U);
    BOOST_TEST(unharmed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

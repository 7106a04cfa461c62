// What webhooks may call: URLs, headers, addresses.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/webhooks/limits.hpp"
#include "server/webhooks/target.hpp"

namespace alcove::webhooks {
namespace {

std::string url(const std::string& text) {
    const auto parsed = CallbackUrl::parse(text);
    return parsed ? "fine: " + parsed->text() : parsed.error().message;
}

bool is_fine(const std::string& text) {
    return url(text) == "fine: " + text;
}

std::string headers(std::vector<CustomHeader> list) {
    const auto parsed = CustomHeaders::parse(std::move(list));
    if (!parsed) return parsed.error().message;
    std::string text;
    for (const auto& [name, value] : parsed->list())
        text += name + "=" + value + ";";
    return text;
}

bool is_public(const std::string& address) {
    return is_public_address(boost::asio::ip::make_address(address));
}

BOOST_AUTO_TEST_SUITE(webhooks_target)

BOOST_AUTO_TEST_CASE(urls_of_http_and_https_are_fine) {
    for (const char* text :
         {"https://example.com", "http://example.com/", "HTTPS://Example.COM:8443/a/b?c=d&e=%20",
          "https://hooks.example.com/a/../b", "http://127.0.0.1:1/", "http://[2001:db8::1]:65535/x",
          "http://my_host-1.internal/hook", "http://localhost:80", "https://1.2.3.4.example.com:81/x",
          "https://1.2.3.4x", "https://example.com:/"})
        BOOST_TEST(is_fine(text), text << ": " << url(text));
}

BOOST_AUTO_TEST_CASE(other_urls_are_refused_with_the_reason) {
    for (const char* text : {"", "example.com/hook", "/hook", "https://exa mple.com", "https://example.com/\n",
                             "https://example.com/ä", "http://[::1", "https://example.com/%zz"})
        BOOST_TEST(url(text) == "this is not an absolute URL such as https://example.com/hook", text << url(text));
    for (const char* text : {"ftp://example.com/", "file:///etc/passwd", "gopher://example.com", "javascript:1"})
        BOOST_TEST(url(text) == "the URL must begin with https:// or http://", text);
    for (const char* text : {"https:///hook", "https:/hook", "https://:8080/"})
        BOOST_TEST(url(text) == "the URL has no host", text);
    for (const char* text :
         {"https://user@example.com/", "https://user:secret@example.com/", "https://@example.com"})
        BOOST_TEST(url(text) == "the URL must not hold a user or password; use a header for credentials", text);
    for (const char* text :
         {"https://exa%6dple.com/", "https://a,b/", "https://[v1.x]/", "https://a!b", "https://a..%2fb/"})
        BOOST_TEST(url(text) == "the URL's host must be a name or an IP address", text);
    for (const char* text :
         {"https://example.com:0/", "https://example.com:65536/", "https://example.com:99999999999",
          "https://h:port/", "https://h:80x/", "https://127.0.0.1:1x/", "https://[::1]x/"})
        BOOST_TEST(url(text) == "the URL's port must be between 1 and 65535", text);
    BOOST_TEST(url("https://example.com/#a") == "the URL must not have a fragment (#…): it is never sent");
}

BOOST_AUTO_TEST_CASE(urls_have_a_longest) {
    const std::string start = "https://example.com/";
    const std::string longest = start + std::string(limits::url_bytes_max - start.size(), 'a');
    BOOST_TEST(is_fine(longest));
    BOOST_TEST(url(longest + "a") == "a URL has at most 2048 bytes");
}

BOOST_AUTO_TEST_CASE(headers_are_kept_in_their_order) {
    BOOST_TEST(headers({}) == "");
    BOOST_TEST(headers({{"X-Tenant", "a b\tc"}, {"authorization", "Bearer x"}, {"!#$%&'*+-.^_`|~0", ""}}) ==
               "X-Tenant=a b\tc;authorization=Bearer x;!#$%&'*+-.^_`|~0=;");
    BOOST_TEST(headers({{"X", " \t a \t "}, {"Y", " "}}) == "X=a;Y=;");
}

BOOST_AUTO_TEST_CASE(names_that_are_no_tokens_are_refused) {
    for (const char* name : {"", "a b", "a:", "a\r\nb", "ä", "a\"", "(a)", "a/b"})
        BOOST_TEST(headers({{name, "x"}}).starts_with("a header's name holds letters, digits"), name);
}

BOOST_AUTO_TEST_CASE(values_cannot_smuggle_in_a_line) {
    for (const char* value : {"a\r\nHost: b", "a\n", "\r", "a\x01", "\x7f", "ä"})
        BOOST_TEST(headers({{"X", value}}) == "the value of the header X must be visible ASCII, spaces and tabs");
    BOOST_TEST(headers({{"X", std::string(1, '\0')}}) ==
               "the value of the header X must be visible ASCII, spaces and tabs");
}

BOOST_AUTO_TEST_CASE(names_that_are_ours_are_refused_whatever_their_case) {
    for (const std::string name :
         {"Host", "content-length", "CONTENT-TYPE", "Content-Encoding", "Transfer-Encoding", "connection", "Expect",
          "User-Agent", "Upgrade", "TE", "Trailer", "Keep-Alive", "Proxy-Connection", "webhook-id",
          "Webhook-Signature", "WEBHOOK-ANYTHING"})
        BOOST_TEST(headers({{name, "x"}}) == "the header " + name + " is not yours to set");
    BOOST_TEST(headers({{"webhooks", "x"}, {"X-Host", "y"}}) == "webhooks=x;X-Host=y;");
}

BOOST_AUTO_TEST_CASE(a_name_is_there_once) {
    BOOST_TEST(headers({{"X-A", "1"}, {"x-a", "2"}}) == "the header x-a is there twice");
}

BOOST_AUTO_TEST_CASE(headers_have_bounds) {
    std::vector<CustomHeader> many;
    for (std::size_t i = 0; i < limits::headers_max; ++i)
        many.push_back({"X-" + std::to_string(i), "x"});
    BOOST_TEST(headers(many).starts_with("X-0=x;"));
    many.push_back({"Y", "y"});
    BOOST_TEST(headers(many) == "there may be at most 20 headers");
    BOOST_TEST(headers({{"X", std::string(limits::headers_bytes_max - 1, 'x')}}).starts_with("X=x"));
    BOOST_TEST(headers({{"X", std::string(limits::headers_bytes_max - 2, 'x')}, {"Y", "y"}}) ==
               "all headers together have at most 8192 bytes");
}

BOOST_AUTO_TEST_CASE(ordinary_addresses_are_public) {
    for (const char* address : {"1.1.1.1", "8.8.8.8", "93.184.216.34", "192.31.196.1", "2606:4700:4700::1111",
                                "2a00:1450:4001:82f::200e", "2620:4f:8000::1"})
        BOOST_TEST(is_public(address), address);
}

// The first and last address of a range, and their neighbours outside; empty when the neighbour is special too.
struct Edges {
    const char* below;
    const char* first;
    const char* last;
    const char* above;
};

BOOST_AUTO_TEST_CASE(special_ranges_are_not_public_and_their_neighbours_are) {
    const Edges table[] = {
        {"", "0.0.0.0", "0.255.255.255", "1.0.0.0"},
        {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
        {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
        {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
        {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
        {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
        {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
        {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
        {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
        {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
        {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
        {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
        {"223.255.255.255", "224.0.0.0", "239.255.255.255", ""},
        {"", "240.0.0.0", "255.255.255.255", ""},
        {"", "::", "::1", ""},
        {"", "::8.8.8.8", "ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
        {"", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", ""},
        {"", "100::", "100::ffff:ffff:ffff:ffff", ""},
        {"", "100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
        {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
         "2001:200::"},
        {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
         "2001:db9::"},
        {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
         "3fff:1000::"},
        {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
        {"", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
        {"", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
        {"", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
        {"", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
        {"", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},
    };
    for (const auto& [below, first, last, above] : table) {
        BOOST_TEST(!is_public(first), first);
        BOOST_TEST(!is_public(last), last);
        for (const std::string neighbour : {below, above})
            BOOST_TEST((neighbour.empty() || is_public(neighbour)), neighbour);
    }
}

BOOST_AUTO_TEST_CASE(an_address_that_carries_another_is_judged_by_that) {
    for (const char* carrier : {"::ffff:", "64:ff9b::"}) {
        BOOST_TEST(is_public(std::string(carrier) + "8.8.8.8"), carrier);
        for (const char* carried : {"127.0.0.1", "10.1.2.3", "169.254.169.254", "0.0.0.0"})
            BOOST_TEST(!is_public(std::string(carrier) + carried), carrier << carried);
    }
    BOOST_TEST(is_public("2002:808:808::1"));
    BOOST_TEST(!is_public("2002:7f00:1::1"));
    BOOST_TEST(!is_public("2002:a9fe:a9fe::1"));
    BOOST_TEST(!is_public("2002:c0a8:101:808:808:808:808:808"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::webhooks

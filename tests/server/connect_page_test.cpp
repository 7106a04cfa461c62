// The connect page: what is sent, and how it works in a browser.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"
#include "tests/support/process.hpp"

namespace alcove::test {
namespace {

BOOST_AUTO_TEST_SUITE(connect_page)

BOOST_FIXTURE_TEST_CASE(the_page_is_sent_to_anyone_and_guards_itself, ApiFixture) {
    const auto page = send_as("GET", "/connect");
    BOOST_TEST(page.status == 200U);
    BOOST_TEST(page.header("content-type") == "text/html; charset=utf-8");
    BOOST_TEST(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'"));
    BOOST_TEST(page.header("x-frame-options") == "DENY");
    BOOST_TEST(page.header("referrer-policy") == "no-referrer");
    BOOST_TEST(page.header("cache-control") == "no-store");
    BOOST_TEST(page.body.starts_with("<!doctype html>"));
    BOOST_TEST(send_as("GET", "/connect/page.js").header("content-type") == "text/javascript; charset=utf-8");
    BOOST_TEST(send_as("GET", "/connect/page.css").header("content-type") == "text/css; charset=utf-8");
    BOOST_TEST(send_as("HEAD", "/connect").body == "");
    BOOST_TEST(send_as("GET", "/connect?token=eut_x").status == 400U);
    BOOST_TEST(send_as("POST", "/connect").status == 405U);
}

BOOST_AUTO_TEST_CASE(an_end_user_connects_and_disconnects_in_a_browser) {
    const TemporaryFolder folder;
    const ServerProcess server(folder / "data");
    const Finished finished =
        run_program({"/usr/bin/python3", std::string(ALCOVE_SOURCE) + "/tests/conformance/connect_page.py",
                     "http://127.0.0.1:" + std::to_string(server.port()), server.admin_key()});
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST(finished.output.ends_with("done\n"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Watches as programs meet them that others wrote: WebSocket libraries, a browser, and the RFC byte by byte.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

// Free when it was asked for; nobody else is likely to take it meanwhile.
std::string free_port() {
    boost::asio::io_context context;
    const boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
    return std::to_string(acceptor.local_endpoint().port());
}

// Runs `program URL ADMIN_KEY …` against a server of its own.
void run_against_server(std::vector<std::string> program, const std::vector<std::string>& more = {},
                        const Environment& environment = {}) {
    const TemporaryFolder folder;
    const ServerProcess server(folder / "data", environment);
    program.back() = std::string(ALCOVE_SOURCE) + "/tests/conformance/" + program.back();
    program.push_back("http://127.0.0.1:" + std::to_string(server.port()));
    program.push_back(server.admin_key());
    program.insert(program.end(), more.begin(), more.end());
    const Finished finished = run_program(program);
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST(finished.output.ends_with("done\n"));
}

BOOST_AUTO_TEST_SUITE(watch_conformance)

BOOST_AUTO_TEST_CASE(frames_are_those_of_the_rfc_and_wrong_ones_end_the_connection) {
    run_against_server({"/usr/bin/python3", "watch_frames.py"});
}

BOOST_AUTO_TEST_CASE(wrong_messages_are_told_so_and_the_socket_stays_open) {
    run_against_server({"/usr/bin/python3", "watch_messages.py"});
}

BOOST_AUTO_TEST_CASE(a_websocket_library_for_node_watches) {
    run_against_server({"/usr/bin/env", "node", "watch_ws.mjs"});
}

BOOST_AUTO_TEST_CASE(a_websocket_library_for_python_watches_while_others_write) {
    run_against_server({"/usr/bin/python3", "watch_websockets.py"});
}

BOOST_AUTO_TEST_CASE(a_browser_watches_from_a_page_of_a_listed_origin_alone) {
    const std::string port = free_port();
    run_against_server({"/usr/bin/python3", "watch_browser.py"}, {port},
                       {{"ALCOVE_SERVER_ALLOWED_ORIGINS", "http://127.0.0.1:" + port}});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

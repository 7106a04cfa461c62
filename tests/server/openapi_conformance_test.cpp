// The description of the API as others read it: a linter, and a JSON Schema validator beside a running server.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <string>

#include "server/openapi/document.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

const std::string programs = std::string(ALCOVE_SOURCE) + "/tests/conformance/";

// Runs `program URL ADMIN_KEY` against a server of its own.
void run_against_server(const std::string& program) {
    const TemporaryFolder folder;
    const ServerProcess server(folder / "data", {{"ALCOVE_EXTERNAL_ID_RENAME_ENABLED", "true"}});
    const auto url = "http://127.0.0.1:" + std::to_string(server.port());
    const auto finished = run_program({"/usr/bin/python3", programs + program, url, server.admin_key()});
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST_MESSAGE(finished.output);
}

BOOST_AUTO_TEST_SUITE(openapi_conformance)

BOOST_AUTO_TEST_CASE(the_linter_has_nothing_to_say) {
    const TemporaryFolder folder;
    const auto file = folder / "openapi.json";
    std::ofstream(file) << openapi::print_document("");
    const Environment quiet{{"REDOCLY_TELEMETRY", "off"}, {"REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"}};
    const auto finished =
        run_program({"/usr/bin/env", "node", programs + "node_modules/@redocly/cli/bin/cli.js", "lint", file,
                     "--config", programs + "redocly.yaml", "--format", "codeframe"},
                    quiet);
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST(finished.output.find("Your API description is valid") != std::string::npos, finished.output);
}

BOOST_AUTO_TEST_CASE(every_example_is_answered_as_described) {
    run_against_server("openapi_examples.py");
}

BOOST_AUTO_TEST_CASE(server_and_json_schema_validator_agree_on_bodies) {
    run_against_server("openapi_bodies.py");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

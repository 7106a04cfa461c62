// The published schemas against an independent validator: whatever it accepts the server accepts, and no more.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/actions_api_fixture.hpp"
#include "tests/support/process.hpp"

namespace alcove::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(actions_agreement, ActionApiFixture)

BOOST_AUTO_TEST_CASE(server_and_json_schema_validator_agree_on_inputs) {
    send("POST", ns + "/integrations",
         R"({"integrationName":"storage","settings":{"persistence":{"scope":"workspace"}}})");
    const auto script = std::string(ALCOVE_SOURCE) + "/tests/conformance/action_schemas.py";
    const auto url = "http://127.0.0.1:" + std::to_string(port());
    const auto finished = run_program({"/usr/bin/python3", script, url, key});
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST_MESSAGE(finished.output);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// `alcove key rotate-master`.
#include <signal.h>

#include <boost/test/unit_test.hpp>

#include "tests/server/cli_fixture.hpp"

using namespace alcove::test;

namespace {

// A connection with credentials, and what is needed to stop and start the server around them.
class Sealed : public CliWorkspace {
public:
    Sealed() {
        run({"integration", "create", "slack", "-w", "acme"});
        write_text(folder / "credentials", R"({"token":"xoxb"})");
        run({"connection", "create", "slack", "-w", "acme", "--external-id", "own", "--credentials",
             (folder / "credentials").string()});
    }

    Finished resolve() const {
        return run({"connection", "resolve", "-w", "acme", "--integration-name", "slack", "--connection", "own",
                    "--credentials", "--json"});
    }
    Finished rotate() const { return run({"key", "rotate-master", "--data", (folder / "data").string()}); }
    void stop() {
        server->signal(SIGTERM);
        server->wait();
    }
};

constexpr const char* credentials = R"("credentials":{"token":"xoxb"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_rotate_master)

BOOST_FIXTURE_TEST_CASE(a_new_master_key_opens_what_the_former_one_sealed, Sealed) {
    const auto file = folder / "data/master.key";
    BOOST_TEST(resolve().output.find(credentials) != std::string::npos);
    const std::string former = text_of(file);
    stop();

    BOOST_TEST(rotate().output == "1 secrets sealed with the new key in " + file.string() + "\n");

    BOOST_TEST(text_of(file) != former);
    BOOST_TEST(text_of(file).size() == former.size());
    BOOST_TEST(mode_of(file) == 0600U);
    start();
    BOOST_TEST(resolve().output.find(credentials) != std::string::npos);
    stop();
    write_text(file, former);
    start();
    BOOST_TEST(resolve().status == 1);
    BOOST_TEST(resolve().output.find("xoxb") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(the_master_key_is_not_changed_under_a_running_server, Sealed) {
    const std::string former = text_of(folder / "data/master.key");
    const Finished refused = rotate();
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(refused.output.find("is in use by another server") != std::string::npos);
    BOOST_TEST(text_of(folder / "data/master.key") == former);
}

BOOST_FIXTURE_TEST_CASE(the_master_key_may_lie_elsewhere, Sealed) {
    const auto file = folder / "master.key";
    stop();
    std::filesystem::rename(folder / "data/master.key", file);
    const std::string former = text_of(file);

    run({"key", "rotate-master", "--data", (folder / "data").string(), "--security-master-key-file",
         file.string()});

    BOOST_TEST(text_of(file) != former);
    BOOST_TEST(!std::filesystem::exists(folder / "data/master.key"));
}

BOOST_FIXTURE_TEST_CASE(a_mistyped_folder_is_not_made, CliHome) {
    BOOST_TEST(output({"key", "rotate-master", "--data", (folder / "typo").string()}) ==
               "alcove: there is no master key file " + (folder / "typo/master.key").string() + "\n");
    BOOST_TEST(!std::filesystem::exists(folder / "typo"));
}

BOOST_AUTO_TEST_SUITE_END()

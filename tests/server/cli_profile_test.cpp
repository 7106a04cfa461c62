// Which server the commands ask, and with which token.
#include <boost/test/unit_test.hpp>

#include "tests/server/cli_fixture.hpp"

using namespace alcove::test;

namespace {

constexpr const char* wrong_key = "alc_fedcba9876543210";
const std::vector<std::string> list = {"workspace", "list", "-q"};

class LoggedIn : public CliServer {
public:
    LoggedIn() {
        environment.erase("ALCOVE_URL");
        environment.erase("ALCOVE_KEY");
        BOOST_REQUIRE(login(root_key, {}).status == 0);
    }

    Finished login(const std::string& token, const std::vector<std::string>& more) const {
        write_text(folder / "token", token + "\n");
        std::vector<std::string> arguments{"login", "--url", url()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments, {}, folder / "token");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_profile)

BOOST_FIXTURE_TEST_CASE(login_keeps_url_and_token_where_nobody_else_reads_them, LoggedIn) {
    BOOST_TEST(mode_of(profile) == 0600U);
    BOOST_TEST(mode_of(profile.parent_path()) == 0700U);
    BOOST_TEST(status(list) == 0);
    BOOST_TEST(login(wrong_key, {"--profile", "other"}).status == 0);
    BOOST_TEST(status(list) == 0);
    BOOST_TEST(status({"workspace", "list", "--profile", "other"}) == 4);
    BOOST_TEST(login("", {}).output == "alcove: the token is empty\n");
    BOOST_TEST(status(list) == 0);
}

BOOST_FIXTURE_TEST_CASE(a_profile_that_others_may_read_is_refused, LoggedIn) {
    std::filesystem::permissions(profile, std::filesystem::perms(0640));
    const Finished refused = run(list);
    BOOST_TEST(refused.status == 2);
    BOOST_TEST(refused.output == "alcove: the profile file " + profile.string() +
                                     " must have mode 0600: others may read the token in it\n");
    BOOST_TEST(login(root_key, {}).status == 2);
}

BOOST_FIXTURE_TEST_CASE(a_flag_wins_over_the_environment_over_the_profile, LoggedIn) {
    const std::string nobody = "http://127.0.0.1:1";
    BOOST_TEST(run(list, {{"ALCOVE_KEY", wrong_key}}).status == 4);
    BOOST_TEST(run({"workspace", "list", "--token", root_key}, {{"ALCOVE_KEY", wrong_key}}).status == 0);
    BOOST_TEST(run(list, {{"ALCOVE_URL", nobody}}).status == 1);
    BOOST_TEST(run({"workspace", "list", "--url", url()}, {{"ALCOVE_URL", nobody}}).status == 0);
}

BOOST_FIXTURE_TEST_CASE(the_token_of_a_profile_goes_to_its_own_server_alone, LoggedIn) {
    const std::string same = url() + "/api/v1/";
    BOOST_TEST(status({"workspace", "list", "--url", same}) == 0);
    const std::string other = "http://localhost:" + std::to_string(server->port());
    BOOST_TEST(status({"workspace", "list", "--url", other}) == 4);
    BOOST_TEST(run(list, {{"ALCOVE_URL", other}}).status == 4);
}

BOOST_FIXTURE_TEST_CASE(the_profile_is_where_xdg_says, LoggedIn) {
    const Environment elsewhere{{"XDG_CONFIG_HOME", (folder / "config").string()}};
    environment.erase("XDG_CONFIG_HOME");
    BOOST_TEST(run({"workspace", "list", "--profile", "default"}, elsewhere).status == 2);
    write_text(folder / "token", root_key);
    BOOST_TEST(run({"login", "--url", url()}, elsewhere, folder / "token").status == 0);
    BOOST_TEST(mode_of(folder / "config/alcove/profile.toml") == 0600U);
}

BOOST_FIXTURE_TEST_CASE(a_profile_of_another_shape_is_refused, LoggedIn) {
    const auto said = [&](const std::string& text) {
        write_text(profile, text);
        const Finished finished = run({"workspace", "list", "--profile", "p"});
        return finished.status == 2 && finished.output.starts_with("alcove: the profile file ");
    };
    BOOST_TEST(said("[p"));
    BOOST_TEST(said("[q]\n"));
    BOOST_TEST(said("[p]\ntoken = 7\n"));
    BOOST_TEST(said("[p]\ntokken = \"x\"\n"));
}

BOOST_AUTO_TEST_SUITE_END()

// The commands on a terminal: what is asked, what is echoed, what is drawn, and what data cannot do to it.
#include <boost/test/unit_test.hpp>

#include "tests/server/cli_fixture.hpp"

using namespace alcove::test;

namespace {

class Terminal : public CliWorkspace {
public:
    Finished on_terminal(std::vector<std::string> arguments, const Typed& typed = {}) const {
        arguments.insert(arguments.begin(), ALCOVE_BINARY);
        return run_program_on_terminal(typed, arguments, environment);
    }
    Finished login(const std::string& typed) const {
        return on_terminal({"login", "--url", url()},
                           {.prompt = "Token: ", .text = typed, .echo = Typed::Echo::off});
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_terminal)

BOOST_FIXTURE_TEST_CASE(a_deletion_asks_and_only_a_yes_deletes, Terminal) {
    const std::string prompt = "Delete the workspace acme and all that is in it? [y/N] ";
    const auto answered = [&](const std::string& text) {
        return on_terminal({"workspace", "delete", "acme"}, {.prompt = prompt, .text = text});
    };
    BOOST_TEST(answered("\n").status == 1);
    BOOST_TEST(answered("no\n").output.ends_with("alcove: nothing was done\r\n"));
    BOOST_TEST(status({"workspace", "get", "acme"}) == 0);
    BOOST_TEST(answered("y\n").status == 0);
    BOOST_TEST(status({"workspace", "get", "acme"}) == 3);
}

BOOST_FIXTURE_TEST_CASE(the_token_is_not_echoed_at_the_prompt, Terminal) {
    const Finished done = login(std::string(root_key) + "\n");
    BOOST_TEST(done.status == 0, done.output);
    BOOST_TEST(done.output.find(root_key) == std::string::npos);
    BOOST_TEST(done.echoes);
    BOOST_TEST(text_of(profile).find(root_key) != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_prompt_that_is_interrupted_saves_nothing_and_leaves_the_echo_on, Terminal) {
    const Finished interrupted = login("\x03");
    BOOST_TEST(interrupted.status != 0);
    BOOST_TEST(interrupted.echoes);
    BOOST_TEST(!std::filesystem::exists(profile));
}

BOOST_FIXTURE_TEST_CASE(data_drives_no_terminal_in_any_form, Terminal) {
    run({"kv", "put", "-w", "acme", "k\x1b[2J", "v\x1b]0;title\x07"});
    for (const std::vector<std::string>& how : {std::vector<std::string>{"kv", "list", "--values"},
                                                {"kv", "list", "--values", "--json"},
                                                {"kv", "list", "--values", "--json", "--all"},
                                                {"kv", "list", "--quiet"},
                                                {"kv", "get", "k\x1b[2J"}}) {
        std::vector<std::string> arguments = how;
        arguments.insert(arguments.end(), {"-w", "acme"});
        const Finished shown = on_terminal(arguments);
        BOOST_TEST(shown.status == 0, shown.output);
        BOOST_TEST(shown.output.find_first_of("\x1b\x07") == std::string::npos, shown.output);
    }
}

BOOST_FIXTURE_TEST_CASE(a_transfer_draws_a_bar_unless_it_must_not, Terminal) {
    run({"kv", "put", "k", "v", "-w", "acme"});
    const std::string file = (folder / "keys.ndjson").string();
    BOOST_TEST(on_terminal({"namespace", "export", file, "-w", "acme"}).output.find("[####") != std::string::npos);
    BOOST_TEST(on_terminal({"namespace", "import", file, "-w", "acme"}).output.find("[####") != std::string::npos);
    BOOST_TEST(on_terminal({"namespace", "import", file, "-w", "acme", "--no-progress"}).output ==
               "imported 1, skipped 0\r\n");
}

BOOST_FIXTURE_TEST_CASE(an_export_goes_to_no_terminal, Terminal) {
    BOOST_TEST(on_terminal({"namespace", "export", "-", "-w", "acme"}).status == 2);
}

BOOST_AUTO_TEST_SUITE_END()

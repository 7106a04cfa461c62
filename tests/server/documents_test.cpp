// The sessions in the documents, run against a server: what they show is what happens.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace alcove::test;

namespace {

struct Step {
    std::string command;
    std::string expected;
};

// Commands of the blocks marked "sh session", each followed by a line "# → what it prints".
std::vector<Step> read_session(const std::string& document) {
    std::ifstream file(std::string(ALCOVE_SOURCE) + "/" + document);
    const std::string answer = "# → ";
    std::vector<Step> steps;
    std::string command;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (line == "```sh session") {
            inside = true;
        } else if (line == "```") {
            inside = false;
        } else if (inside && line.starts_with(answer)) {
            steps.push_back({.command = command, .expected = line.substr(answer.size())});
            command.clear();
        } else if (inside) {
            command += line + "\n";
        }
    }
    return steps;
}

// Whether the pieces between the "…" of the pattern stand in the text in that order, the ends at the ends.
bool matches(std::string_view text, std::string_view pattern) {
    constexpr std::string_view gap = "…";
    std::vector<std::string_view> pieces;
    for (std::size_t at; (at = pattern.find(gap)) != pattern.npos; pattern.remove_prefix(at + gap.size())) {
        pieces.push_back(pattern.substr(0, at));
    }
    if (pieces.empty()) return text == pattern;
    if (!text.starts_with(pieces[0]) || !text.ends_with(pattern)) return false;
    std::size_t at = 0;
    for (const std::string_view piece : pieces) {
        at = text.find(piece, at);
        if (at == text.npos) return false;
        at += piece.size();
    }
    return true;
}

constexpr const char* with_curl =
    "alcove() { curl -s -H \"Authorization: Bearer $KEY\" -w '\\n' \"${@:2}\" \"$URL$1\"; }\n";
constexpr const char* with_program = "alcove() { " ALCOVE_BINARY " \"$@\"; }\n";

// Runs the whole session in one shell, as a reader would. `alcove` is the function that the document speaks of.
void check_session(const std::string& document, std::size_t steps_min, const std::string& alcove) {
    const TemporaryFolder folder;
    const ServerProcess server(folder / "data", {{"ALCOVE_EXTERNAL_ID_RENAME_ENABLED", "true"}});
    const std::vector<Step> steps = read_session(document);
    BOOST_TEST(steps.size() >= steps_min);
    const std::string end_of_step = "<end of step>\n";
    std::string script = alcove;
    for (const Step& step : steps)
        script += step.command + "\nprintf '" + "<end of step>\\n'\n";
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/api/v1";
    const Environment environment{
        {"URL", url}, {"KEY", server.admin_key()}, {"ALCOVE_URL", url}, {"ALCOVE_KEY", server.admin_key()}};
    const Finished finished = run_program({"/bin/bash", "-c", script}, environment);
    std::string_view output = finished.output;
    for (const Step& step : steps) {
        const std::string_view printed = output.substr(0, output.find(end_of_step));
        output.remove_prefix(std::min(output.size(), printed.size() + end_of_step.size()));
        const std::string_view line = printed.substr(0, printed.find('\n'));
        BOOST_TEST(matches(line, step.expected),
                   step.command << "printed  " << line << "\nexpected " << step.expected);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_session_of_the_readme_is_true) {
    check_session("README.md", 12, with_curl);
}

BOOST_AUTO_TEST_CASE(the_session_of_the_tutorial_is_true) {
    check_session("docs/tutorial.md", 25, with_curl);
}

// The published requests of Deck and Braze among them, sent with curl.
BOOST_AUTO_TEST_CASE(the_session_of_the_compatibility_is_true) {
    check_session("docs/compatibility.md", 32, with_curl);
}

BOOST_AUTO_TEST_CASE(the_session_of_the_command_line_is_true) {
    check_session("docs/cli.md", 8, with_program);
}

// The session in the README, run against a server: what it shows is what happens.
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
std::vector<Step> read_session() {
    std::ifstream file(std::string(ALCOVE_SOURCE) + "/README.md");
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

}  // namespace

BOOST_AUTO_TEST_CASE(the_session_of_the_readme_is_true) {
    const TemporaryFolder folder;
    const ServerProcess server(folder / "data");
    const std::string helper =
        "alcove() { curl -s -H \"Authorization: Bearer $KEY\" -w '\\n' \"${@:2}\" \"$URL$1\"; }\n";
    const Environment environment{{"URL", "http://127.0.0.1:" + std::to_string(server.port()) + "/api/v1"},
                                  {"KEY", server.admin_key()}};
    const std::vector<Step> steps = read_session();

    BOOST_TEST(steps.size() >= 12u);
    for (const Step& step : steps) {
        const Finished finished = run_program({"/bin/bash", "-c", helper + step.command}, environment);
        const std::string printed = finished.output.substr(0, finished.output.find('\n'));
        BOOST_TEST(matches(printed, step.expected),
                   step.command << "printed  " << printed << "\nexpected " << step.expected);
    }
}

// Guesses at tokens: an answer tells nothing of how near a guess was, and nothing compares secrets byte by byte.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/server/attacks_fixture.hpp"

namespace alcove::test {
namespace {

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// The lines of our sources that match, as "server/x.cpp: line".
std::vector<std::string> lines_with(const std::regex& pattern) {
    std::vector<std::string> found;
    const std::filesystem::path root = ALCOVE_SOURCE;
    for (const auto* layer : {"kv", "scopes", "server"}) {
        for (const auto& file : std::filesystem::recursive_directory_iterator(root / layer)) {
            if (file.path().extension() != ".cpp" && file.path().extension() != ".hpp") continue;
            std::istringstream lines(read(file.path()));
            for (std::string line; std::getline(lines, line);) {
                if (std::regex_search(line, pattern))
                    found.push_back(std::filesystem::relative(file.path(), root).string() + ": " + line);
            }
        }
    }
    return found;
}

// An answer without what belongs to its moment.
std::string lasting_part(const Answer& answer) {
    static const std::regex passing("(Date|X-Request-Id): [^\r]*\r\n");
    return std::regex_replace(answer.head, passing, "") + answer.body;
}

BOOST_FIXTURE_TEST_SUITE(attacks_tokens, UnderAttack)

BOOST_AUTO_TEST_CASE(all_wrong_tokens_are_answered_alike) {
    const std::string right = key;
    std::string last_changed = right;
    last_changed.back() ^= 1;
    const std::vector<std::string> guesses = {right.substr(0, right.size() - 1),
                                              right + "a",
                                              last_changed,
                                              "alc_",
                                              "alc_" + std::string(32, 'A'),
                                              std::string(right).replace(0, 3, "ALC"),
                                              "eut_" + right.substr(4),
                                              "mcp_" + right.substr(4),
                                              "wtk_" + right.substr(4),
                                              std::string(256, 'a'),
                                              std::string(257, 'a'),
                                              std::string(10'000, 'a'),
                                              "'or'1'='1",
                                              "%61lc_the-root-key",
                                              right + "," + right,
                                              right + " " + right,
                                              "\"" + right + "\"",
                                              "../../token"};
    std::set<std::string> answers;
    for (const auto& guess : guesses) {
        for (const auto* target : {"/kv/precious", "/kv/nothing", "/nothing", "/kv/%zz"}) {
            const auto answer = connect().ask(
                "GET " + ns + target + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + guess + "\r\n\r\n");
            BOOST_TEST(answer.status == 401U, guess << " at " << target);
            answers.insert(lasting_part(answer));
        }
    }
    BOOST_TEST(answers.size() == 1U);
    BOOST_TEST(unharmed());
}

// Which workspaces there are is not told to who may not know.
BOOST_AUTO_TEST_CASE(who_is_held_to_a_workspace_cannot_tell_others_from_none) {
    const auto own = id_of(call("POST", "/api/v1/workspaces", R"({"name":"B","slug":"bcme"})"));
    const auto made = call("POST", "/api/v1/api-keys",
                           R"({"name":"k","permissions":["kv:read"],"workspaceIds":[")" + own + "\"]}");
    BOOST_REQUIRE(made.status == 201U);
    const auto begin = made.body.find("alc_");
    const auto token = made.body.substr(begin, made.body.find('"', begin) - begin);
    std::set<std::string> answers;
    for (const auto* workspace : {"acme", "nothing", "00000000-0000-7000-8000-000000000000", "..", "%00", "ACME"}) {
        const auto answer =
            connect().ask("GET /api/v1/workspaces/" + std::string(workspace) +
                          "/kv/precious HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\n\r\n");
        BOOST_TEST(answer.status == 403U, workspace);
        answers.insert(lasting_part(answer));
    }
    BOOST_TEST(answers.size() == 1U);
}

// One connection may carry requests of several people, when a proxy gathers them: each says who it is.
BOOST_AUTO_TEST_CASE(a_connection_remembers_nobody_who_does_not_say_so_again) {
    auto client = connect();
    BOOST_TEST(client.ask(request("GET", ns + "/kv/precious")).body == "treasure");
    BOOST_TEST(client.get(ns + "/kv/precious").status == 401U);
    BOOST_TEST(client.ask("GET " + ns + "/kv/precious HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer alc_x\r\n\r\n")
                   .status == 401U);
    BOOST_TEST(client.ask(request("GET", ns + "/kv/precious")).body == "treasure");
}

// Time cannot be measured reliably in a test. What can be read is that tokens, tickets and credentials are found by
// their digest, and that there is one place that compares secrets.
BOOST_AUTO_TEST_CASE(secrets_are_compared_in_one_place) {
    const auto constant_time = lines_with(std::regex("CRYPTO_memcmp\\("));
    BOOST_REQUIRE(constant_time.size() == 1U);
    BOOST_TEST(constant_time.front().starts_with("scopes/secret.cpp:"));

    // Equality with something that is named like a secret, in any of the spellings that C++ has.
    const std::string secret = "(authorization|signature|secret|token|ticket|password|bearer|plain|mac|hmac)_?";
    for (const auto& comparison :
         {"\\b" + secret + " [!=]= (?!nullptr)", " [!=]= \\*{0,2}(\\w+(\\.|->))*" + secret + "\\b(?!\\(|\\.|->)",
          "\\b" + secret + "\\.compare\\(", "(memcmp|strcmp|equal)\\([^)]*\\b" + secret + "\\b"}) {
        for (const auto& line : lines_with(std::regex(comparison)))
            BOOST_ERROR("compared in the open: " + line);
    }
    BOOST_TEST(lines_with(std::regex("same_secret\\(")).size() >= 4U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

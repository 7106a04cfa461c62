// Paths that look like other paths: each names exactly one namespace and one key, by its segments decoded once.
#include <boost/test/unit_test.hpp>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/attacks_fixture.hpp"

namespace alcove::test {
namespace {

using namespace std::string_literals;

// Every byte escaped, so that no spelling is left to chance.
std::string escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out.append("%").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
    return out;
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

struct Row {
    std::string path;  // behind the workspace
    std::string form;  // "", "external" or "end-users"
    std::string subject;
    std::string key;
};

class Paths : public UnderAttack {
public:
    Paths() {
        workspace_id = id_of(call("GET", "/api/v1/workspaces/acme"));
        call("POST", "/api/v1/workspaces", R"({"name":"B","slug":"bcme"})");
        end_user_id = create_end_user("x");
        create_end_user(end_user_id);  // called like the other's UUID
        for (const char* external_id :
             {"x/kv/y", "x%2Fkv%2Fy", "..", ".", "kv", "X", "\xc3\xbc", "u\xcc\x88", "a b", "a+b"})
            create_end_user(external_id);
    }

    std::string create_end_user(const std::string& external_id, const std::string& workspace = "acme") const {
        return id_of(call("POST", "/api/v1/end-users",
                          R"({"workspaceId":")" + workspace + R"(","externalId":")" + external_id + "\"}"));
    }

    // How the namespace of a row is spelt without anything left to interpretation.
    std::string plain(const std::string& form, const std::string& subject) const {
        return "/api/v1/workspaces/" + workspace_id + (form.empty() ? "" : "/" + form + "/" + escaped(subject));
    }

    // Puts something through each path in turn, and looks for it in every place that there is.
    void expect_each_lands_where_it_says(const std::vector<Row>& rows, const std::string& collection) {
        using Place = std::pair<std::string, std::string>;
        std::map<Place, std::map<std::string, std::string>> expected;
        std::set<std::string> keys;
        expected[{"", ""}];
        if (collection == "kv") expected[{"", ""}]["precious"] = "treasure";
        expected[{"external", "nobody's"}];
        auto client = connect();
        for (const auto& row : rows) {
            const auto answer = client.ask(request("PUT", ns + row.path, row.path));
            BOOST_TEST(answer.status / 100 == 2U, row.path << ": " << answer.status << " " << answer.body);
            expected[{row.form, row.subject}][row.key] = row.path;
            keys.insert(row.key);
            BOOST_TEST(client.ask(request("GET", ns + row.path)).body == row.path);
        }
        for (const auto& [place, entries] : expected) {
            const auto where = plain(place.first, place.second) + "/" + collection;
            const auto list = client.ask(request("GET", where + "?limit=1000")).body;
            BOOST_TEST(count(list, collection == "kv" ? "\"key\":" : "\"path\":") == entries.size(),
                       place.first << " " << place.second << ": " << list);
            for (const auto& key : keys) {
                const auto answer = client.ask(request("GET", where + "/" + escaped(key)));
                const auto found = entries.find(key);
                const auto value = answer.status == 200 ? answer.body : std::to_string(answer.status);
                BOOST_TEST(value == (found == entries.end() ? "404" : found->second),
                           place.first << " " << place.second << " " << key);
            }
        }
        const auto others = call("GET", "/api/v1/workspaces/bcme/namespaces").body;
        BOOST_TEST(count(others, "\"scope\":") == 0U, others);
    }

    std::string workspace_id;
    std::string end_user_id;
};

BOOST_FIXTURE_TEST_SUITE(attacks_paths, Paths)

BOOST_AUTO_TEST_CASE(a_key_is_in_the_namespace_and_under_the_name_that_its_path_spells) {
    expect_each_lands_where_it_says(
        {
            // Slashes, in the key and in front of it.
            {"/kv/a/b", "", "", "a/b"},
            {"/kv/a%2Fb", "", "", "a/b"},
            {"/kv/a%2fb/c", "", "", "a/b/c"},
            {"/kv/a%252Fb", "", "", "a%2Fb"},
            {"/kv/a%25252Fb", "", "", "a%252Fb"},
            {"/kv//a", "", "", "/a"},
            {"/kv/%2F", "", "", "/"},
            {"/kv//", "", "", "/"},
            {"/kv///", "", "", "//"},
            {"/kv/a//", "", "", "a//"},
            {"/kv/a\\b", "", "", "a\\b"},
            // Dots mean nothing.
            {"/kv/..", "", "", ".."},
            {"/kv/.", "", "", "."},
            {"/kv/../kv/precious", "", "", "../kv/precious"},
            {"/kv/%2e%2e/x", "", "", "../x"},
            {"/kv/%2E%2e%2Fy", "", "", "../y"},
            {"/kv/a/./b", "", "", "a/./b"},
            {"/kv/../../bcme/kv/x", "", "", "../../bcme/kv/x"},
            {"/kv/..;/x", "", "", "..;/x"},
            // Everything is decoded, and once.
            {"/kv/%6b%65%79", "", "", "key"},
            {"/%6bv/literal", "", "", "literal"},
            {"/kv/%2b+%20", "", "", "++ "},
            {"/kv/a%3Fb%23c%26d%3D", "", "", "a?b#c&d="},
            {"/kv/%C3%bc", "", "", "\xc3\xbc"},
            {"/kv/u%CC%88", "", "", "u\xcc\x88"},
            {"/kv/%EF%BC%8F", "", "", "\xef\xbc\x8f"},
            {"/kv/%7F%01%0d%0a", "", "", "\x7f\x01\r\n"},
            {"/kv/precious%20", "", "", "precious "},
            {"/kv/PRECIOUS", "", "", "PRECIOUS"},
            // Keys that look like the paths of other scopes.
            {"/kv/external/x/kv/y", "", "", "external/x/kv/y"},
            {"/kv/end-users/x/kv/y", "", "", "end-users/x/kv/y"},
            // And those, which are other places.
            {"/external/x/kv/y", "external", "x", "y"},
            {"/external/x%2Fkv%2Fy/kv/z", "external", "x/kv/y", "z"},
            {"/external/x%252Fkv%252Fy/kv/z", "external", "x%2Fkv%2Fy", "z"},
            {"/external/x/kv/y%2Fkv%2Fz", "external", "x", "y/kv/z"},
            {"/external/x/kv/y/kv/w", "external", "x", "y/kv/w"},
            {"/external/../kv/precious", "external", "..", "precious"},
            {"/external/%2e/kv/precious", "external", ".", "precious"},
            {"/external/kv/kv/kv", "external", "kv", "kv"},
            {"/%65xternal/X/%6b%76/y", "external", "X", "y"},
            {"/external/%C3%BC/kv/k", "external", "\xc3\xbc", "k"},
            {"/external/u%cc%88/kv/k", "external", "u\xcc\x88", "k"},
            {"/external/acme/kv/precious", "external", "acme", "precious"},
            {"/external/" + workspace_id + "/kv/precious", "external", workspace_id, "precious"},
            {"/external/" + end_user_id + "/kv/k", "external", end_user_id, "k"},
            {"/end-users/x/kv/y", "end-users", "x", "y"},
            {"/end-users/X/kv/y", "end-users", "X", "y"},
            {"/end-users/x%2fkv%2Fy/kv/z", "end-users", "x/kv/y", "z"},
            {"/end-users/x%252Fkv%252Fy/kv/z", "end-users", "x%2Fkv%2Fy", "z"},
            {"/end-users/x/kv/y/kv/w", "end-users", "x", "y/kv/w"},
            {"/end-users/../kv/precious", "end-users", "..", "precious"},
            {"/end-users/%2e/kv/precious", "end-users", ".", "precious"},
            {"/end-users/kv/kv/kv", "end-users", "kv", "kv"},
            {"/end-users/%c3%bc/kv/k", "end-users", "\xc3\xbc", "k"},
            {"/end-users/u%CC%88/kv/k", "end-users", "u\xcc\x88", "k"},
            {"/end-users/a%20b/kv/k", "end-users", "a b", "k"},
            {"/end-users/a+b/kv/k", "end-users", "a+b", "k"},
            {"/end-users/" + end_user_id + "/kv/k", "end-users", end_user_id, "k"},
        },
        "kv");
}

BOOST_AUTO_TEST_CASE(a_file_is_in_the_namespace_and_at_the_path_that_its_path_spells) {
    expect_each_lands_where_it_says(
        {
            {"/files/a/b", "", "", "a/b"},
            {"/files/a%2fc", "", "", "a/c"},
            {"/files/a%252Fb", "", "", "a%2Fb"},
            {"/files/...", "", "", "..."},
            {"/files/a/..b/c..", "", "", "a/..b/c.."},
            {"/files/..%5Cmaster.key", "", "", "..\\master.key"},
            {"/files/C:%5Cx", "", "", "C:\\x"},
            {"/files/~/x", "", "", "~/x"},
            {"/files/master.key", "", "", "master.key"},
            {"/files/%252e%252e/x", "", "", "%2e%2e/x"},
            {"/files/external/x/files/y", "", "", "external/x/files/y"},
            {"/external/x/files/y", "external", "x", "y"},
            {"/external/x%2Ffiles%2Fy/files/z", "external", "x/files/y", "z"},
            {"/external/../files/y", "external", "..", "y"},
            {"/end-users/x/files/y", "end-users", "x", "y"},
            {"/end-users/../files/y", "end-users", "..", "y"},
        },
        "files");
}

BOOST_AUTO_TEST_CASE(what_names_no_key_no_path_and_nobody_is_refused) {
    const std::vector<std::pair<std::string, std::string>> paths = {
        {"/kv/", "400 VALIDATION_ERROR"},
        {"/kv/%00", "400 VALIDATION_ERROR"},
        {"/kv/precious%00", "400 VALIDATION_ERROR"},
        {"/kv/%c0%af", "400 VALIDATION_ERROR"},
        {"/kv/%c0%80", "400 VALIDATION_ERROR"},
        {"/kv/%e0%80%af", "400 VALIDATION_ERROR"},
        {"/kv/%f0%80%80%af", "400 VALIDATION_ERROR"},
        {"/kv/%ed%a0%80", "400 VALIDATION_ERROR"},
        {"/kv/%f4%90%80%80", "400 VALIDATION_ERROR"},
        {"/kv/%ff", "400 VALIDATION_ERROR"},
        {"/kv/%c3", "400 VALIDATION_ERROR"},
        {"/kv/%", "400 VALIDATION_ERROR"},
        {"/kv/%2", "400 VALIDATION_ERROR"},
        {"/kv/%g0", "400 VALIDATION_ERROR"},
        {"/kv/%u002f", "400 VALIDATION_ERROR"},
        {"/kv/" + std::string(481, 'k'), "400 VALIDATION_ERROR"},
        {"/kv/" + repeated("%C3%BC", 241), "400 VALIDATION_ERROR"},
        {"/external//kv/k", "404 NOT_FOUND"},
        {"/external/%00/kv/k", "400 VALIDATION_ERROR"},
        {"/external/x%00/kv/k", "400 VALIDATION_ERROR"},
        {"/external/%0a/kv/k", "400 VALIDATION_ERROR"},
        {"/external/%c2%85/kv/k", "400 VALIDATION_ERROR"},
        {"/external/%c0%af/kv/k", "400 VALIDATION_ERROR"},
        {"/external/%ff/kv/k", "400 VALIDATION_ERROR"},
        {"/external/" + std::string(256, 'x') + "/kv/k", "400 VALIDATION_ERROR"},
        {"/external/../../bcme/kv/k", "404 NOT_FOUND"},
        {"/external/x/../../kv/precious", "404 NOT_FOUND"},
        {"/external%2Fx/kv/k", "404 NOT_FOUND"},
        {"/external/x%2Fkv%2Fk", "404 NOT_FOUND"},
        {"/end-users//kv/k", "404 NOT_FOUND"},
        {"/end-users/nobody/kv/k", "404 END_USER_NOT_FOUND"},
        {"/end-users/x%20/kv/k", "404 END_USER_NOT_FOUND"},
        {"/end-users/x%00/kv/k", "404 END_USER_NOT_FOUND"},
        {"/end-users/x%2F/kv/k", "404 END_USER_NOT_FOUND"},
        {"/end-users/%c0%ae/kv/k", "404 END_USER_NOT_FOUND"},
        {"/files/", "400 VALIDATION_ERROR"},
        {"/files/..", "400 VALIDATION_ERROR"},
        {"/files/.", "400 VALIDATION_ERROR"},
        {"/files/../x", "400 VALIDATION_ERROR"},
        {"/files/a/../x", "400 VALIDATION_ERROR"},
        {"/files/a%2F..%2Fx", "400 VALIDATION_ERROR"},
        {"/files/%2e%2e/%2e%2e/master.key", "400 VALIDATION_ERROR"},
        {"/files/%2e%2e%2fmaster.key", "400 VALIDATION_ERROR"},
        {"/files//etc/passwd", "400 VALIDATION_ERROR"},
        {"/files/%2Fetc%2Fpasswd", "400 VALIDATION_ERROR"},
        {"/files/a//b", "400 VALIDATION_ERROR"},
        {"/files/a/", "400 VALIDATION_ERROR"},
        {"/files/a%00", "400 VALIDATION_ERROR"},
        {"/files/%c0%ae%c0%ae/x", "400 VALIDATION_ERROR"},
    };
    auto client = connect();
    for (const auto& [path, refused] : paths) {
        for (const auto* method : {"PUT", "GET", "DELETE"}) {
            const auto answer = client.ask(request(method, ns + path, method == "PUT"s ? "x" : ""));
            BOOST_TEST(outcome(answer) == refused, method << " " << path << ": " << outcome(answer));
        }
    }
    for (const auto* target : {"/files/..%2fmaster.key", "/files/%2e%2e", "/files/x", "/files/%00"})
        BOOST_TEST(client.get(target).status == 403U, target);
    BOOST_TEST(client.get("/files/../data/master.key").status == 404U);
    BOOST_TEST(count(client.ask(request("GET", ns + "/kv")).body, "\"key\":") == 1U);
    BOOST_TEST(count(client.ask(request("GET", ns + "/files")).body, "\"path\":") == 0U);
    BOOST_TEST(unharmed());
}

// Wherever a name or a UUID may stand, no name reads as a UUID; and a UUID of another workspace is nobody's here.
BOOST_AUTO_TEST_CASE(no_name_passes_for_the_id_of_another) {
    const auto post = [this](const std::string& target, const std::string& body) {
        return outcome(call("POST", target, body));
    };
    BOOST_TEST(post("/api/v1/workspaces", R"({"name":"C","slug":")" + workspace_id + "\"}") ==
               "400 VALIDATION_ERROR");
    const auto integrations = ns + "/integrations";
    const auto alias = [](const std::string& text) {
        return R"({"integrationName":"kv-store","alias":")" + text + "\"}";
    };
    const auto integration = call("POST", integrations, alias("state"));
    const auto integration_id = id_of(integration);
    BOOST_TEST(post(integrations, alias(integration_id)) == "400 VALIDATION_ERROR");
    BOOST_TEST(post(integrations, alias("a" + integration_id.substr(1))) == "400 VALIDATION_ERROR");
    BOOST_TEST(post(integrations, alias("../kv")) == "400 VALIDATION_ERROR");

    // The integration keeps things with an end user: its path without one names nobody, with one just that.
    call("PUT", integrations + "/state/kv/k?endUserId=x%2Fkv%2Fy", "1");
    BOOST_TEST(call("GET", plain("end-users", "x/kv/y") + "/kv/k").body == "1");
    BOOST_TEST(call("GET", plain("end-users", "x") + "/kv/k").status == 404U);
    BOOST_TEST(call("GET", integrations + "/state/kv/k?endUserId=x").status == 404U);
    BOOST_TEST(outcome(call("GET", integrations + "/state/kv/k")) == "400 VALIDATION_ERROR");
    BOOST_TEST(outcome(call("GET", integrations + "/state/kv/k?endUserId=x&endUserId=x%2Fkv%2Fy")) ==
               "400 VALIDATION_ERROR");
    BOOST_TEST(outcome(call("GET", integrations + "/STATE/kv/k?endUserId=x")) == "404 INTEGRATION_NOT_FOUND");

    const auto stranger = create_end_user("x", "bcme");
    call("PUT", "/api/v1/workspaces/bcme/end-users/x/kv/k", "theirs");
    BOOST_TEST(call("GET", plain("end-users", "x") + "/kv/k").status == 404U);
    BOOST_TEST(outcome(call("GET", ns + "/end-users/" + stranger + "/kv/k")) == "404 END_USER_NOT_FOUND");
    BOOST_TEST(outcome(call("GET", "/api/v1/workspaces/bcme/integrations/" + integration_id +
                                       "/kv/k?endUserId=x")) == "404 INTEGRATION_NOT_FOUND");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Every command of end users, connections, integrations and keys, against a server.
#include <boost/test/unit_test.hpp>

#include "tests/server/cli_fixture.hpp"

using namespace alcove::test;

namespace {

class Resources : public CliWorkspace {
public:
    // With `-w acme` behind it.
    std::string in_acme(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"-w", "acme"});
        return output(arguments);
    }
    // The id of what is made.
    std::string make(std::vector<std::string> arguments) const {
        arguments.emplace_back("--quiet");
        std::string id = in_acme(arguments);
        id.pop_back();
        return id;
    }
    std::string connect(const std::string& external_id) const {
        write_text(folder / "credentials", R"({"password":"secret"})");
        return make({"connection", "create", "crm", "--end-user", "u", "--external-id", external_id,
                     "--credentials", (folder / "credentials").string()});
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_resources)

BOOST_FIXTURE_TEST_CASE(an_end_user_is_made_found_changed_and_deleted, Resources) {
    const std::string id =
        make({"end-user", "create", "user 1", "--email", "a@b.c", "--metadata", R"({"plan":"pro"})"});
    make({"end-user", "create", "other"});
    BOOST_TEST(in_acme({"end-user", "list", "--external-id", "user 1", "-q"}) == id + "\n");
    BOOST_TEST(output({"end-user", "get", id}).find("metadata.plan  ") != std::string::npos);
    const std::string changed = output({"end-user", "update", id, "--email", "", "--display-name", "U", "--json"});
    BOOST_TEST(changed.find("\"displayName\":\"U\",\"email\":null") != std::string::npos, changed);
    BOOST_TEST(output({"end-user", "update", id}).find("(NO_UPDATES, ") != std::string::npos);
    BOOST_TEST(status({"end-user", "delete", id, "--yes"}) == 0);
    BOOST_TEST(status({"end-user", "get", id}) == 3);
}

BOOST_FIXTURE_TEST_CASE(a_connection_is_made_found_changed_resolved_and_deleted, Resources) {
    const std::string id = connect("main");
    BOOST_TEST(in_acme({"connection", "list", "--end-user", "u", "-q"}) == id + "\n");
    BOOST_TEST(in_acme({"connection", "list", "--external-id", "none", "-q"}) == "");
    BOOST_TEST(member_of(output({"connection", "update", id, "--owner", "sales", "--json"}), "ownerExternalId") ==
               "sales");
    const std::string shown = output({"connection", "get", id});
    BOOST_TEST(shown.find("main") != std::string::npos);
    BOOST_TEST(shown.find("secret") == std::string::npos);

    make({"integration", "create", "crm", "--alias", "sales-crm"});
    const std::vector<std::string> resolve{"connection", "resolve", "--alias", "sales-crm", "--end-user", "u"};
    BOOST_TEST(make(resolve) == id);
    BOOST_TEST(in_acme(resolve).find("secret") == std::string::npos);
    std::vector<std::string> with_credentials = resolve;
    with_credentials.emplace_back("--credentials");
    BOOST_TEST(in_acme(with_credentials).find("credentials.password  secret") != std::string::npos,
               in_acme(with_credentials));

    BOOST_TEST(output({"connection", "delete", id, "-q"}) == id + "\n");
    BOOST_TEST(status({"connection", "get", id}) == 3);
}

BOOST_FIXTURE_TEST_CASE(an_external_id_of_a_connection_is_taken_once, Resources) {
    connect("main");
    BOOST_TEST(status({"connection", "create", "crm", "-w", "acme", "--external-id", "main"}) == 5);
}

BOOST_FIXTURE_TEST_CASE(credentials_that_are_no_json_are_not_sent, Resources) {
    write_text(folder / "credentials", "secret");
    const std::string refused =
        in_acme({"connection", "create", "crm", "--credentials", (folder / "credentials").string()});
    BOOST_TEST(refused == "alcove: --credentials is no JSON\n");
    BOOST_TEST(in_acme({"connection", "list", "-q"}) == "");
}

BOOST_FIXTURE_TEST_CASE(an_integration_is_made_found_changed_and_deleted, Resources) {
    const std::string id = make({"integration", "create", "kv-store", "--alias", "state", "--settings",
                                 R"({"persistence":{"scope":"external","externalId":"shared"}})"});
    BOOST_TEST(in_acme({"integration", "list", "-q"}) == id + "\n");
    BOOST_TEST(member_of(in_acme({"integration", "get", "state", "--json"}), "id") == id);
    in_acme({"kv", "put", "k", "v", "--integration", "state"});
    BOOST_TEST(in_acme({"kv", "get", "k", "--external", "shared"}) == "v");
    BOOST_TEST(member_of(in_acme({"integration", "update", id, "--alias", "memory", "--json"}), "alias") ==
               "memory");
    BOOST_TEST(status({"integration", "create", "kv-store", "--alias", "memory", "-w", "acme"}) == 5);
    BOOST_TEST(status({"integration", "delete", "memory", "-w", "acme"}) == 0);
    BOOST_TEST(status({"integration", "get", "memory", "-w", "acme"}) == 3);
}

BOOST_FIXTURE_TEST_CASE(a_key_held_to_a_workspace_is_refused_elsewhere_and_after_its_end, Resources) {
    run({"workspace", "create", "other", "--name", "Other"});
    const std::string made =
        output({"key", "create", "reader", "--permissions", "kv:read", "--workspaces", "acme", "--json"});
    const Environment reader{{"ALCOVE_URL", url()}, {"ALCOVE_KEY", member_of(made, "plainKey")}};
    const auto reads = [&](const std::string& workspace) {
        return run({"kv", "list", "-q", "-w", workspace}, reader).status;
    };
    BOOST_TEST(reads("acme") == 0);
    BOOST_TEST(reads("other") == 4);
    BOOST_TEST(status({"key", "delete", member_of(made, "id")}) == 0);
    BOOST_TEST(reads("acme") == 4);
}

BOOST_FIXTURE_TEST_CASE(a_text_is_appended_to, Resources) {
    in_acme({"kv", "append", "log", "one"});
    in_acme({"kv", "append", "log", "two", "--separator", ", "});
    BOOST_TEST(in_acme({"kv", "get", "log"}) == "one, two");
    in_acme({"kv", "put", "n", "[1]", "--content-type", "application/json"});
    BOOST_TEST(status({"kv", "increment", "n", "-w", "acme"}) == 5);
}

BOOST_AUTO_TEST_SUITE_END()

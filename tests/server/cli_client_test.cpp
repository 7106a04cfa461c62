// The commands that speak to a server, as their user meets them.
#include <boost/test/unit_test.hpp>

#include "tests/server/cli_fixture.hpp"

using namespace alcove::test;

BOOST_AUTO_TEST_SUITE(command_line_client)

BOOST_FIXTURE_TEST_CASE(what_is_made_is_shown_listed_changed_and_deleted, CliServer) {
    const std::string made = output({"workspace", "create", "acme", "--name", "Acme", "--json"});
    const std::string id = member_of(made, "id");
    BOOST_TEST(made.starts_with("{\"workspace\":{\"id\":\"" + id));
    BOOST_TEST(output({"workspace", "list", "--quiet"}) == id + "\n");
    BOOST_TEST(output({"workspace", "list"})
                   .starts_with("ID                                    SLUG  NAME  CREATED AT\n" + id +
                                "  acme  Acme  20"));
    BOOST_TEST(output({"workspace", "update", "acme", "--name", "Acme & Co"}).find("name       Acme & Co\n") !=
               std::string::npos);
    BOOST_TEST(output({"workspace", "delete", "acme", "--yes", "-q"}) == id + "\n");
    BOOST_TEST(output({"workspace", "list", "--quiet"}) == "");
}

BOOST_FIXTURE_TEST_CASE(the_exit_status_says_what_went_wrong, CliWorkspace) {
    BOOST_TEST(status({"workspace", "get", "acme"}) == 0);
    BOOST_TEST(status({"workspace", "list", "--url", "http://127.0.0.1:1"}) == 1);
    BOOST_TEST(status({"workspace", "create", "A", "--name", "Wrong"}) == 1);
    BOOST_TEST(status({"workspace", "fly"}) == 2);
    BOOST_TEST(status({"workspace", "get"}) == 2);
    BOOST_TEST(status({"workspace", "get", ""}) == 2);
    BOOST_TEST(status({"workspace", "list", "--url", "ftp://there"}) == 2);
    BOOST_TEST(status({"end-user", "create", "u", "-w", "acme", "--metadata", "{"}) == 2);
    BOOST_TEST(status({"workspace", "get", "nobody"}) == 3);
    BOOST_TEST(status({"workspace", "list", "--token", "alc_fedcba9876543210"}) == 4);
    BOOST_TEST(status({"workspace", "create", "acme", "--name", "Twice"}) == 5);
}

BOOST_FIXTURE_TEST_CASE(an_error_is_one_line_with_code_field_and_request_id, CliWorkspace) {
    const std::string error = output({"workspace", "create", "acme", "--name", "Twice"});
    BOOST_TEST(error.starts_with("alcove: "));
    BOOST_TEST(error.find(" (SLUG_EXISTS, slug, ") != std::string::npos);
    BOOST_TEST(error.find('\n') == error.size() - 1);
}

BOOST_FIXTURE_TEST_CASE(what_takes_much_with_it_is_not_deleted_without_a_yes, CliWorkspace) {
    const Finished refused = run({"workspace", "delete", "acme"});
    BOOST_TEST(refused.status == 2);
    BOOST_TEST(refused.output == "alcove: without a terminal to ask on, this needs --yes\n");
    BOOST_TEST(status({"end-user", "delete", "01a208a6-9738-7042-956c-3ab8b2216d8f"}) == 2);
    BOOST_TEST(status({"namespace", "empty", "-w", "acme"}) == 2);
    BOOST_TEST(status({"workspace", "get", "acme"}) == 0);
}

BOOST_FIXTURE_TEST_CASE(lists_go_on_behind_a_cursor, CliWorkspace) {
    for (const auto* slug : {"b", "c"})
        run({"workspace", "create", slug, "--name", slug});
    const std::string page = output({"workspace", "list", "--limit", "2", "--json"});
    const std::string rest = output({"workspace", "list", "--cursor", member_of(page, "cursor"), "--json"});
    BOOST_TEST(member_of(rest, "slug") == "c");
    BOOST_TEST(output({"workspace", "list", "--limit", "2"}).find("there are more: --all, or --cursor ") !=
               std::string::npos);
    BOOST_TEST(output({"workspace", "list", "--limit", "1", "--all", "--quiet"}) ==
               output({"workspace", "list", "-q"}));
}

BOOST_FIXTURE_TEST_CASE(all_pages_make_one_table_and_one_document, CliWorkspace) {
    for (const std::string& key : {"a", "b/1", "b/2", "c", "d/1"})
        run({"kv", "put", key, key, "-w", "acme"});
    const auto listed = [&](const std::vector<std::string>& how) {
        std::vector<std::string> arguments{"kv", "list", "-w", "acme"};
        arguments.insert(arguments.end(), how.begin(), how.end());
        return output(arguments);
    };
    const std::string whole = listed({"--json"});
    BOOST_TEST(listed({"--json", "--all", "--limit", "1"}) == whole);
    BOOST_TEST(listed({"--json", "--all", "--limit", "2"}) == whole);
    BOOST_TEST(listed({"--json", "--all"}) == whole);
    BOOST_TEST(listed({"--all", "--limit", "2"}) == listed({}));
    BOOST_TEST(listed({"--json", "--all", "--limit", "1", "--delimiter", "/"}) ==
               listed({"--json", "--delimiter", "/"}));
    BOOST_TEST(listed({"--json", "--all", "--prefix", "x"}) ==
               "{\"items\":[],\"prefixes\":[],\"cursor\":null,\"complete\":true}\n");
}

BOOST_FIXTURE_TEST_CASE(columns_stay_in_line_beside_wide_characters, CliWorkspace) {
    run({"workspace", "create", "wide", "--name", "東京🙂"});
    run({"workspace", "create", "joined", "--name", "e\u0301"});
    const std::string table = output({"workspace", "list"});
    BOOST_TEST(table.find("  NAME    CREATED AT\n") != std::string::npos, table);
    BOOST_TEST(table.find("  Acme    20") != std::string::npos, table);
    BOOST_TEST(table.find("  東京🙂  20") != std::string::npos, table);
    BOOST_TEST(table.find("  e\u0301       20") != std::string::npos, table);
}

BOOST_FIXTURE_TEST_CASE(any_key_reaches_its_value, CliWorkspace) {
    for (const std::string& key :
         {"a b", "a/b//c", "/", "..", "a/../b", "%2F", "äöü 🙂", "?x=1#y", "list", "a&b=c", "a+b"}) {
        run({"kv", "put", key, "of " + key, "-w", "acme"});
        BOOST_TEST(output({"kv", "get", key, "-w", "acme"}) == "of " + key);
        BOOST_TEST(
            output({"kv", "list", "--prefix", key, "-q", "--limit", "1", "-w", "acme"}).starts_with(key + "\n"));
    }
    run({"kv", "put", "-w", "acme", "--", "-dash", "-value"});
    BOOST_TEST(output({"kv", "get", "-w", "acme", "--", "-dash"}) == "-value");
}

BOOST_FIXTURE_TEST_CASE(values_are_bytes, CliWorkspace) {
    std::string bytes;
    for (int i = 0; i < 300'000; ++i)
        bytes += static_cast<char>(i * 7 + i / 256);
    for (const std::string& value : {bytes, std::string(), std::string("\0\r\n\xff", 4)}) {
        write_text(folder / "in", value);
        BOOST_TEST(status({"kv", "put", "k", "--file", (folder / "in").string(), "-w", "acme"}) == 0);
        BOOST_TEST((output({"kv", "get", "k", "-w", "acme"}) == value));
        BOOST_TEST(run({"kv", "put", "k", "-", "-w", "acme"}, {}, folder / "in").status == 0);
        BOOST_TEST(output({"kv", "get", "k", "-o", (folder / "out").string(), "-w", "acme"}) == "");
        BOOST_TEST((text_of(folder / "out") == value));
    }
    BOOST_TEST(status({"kv", "get", "nothing", "-o", (folder / "out").string(), "-w", "acme"}) == 3);
    BOOST_TEST(text_of(folder / "out").size() == 4U);
}

BOOST_FIXTURE_TEST_CASE(a_write_may_depend_on_what_is_there, CliWorkspace) {
    const auto put = [&](const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"kv", "put", "k", "v", "-q", "-w", "acme"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    };
    const std::string version = put({"--if-absent"}).output;
    BOOST_TEST(put({"--if-absent"}).status == 5);
    BOOST_TEST(
        put({"--if-version", version.substr(0, version.size() - 1), "--ttl", "60", "--content-type", "text/css"})
            .status == 0);
    BOOST_TEST(put({"--if-version", "1"}).status == 5);
    const std::string entry = output({"kv", "list", "--json", "-w", "acme"});
    BOOST_TEST(member_of(entry, "contentType") == "text/css");
    BOOST_TEST(member_of(entry, "expiresAt").starts_with("20"));
    BOOST_TEST(status({"kv", "delete", "k", "--if-version", "1", "-w", "acme"}) == 5);
    BOOST_TEST(output({"kv", "delete", "k", "-w", "acme"}) == "deleted k\n");
    BOOST_TEST(status({"kv", "delete", "k", "-w", "acme"}) == 3);
}

BOOST_FIXTURE_TEST_CASE(a_namespace_is_named_by_one_of_four_ways, CliWorkspace) {
    run({"end-user", "create", "user/1 ü", "-w", "acme"});
    run({"integration", "create", "kv-store", "-w", "acme"});
    const auto count = [&](const std::vector<std::string>& space) {
        std::vector<std::string> arguments{"kv", "increment", "n", "-q", "-w", "acme"};
        arguments.insert(arguments.end(), space.begin(), space.end());
        return output(arguments);
    };
    BOOST_TEST(count({}) == "1\n");
    BOOST_TEST(count({"--external", "user/1 ü"}) == "1\n");
    BOOST_TEST(count({"--end-user", "user/1 ü"}) == "1\n");
    BOOST_TEST(count({"--integration", "kv-store", "--end-user", "user/1 ü", "--by", "5"}) == "6\n");
    BOOST_TEST(count({"--external", "x", "--end-user", "y"}).starts_with("alcove: --external excludes"));
    BOOST_TEST(output({"resolve", "-w", "acme", "--alias", "kv-store", "--end-user", "user/1 ü"})
                   .find("the scope 'end_user'") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(nothing_from_data_drives_the_terminal, CliWorkspace) {
    const std::string key = "a\x1b[31m\r\n\t\u009b\u202e";
    run({"kv", "put", "-w", "acme", "--", key, "v\x1b[0m"});
    const std::string table = output({"kv", "list", "--values", "-w", "acme"});
    BOOST_TEST(table.find("\na\\x1b[31m\\x0d\\x0a\\x09\\x9b\\u202e  ") != std::string::npos);
    BOOST_TEST(table.find("v\\x1b[0m\n") != std::string::npos);
    BOOST_TEST(output({"kv", "list", "-q", "-w", "acme"}) == "a\\x1b[31m\\x0d\\x0a\\x09\\x9b\\u202e\n");
    BOOST_TEST(output({"workspace", "get", "\x1b[2J", "--url", "\x1b[2J"}).find('\x1b') == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_new_key_is_shown_once_and_works, CliWorkspace) {
    std::string key = output({"key", "create", "reader", "--permissions", "workspaces:read,kv:read", "-q"});
    key.pop_back();
    BOOST_TEST(key.starts_with("alc_"));
    BOOST_TEST(run({"workspace", "get", "acme"}, {{"ALCOVE_KEY", key}}).status == 0);
    BOOST_TEST(run({"workspace", "delete", "acme", "-y"}, {{"ALCOVE_KEY", key}}).status == 4);
    const std::string list = output({"key", "list"});
    BOOST_TEST(list.find("reader  [\"workspaces:read\",\"kv:read\"]") != std::string::npos, list);
    BOOST_TEST(list.find(key) == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(tokens_of_end_users_are_made, CliWorkspace) {
    const std::string user = member_of(output({"end-user", "create", "u", "-w", "acme", "--json"}), "id");
    BOOST_TEST(output({"mcp-token", "create", "-w", "acme", "--end-user", "u", "-q"}).starts_with("mcp_"));
    BOOST_TEST(output({"end-user", "connect-token", user, "-q"}).starts_with("eut_"));
    const std::string token = output({"mcp-token", "list", "-w", "acme", "-q"});
    BOOST_TEST(status({"mcp-token", "delete", token.substr(0, token.size() - 1)}) == 0);
    BOOST_TEST(output({"mcp-token", "list", "-w", "acme", "-q"}) == "");
}

BOOST_AUTO_TEST_SUITE_END()

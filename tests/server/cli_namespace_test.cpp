// Namespaces as a whole, from the command line to a server and back.
#include <boost/test/unit_test.hpp>

#include "tests/server/cli_fixture.hpp"

using namespace alcove::test;

namespace {

class CliNamespace : public CliWorkspace {
public:
    // With a value of each kind that a line of an export can hold.
    void fill() {
        write_text(folder / "bytes", std::string("\0\xff\n\r binary", 11));
        run({"kv", "put", "binary", "--file", (folder / "bytes").string(), "-w", "acme"});
        run({"kv", "put", "text ä/1", "line 1\nline 2", "--content-type", "text/plain", "-w", "acme"});
        run({"kv", "put", "json", R"({"n": 1})", "--content-type", "application/json", "-w", "acme"});
        run({"kv", "put", "ends", "x", "--ttl", "3600", "-w", "acme"});
    }
    std::filesystem::path file = folder / "export.ndjson";
};

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_namespace)

BOOST_FIXTURE_TEST_CASE(what_was_exported_is_imported_byte_for_byte, CliNamespace) {
    fill();
    BOOST_TEST(output({"namespace", "export", file.string(), "-w", "acme"}) == "exported 4 keys\n");
    const std::vector<std::string> there{"-w", "acme", "--external", "copy"};
    const auto in_copy = [&there](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), there.begin(), there.end());
        return arguments;
    };
    BOOST_TEST(output(in_copy({"namespace", "import", file.string()})) == "imported 4, skipped 0\n");
    for (const auto* key : {"binary", "text ä/1", "json", "ends"})
        BOOST_TEST(output(in_copy({"kv", "get", key})) == output({"kv", "get", key, "-w", "acme"}));
    BOOST_TEST(output(in_copy({"namespace", "import", file.string(), "--if-absent"})) == "imported 0, skipped 4\n");
    BOOST_TEST(output(in_copy({"kv", "list", "--quiet"})) == "binary\nends\njson\ntext ä/1\n");
}

BOOST_FIXTURE_TEST_CASE(a_quota_is_set_shown_and_held, CliNamespace) {
    BOOST_TEST(status({"namespace", "quota", "-w", "acme", "--keys", "1"}) == 0);
    BOOST_TEST(status({"kv", "put", "a", "1", "-w", "acme"}) == 0);
    const Finished refused = run({"kv", "put", "b", "1", "-w", "acme"});
    BOOST_TEST(refused.status == 4);
    BOOST_TEST(refused.output.find("QUOTA_EXCEEDED") != std::string::npos);
    const std::string shown = output({"namespace", "quota", "-w", "acme", "--json"});
    BOOST_TEST(shown.find("\"keys\":1") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(namespaces_are_listed_and_emptied, CliNamespace) {
    fill();
    run({"kv", "put", "k", "1", "-w", "acme", "--external", "tenant-7"});
    const std::string listed = output({"namespace", "list", "-w", "acme"});
    BOOST_TEST(listed.find("tenant-7") != std::string::npos);
    BOOST_TEST(listed.find("workspace") != std::string::npos);
    BOOST_TEST(status({"namespace", "empty", "-w", "acme", "--yes"}) == 0);
    BOOST_TEST(output({"kv", "list", "-w", "acme", "--quiet"}) == "");
    BOOST_TEST(output({"kv", "get", "k", "-w", "acme", "--external", "tenant-7"}) == "1");
}

BOOST_FIXTURE_TEST_CASE(a_namespace_is_reached_through_an_integration, CliNamespace) {
    run({"end-user", "create", "u", "-w", "acme"});
    run({"integration", "create", "kv-store", "-w", "acme"});
    BOOST_TEST(status({"kv", "put", "k", "of u", "-w", "acme", "--integration", "kv-store", "--end-user", "u"}) ==
               0);
    BOOST_TEST(output({"kv", "get", "k", "-w", "acme", "--end-user", "u"}) == "of u");
    BOOST_TEST(output({"namespace", "export", file.string(), "-w", "acme", "--integration", "kv-store",
                       "--end-user", "u"}) == "exported 1 keys\n");
    BOOST_TEST(status({"kv", "get", "k", "-w", "acme", "--integration", "kv-store"}) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

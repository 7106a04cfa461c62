// TLS: what other programs meet, and what is said about certificates that cannot be used.
#include "server/http/tls.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

// A certificate for localhost that is its own authority.
void make_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key,
                      const std::vector<std::string>& more = {"-nodes"}) {
    std::vector<std::string> arguments = {"/usr/bin/openssl",
                                          "req",
                                          "-x509",
                                          "-newkey",
                                          "ec",
                                          "-pkeyopt",
                                          "ec_paramgen_curve:P-256",
                                          "-keyout",
                                          key,
                                          "-out",
                                          certificate,
                                          "-days",
                                          "2",
                                          "-subj",
                                          "/CN=localhost",
                                          "-addext",
                                          "subjectAltName=DNS:localhost"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished finished = run_program(arguments);
    BOOST_REQUIRE_MESSAGE(finished.status == 0, finished.output);
}

struct Certificates {
    Certificates() {
        make_certificate(folder / "certificate.pem", folder / "key.pem");
        make_certificate(folder / "other.pem", folder / "other-key.pem");
    }

    // What is said about the two; the folder's name is left out.
    std::string complaint(const std::string& certificate, const std::string& key) const {
        try {
            const http::Certificate made((folder / certificate).string(), (folder / key).string());
        } catch (const std::exception& failure) {
            std::string text = failure.what();
            const std::string prefix = (folder / "").string();
            for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix))
                text.erase(at, prefix.size());
            return text;
        }
        return "ok";
    }

    TemporaryFolder folder;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls, Certificates)

BOOST_AUTO_TEST_CASE(clients_of_other_makers_are_served_through_tls) {
    const ServerProcess server(folder / "data", {},
                               {"--tls-certificate-file", (folder / "certificate.pem").string(), "--tls-key-file",
                                (folder / "key.pem").string(), "--server-header-timeout-seconds", "1"});
    const std::string url = "https://localhost:" + std::to_string(server.port());
    const std::string authority = (folder / "certificate.pem").string();
    const Environment client = {{"ALCOVE_URL", url}, {"ALCOVE_KEY", server.admin_key()}};
    const Finished created = run_program(
        {ALCOVE_BINARY, "workspace", "create", "acme", "--name", "Acme", "--ca-file", authority}, client);
    BOOST_TEST(created.status == 0, created.output);
    BOOST_TEST(run_program({ALCOVE_BINARY, "workspace", "list"}, client).status != 0);

    const Finished finished = run_program(
        {"/usr/bin/python3", std::string(ALCOVE_SOURCE) + "/tests/conformance/tls.py",
         std::to_string(server.port()), server.admin_key(), (folder / "").string(), std::to_string(server.pid())});
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST(finished.output.ends_with("done\n"));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_cannot_be_used_is_named_with_the_reason) {
    make_certificate(folder / "locked.pem", folder / "locked-key.pem", {"-passout", "pass:secret"});
    std::ofstream(folder / "junk.pem") << "no certificate\n";
    BOOST_TEST(complaint("certificate.pem", "key.pem") == "ok");
    BOOST_TEST(complaint("none.pem", "key.pem") ==
               "none.pem holds no certificate that can be used: No such file or directory");
    BOOST_TEST(complaint("junk.pem", "key.pem") == "junk.pem holds no certificate that can be used: no start line");
    BOOST_TEST(complaint("certificate.pem", "none.pem") ==
               "none.pem holds no key that fits certificate.pem: No such file or directory");
    BOOST_TEST(complaint("certificate.pem", "other-key.pem") ==
               "other-key.pem holds no key that fits certificate.pem: key values mismatch");
    BOOST_TEST(complaint("locked.pem", "locked-key.pem")
                   .starts_with("locked-key.pem holds no key that fits locked.pem: "));
}

BOOST_AUTO_TEST_CASE(without_tls_the_server_listens_on_loopback_alone_unless_told_otherwise) {
    const auto refusal = [this](const std::string& listen) {
        return run_program({ALCOVE_BINARY, "serve", "--data", (folder / "data").string(), "--listen", listen});
    };
    for (const char* listen : {"0.0.0.0:0", "[::]:0", "10.1.2.3:0"}) {
        const Finished refused = refusal(listen);
        BOOST_TEST(refused.status == 2);
        BOOST_TEST(refused.output.find("tls.certificate_file") != std::string::npos, refused.output);
    }
    BOOST_TEST(!std::filesystem::exists(folder / "data"));

    BackgroundProgram server({ALCOVE_BINARY, "serve", "--data", (folder / "data").string(), "--listen", "0.0.0.0:0",
                              "--server-allow-plain-http"});
    BOOST_TEST(server.word_after("listening on ").starts_with("http://0.0.0.0:"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace alcove::test

// Files as curl moves them: whole, resumed, in parts, and killed half-way, against a server of its own.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/files.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t content_bytes = 5'000'000;
constexpr const char* root_key = "alc_the-root-key-of-the-tests";

class CurlFixture {
public:
    CurlFixture() {
        write("content", content);
        curl({"-X", "POST", "-H", "Content-Type: application/json", "-d", R"({"name":"A","slug":"acme"})",
              base + "/api/v1/workspaces"});
    }

    // The status, and what curl writes to stdout before it.
    std::string curl(std::vector<std::string> arguments) {
        auto all = command();
        all.insert(all.end(), {"-w", "%{http_code}"});
        all.insert(all.end(), arguments.begin(), arguments.end());
        return run_program(all).output;
    }
    static std::vector<std::string> command() {
        return {"/usr/bin/curl", "-sS", "--max-time", "20", "-H", std::string("Authorization: Bearer ") + root_key};
    }

    void write(const std::string& name, std::string_view bytes) const {
        std::ofstream(folder / name, std::ios::binary) << bytes;
    }
    std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(folder / name, std::ios::binary).rdbuf();
        return text.str();
    }
    std::string path(const std::string& name) const { return (folder / name).string(); }

    TemporaryFolder folder;
    ServerProcess server{folder / "data", {{"ALCOVE_ROOT_KEY", root_key}}};
    const std::string base = "http://127.0.0.1:" + std::to_string(server.port());
    const std::string file = base + "/api/v1/workspaces/acme/files/f";
    const std::string content = content_of(1, content_bytes);
};

BOOST_FIXTURE_TEST_SUITE(files_curl, CurlFixture)

BOOST_AUTO_TEST_CASE(a_file_goes_up_and_comes_down) {
    BOOST_TEST(curl({"-T", path("content"), file}) == "201");
    BOOST_TEST(curl({"-T", path("content"), file}) == "204");
    BOOST_TEST(curl({"-o", path("copy"), file}) == "200");
    BOOST_TEST((read("copy") == content));
}

BOOST_AUTO_TEST_CASE(a_download_is_resumed) {
    curl({"-T", path("content"), file});
    write("copy", content.substr(0, 1'234'567));
    BOOST_TEST(curl({"-C", "-", "-o", path("copy"), file}) == "206");
    BOOST_TEST((read("copy") == content));
    // What is whole already is left as it is.
    curl({"-C", "-", "-o", path("copy"), file});
    BOOST_TEST((read("copy") == content));
}

BOOST_AUTO_TEST_CASE(parts_are_downloaded) {
    curl({"-T", path("content"), file});
    BOOST_TEST(curl({"--range", "100-199", "-o", path("part"), file}) == "206");
    BOOST_TEST((read("part") == content.substr(100, 100)));
    BOOST_TEST(curl({"--range", "-100", "-o", path("part"), file}) == "206");
    BOOST_TEST((read("part") == content.substr(content_bytes - 100)));
    BOOST_TEST(curl({"--range", "5000000-", "-o", path("part"), file}) == "416");
}

BOOST_AUTO_TEST_CASE(an_upload_from_a_pipe_has_no_length_and_is_whole) {
    auto arguments = command();
    arguments.insert(arguments.end(), {"-w", "%{http_code}", "-T", "-", file});
    BOOST_TEST(run_program_on(folder / "content", arguments).output == "201");
    BOOST_TEST(curl({"-o", path("copy"), file}) == "200");
    BOOST_TEST((read("copy") == content));
}

BOOST_AUTO_TEST_CASE(a_part_of_a_file_cannot_be_put) {
    curl({"-T", path("content"), file});
    const auto refused = curl({"-C", "1000000", "-T", path("content"), file});
    BOOST_TEST(refused.find("a file is put whole") != std::string::npos, refused);
    BOOST_TEST(refused.ends_with("400"), refused);
    curl({"-o", path("copy"), file});
    BOOST_TEST((read("copy") == content));
}

BOOST_AUTO_TEST_CASE(an_upload_killed_half_way_leaves_the_old_file_and_no_content) {
    write("other", content_of(2, content_bytes));
    curl({"-T", path("content"), file});
    const auto blobs = blobs_in(folder / "data");
    BOOST_TEST(blobs.size() == 1U);
    {
        auto arguments = command();
        arguments.insert(arguments.end(), {"--limit-rate", "2M", "-T", path("other"), file});
        BackgroundProgram upload(arguments);
        for (int i = 0; i < 500 && blobs_in(folder / "data").size() < 2; ++i)
            std::this_thread::sleep_for(10ms);
        BOOST_TEST(blobs_in(folder / "data").size() == 2U);
        upload.signal(SIGKILL);
        upload.wait();
    }
    for (int i = 0; i < 500 && blobs_in(folder / "data").size() > 1; ++i)
        std::this_thread::sleep_for(10ms);
    BOOST_TEST((blobs_in(folder / "data") == blobs));
    curl({"-o", path("copy"), file});
    BOOST_TEST((read("copy") == content));
}

// The next start finds what the one that was killed had begun.
BOOST_AUTO_TEST_CASE(a_server_killed_in_the_middle_of_an_upload_leaves_nothing_of_it) {
    write("other", content_of(2, content_bytes));
    curl({"-T", path("content"), file});
    auto arguments = command();
    arguments.insert(arguments.end(), {"--limit-rate", "2M", "-T", path("other"), file});
    BackgroundProgram upload(arguments);
    for (int i = 0; i < 500 && blobs_in(folder / "data").size() < 2; ++i)
        std::this_thread::sleep_for(10ms);
    server.signal(SIGKILL);
    server.wait();
    upload.wait();
    BOOST_TEST(blobs_in(folder / "data").size() == 2U);
    const ServerProcess again(folder / "data", {{"ALCOVE_ROOT_KEY", root_key}});
    for (int i = 0; i < 500 && blobs_in(folder / "data").size() > 1; ++i)
        std::this_thread::sleep_for(10ms);
    BOOST_TEST(blobs_in(folder / "data").size() == 1U);
    BOOST_TEST(curl({"-o", path("copy"),
                     "http://127.0.0.1:" + std::to_string(again.port()) + "/api/v1/workspaces/acme/files/f"}) ==
               "200");
    BOOST_TEST((read("copy") == content));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

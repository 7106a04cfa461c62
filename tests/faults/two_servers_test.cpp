// A data folder in use is nobody else's: a second server and the commands that need the folder to themselves
// refuse, and leave it as it is.
#include "tests/faults/fixture.hpp"

namespace alcove::test {
namespace {

// What lies in the folder, without what a server makes and removes as it goes.
std::vector<std::string> listing(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const auto path = entry.path();
        if (path.extension() != ".log" && path.extension() != ".tmp") names.push_back(path.string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

BOOST_FIXTURE_TEST_SUITE(folder_in_use, FaultsFixture)

BOOST_AUTO_TEST_CASE(whoever_comes_second_refuses_and_does_no_harm) {
    start_first();
    BOOST_TEST(put_file("a", content_of(1, 100'000)) == "201");
    const auto before = listing(data);
    const std::vector<std::vector<std::string>> seconds{
        {"serve", "--data", data.string(), "--listen", "127.0.0.1:0"},
        {"check", "--data", data.string()},
        {"key", "rotate-master", "--data", data.string()}};
    for (int round = 0; round < 3; ++round) {
        for (auto arguments : seconds) {
            arguments.insert(arguments.begin(), ALCOVE_BINARY);
            BOOST_TEST(put_until_refused(20, 20'000) == "201");
            const Finished second =
                run_program(arguments, {{"ALCOVE_ROOT_KEY", "alc_another-key-of-another-server"}});
            BOOST_TEST(second.status == 1);
            BOOST_TEST(second.output ==
                       "alcove: the data folder " + data.string() + " is in use by another server\n");
            BOOST_TEST(put_until_refused(20, 20'000) == "201");
        }
    }
    BOOST_TEST(lost() == "");
    BOOST_TEST(listing(data) == before, boost::test_tools::per_element());
    BOOST_TEST(kill() == 128 + SIGKILL);
    BOOST_TEST(problems() == "");
    start();  // with the first one's key
    BOOST_TEST(lost() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

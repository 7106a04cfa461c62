// Kills a process in the middle of its commits, over and over, and checks what the store then holds.
#include <boost/test/unit_test.hpp>
#include <optional>
#include <random>

#include "kv/lmdb/check.hpp"
#include "tests/crash/rounds.hpp"
#include "tests/crash/store_check.hpp"
#include "tests/crash/workload.hpp"
#include "tests/crash/writer_process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

using std::chrono::milliseconds;

// A store that grows without end would make the checks slow.
constexpr std::uint64_t rounds_per_store = 7;

BOOST_AUTO_TEST_SUITE(crash)

// ALCOVE_CRASH_ROUNDS for more rounds, ALCOVE_CRASH_SEED for another series.
BOOST_AUTO_TEST_CASE(a_killed_process_leaves_every_acknowledged_commit_whole) {
    const std::uint64_t rounds = from_environment("ALCOVE_CRASH_ROUNDS", 28);
    const std::uint64_t seed = from_environment("ALCOVE_CRASH_SEED", 1);
    std::mt19937_64 random(seed);
    std::optional<TemporaryFolder> folder;
    Acknowledged acknowledged;
    std::uint64_t commits = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        if (round % rounds_per_store == 0) {
            commits += acknowledged.commits;
            folder.emplace();
            acknowledged = {};
        }
        const bool during_recovery = random() % 5 == 0;
        const milliseconds life(during_recovery ? random() % 60 : 20 + random() % 350);
        const std::uint64_t round_seed = seed * 10'000 + round;
        const auto lines = run_writer_and_kill(*folder / "store", round_seed, life, during_recovery);
        acknowledged.add(round_seed, lines);
        // Now and then the next process recovers what a process that was killed had not brought into order.
        const bool last = round + 1 == rounds || (round + 1) % rounds_per_store == 0;
        if (!last && random() % 4 == 0) continue;
        BOOST_TEST_CONTEXT("seed " << seed << ", round " << round << ", killed after " << life.count() << " ms") {
            const auto options = workload_options(*folder / "store", round_seed);
            BOOST_TEST(kv::check_store(options).problems == std::vector<std::string>(),
                       boost::test_tools::per_element());
            const auto engine = kv::open_engine(options);
            check_store(*engine, *folder / "store", acknowledged);
        }
    }
    commits += acknowledged.commits;
    BOOST_TEST_MESSAGE(rounds << " crashes, " << commits << " acknowledged commits");
    BOOST_TEST(commits > rounds * 10);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

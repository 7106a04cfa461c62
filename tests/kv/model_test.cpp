// Random histories against a plain model in memory: every answer of the engine must be the model's.
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "tests/support/model_driver.hpp"

namespace alcove::test {
namespace {

// ALCOVE_MODEL_SEED runs one seed alone, ALCOVE_MODEL_OPERATIONS more operations per seed.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

BOOST_AUTO_TEST_SUITE(model)

BOOST_AUTO_TEST_CASE(random_histories_give_the_answers_of_the_model) {
    const std::uint64_t only = from_environment("ALCOVE_MODEL_SEED", 0);
    const std::uint64_t operations = from_environment("ALCOVE_MODEL_OPERATIONS", 10'000);
    constexpr std::uint64_t seeds = 16;
    std::size_t sum = 0;
    for (std::uint64_t seed = only ? only : 1; seed <= (only ? only : seeds); ++seed) {
        try {
            ModelDriver driver(seed, seed % 4 == 0 ? 128 << 10 : ModelDriver::history_unbounded);
            while (driver.operations() < operations)
                driver.step();
            driver.verify();
            sum += driver.operations();
            BOOST_TEST_MESSAGE("seed " << seed << ": " << driver.operations() << " operations, "
                                       << driver.expirations() << " expirations, " << driver.replays()
                                       << " replays, " << driver.drops() << " drops, " << driver.empties()
                                       << " empties, " << driver.quotas() << " quotas, " << driver.refusals()
                                       << " refusals, " << driver.reopenings() << " reopenings");
        } catch (const Difference& difference) {
            BOOST_ERROR(difference.what());
        }
    }
    BOOST_TEST((only || sum >= 100'000));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

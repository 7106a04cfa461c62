// What the store counts of its work.
#include <boost/test/unit_test.hpp>
#include <numeric>

#include "kv/store_metrics.hpp"
#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

std::uint64_t refused(const kv::StoreMetrics& metrics, kv::Errc why) {
    return metrics.refused[static_cast<std::size_t>(why)];
}

std::uint64_t values_of(const kv::Distribution& distribution) {
    return std::accumulate(distribution.counts.begin(), distribution.counts.end(), std::uint64_t{0});
}

constexpr std::array<std::uint64_t, 3> tens = {10, 20, 30};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics, StoreFixture)

BOOST_AUTO_TEST_CASE(a_bound_is_included_and_what_is_above_all_counts_last) {
    kv::Histogram<tens> histogram;
    for (const std::uint64_t value : {0, 10, 11, 30, 31, 1000})
        histogram.add(value);

    const auto read = histogram.read();
    BOOST_TEST(read.counts == (std::vector<std::uint64_t>{2, 1, 1, 2}), boost::test_tools::per_element());
    BOOST_TEST(read.sum == 1082U);
}

BOOST_AUTO_TEST_CASE(distributions_of_several_threads_add_up) {
    kv::Histogram<tens> one;
    kv::Histogram<tens> other;
    one.add(5);
    other.add(5);
    other.add(25);

    kv::Distribution sum;
    sum += one.read();
    sum += other.read();
    BOOST_TEST(sum.counts == (std::vector<std::uint64_t>{2, 0, 1, 0}), boost::test_tools::per_element());
    BOOST_TEST(sum.sum == 35U);
}

BOOST_AUTO_TEST_CASE(every_commit_is_counted_once_with_its_group_its_sync_and_its_time) {
    for (int i = 0; i < 5; ++i)
        commit({put("a", "1")});

    const auto metrics = store().metrics();
    BOOST_TEST(metrics.commits == 5U);
    BOOST_TEST(metrics.group_commits.sum == 5U);
    BOOST_TEST(values_of(metrics.group_commits) == 5U);
    BOOST_TEST(values_of(metrics.sync_ns) == 5U);
    BOOST_TEST(values_of(metrics.commit_ns) == 5U);
    BOOST_TEST(metrics.commit_ns.sum >= metrics.sync_ns.sum);
}

BOOST_AUTO_TEST_CASE(commits_that_come_together_share_a_sync) {
    std::vector<boost::asio::awaitable<kv::Result<kv::Committed>>> tasks;
    for (int i = 0; i < 200; ++i)
        tasks.push_back(store().commit(name, commit_of({put("k" + std::to_string(i), "x")})));
    run_all(std::move(tasks));

    const auto metrics = store().metrics();
    BOOST_TEST(metrics.group_commits.sum == 200U);
    BOOST_TEST(values_of(metrics.group_commits) < 100U);
    BOOST_TEST(values_of(metrics.commit_ns) == 200U);
}

BOOST_AUTO_TEST_CASE(refused_commits_are_told_apart_and_are_no_commits) {
    commit({put("a", "1")});
    commit({put("a", "2")}, {absent("a")});
    commit({put("a", "2")}, {absent("a")});
    commit({increment("a")});

    const auto metrics = store().metrics();
    BOOST_TEST(metrics.commits == 1U);
    BOOST_TEST(refused(metrics, kv::Errc::check_failed) == 2U);
    BOOST_TEST(refused(metrics, kv::Errc::type_mismatch) == 1U);
    BOOST_TEST(refused(metrics, kv::Errc::store_full) == 0U);
}

BOOST_AUTO_TEST_CASE(commits_that_found_the_queue_full_are_counted) {
    options.queued_commits_max = 8;
    std::vector<boost::asio::awaitable<kv::Result<kv::Committed>>> tasks;
    for (int i = 0; i < 200; ++i)
        tasks.push_back(store().commit(name, commit_of({put("k" + std::to_string(i), "x")})));
    const auto outcomes = run_all(std::move(tasks));

    const auto kept = std::ranges::count_if(outcomes, [](const auto& each) { return each.has_value(); });
    const auto metrics = store().metrics();
    BOOST_TEST(metrics.commits == static_cast<std::uint64_t>(kept));
    BOOST_TEST(refused(metrics, kv::Errc::overloaded) == 200U - metrics.commits);
}

BOOST_AUTO_TEST_CASE(keys_whose_time_has_come_are_counted) {
    commit({put("a", "1", kv::Expiry::after(1000)), put("b", "1", kv::Expiry::after(1000)), put("c", "1")});
    clock.advance(1000);
    commit({put("a", "2")});

    BOOST_TEST(eventually([&] { return usage().keys == 2; }));
    BOOST_TEST(store().metrics().expired_keys == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_applied_leaves_the_memory_for_the_index) {
    options.apply_interval = std::chrono::hours(1);
    const auto before = store().metrics();
    commit({put("a", std::string(100'000, 'x'))});
    const auto gathered = store().metrics();
    store().apply_now();
    const auto applied = store().metrics();

    BOOST_TEST(gathered.overlay_bytes > before.overlay_bytes + 100'000);
    BOOST_TEST(applied.overlay_bytes < gathered.overlay_bytes);
    BOOST_TEST(applied.map_used_bytes >= gathered.map_used_bytes + 100'000);
    BOOST_TEST(values_of(applied.apply_ns) == 1U);
    BOOST_TEST(applied.status.applied == applied.status.version);
}

BOOST_AUTO_TEST_CASE(room_is_measured_on_the_disk) {
    options.disk_free_bytes = [] { return std::uint64_t{12'345'678'900}; };
    options.map_bytes = std::uint64_t{8} << 20;
    options.disk_reserve_bytes = 4096;

    const auto metrics = store().metrics();
    BOOST_TEST(metrics.disk_free_bytes == 12'345'678'900U);
    BOOST_TEST(metrics.disk_reserve_bytes == 4096U);
    BOOST_TEST(metrics.map_limit_bytes == std::uint64_t{8} << 20);
    BOOST_TEST(metrics.log_bytes >= options.segment_bytes);
    close();
}

BOOST_AUTO_TEST_SUITE_END()

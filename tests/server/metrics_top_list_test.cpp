// The top list: never too low, bounded in memory, and of late.
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "server/metrics/busy_namespaces.hpp"
#include "server/metrics/top_list.hpp"
#include "tests/support/build.hpp"

namespace alcove::test {
namespace {

using metrics::BusyNamespaces;
using metrics::TopList;
using namespace std::chrono_literals;

template <class Key>
std::string print(const TopList<Key>& list) {
    std::map<Key, std::string> sorted;
    for (const auto& entry : list.entries())
        sorted[entry.key] = std::to_string(entry.count) + "-" + std::to_string(entry.error);
    std::string text;
    for (const auto& [key, count] : sorted)
        text.append(text.empty() ? "" : ", ").append(key).append(" ").append(count);
    return text;
}

class BusyFixture {
public:
    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
    BusyNamespaces busy{{.one_in = 1, .now = [this] { return now; }}};

    void ask(const kv::NamespaceName& name, int times) {
        for (int i = 0; i < times; ++i)
            busy.count(name);
    }
    // "a 2.50, b 1.00": subjects and requests per second.
    std::string top() {
        std::string text;
        for (const auto& [name, per_second] : busy.top()) {
            char rate[32];
            std::snprintf(rate, sizeof rate, " %.2f", per_second);
            text.append(text.empty() ? "" : ", ").append(name.subject).append(rate);
        }
        return text;
    }
};

BOOST_AUTO_TEST_SUITE(metrics_top_list)

BOOST_AUTO_TEST_CASE(few_are_counted_exactly) {
    TopList<std::string> list(3);
    for (const auto* key : {"a", "b", "a", "c", "a", "b"})
        list.add(key);
    BOOST_TEST(print(list) == "a 3-0, b 2-0, c 1-0");
}

BOOST_AUTO_TEST_CASE(a_newcomer_takes_over_the_lowest_count_as_its_error) {
    TopList<std::string> list(2);
    for (const auto* key : {"a", "a", "b", "c"})
        list.add(key);
    BOOST_TEST(print(list) == "a 2-0, c 2-1");
}

// What the paper promises, against the truth, for streams of every skew.
BOOST_AUTO_TEST_CASE(whoever_occurs_often_is_there_and_no_count_is_further_off_than_its_error) {
    std::mt19937 random(7);
    for (const double skew : {0.3, 1.0, 3.0}) {
        constexpr std::size_t entries_max = 20;
        constexpr std::uint64_t length = 20'000;
        TopList<int> list(entries_max);
        std::map<int, std::uint64_t> truth;
        for (std::uint64_t i = 0; i < length; ++i) {
            const int key = static_cast<int>(std::exponential_distribution<double>(skew)(random) * 10);
            list.add(key);
            ++truth[key];
        }
        BOOST_TEST(list.entries().size() <= entries_max);
        for (const auto& [key, count, error] : list.entries()) {
            BOOST_TEST(count >= truth[key]);
            BOOST_TEST(count - error <= truth[key]);
            BOOST_TEST(error <= length / entries_max);
            truth.erase(key);
        }
        for (const auto& [key, count] : truth)
            BOOST_TEST(count <= length / entries_max, key);
    }
}

BOOST_FIXTURE_TEST_CASE(the_busiest_come_first_with_their_rate, BusyFixture) {
    now += 10s;
    ask(external_namespace("a"), 10);
    ask(external_namespace("b"), 25);
    BOOST_TEST(top() == "b 2.50, a 1.00");
}

BOOST_FIXTURE_TEST_CASE(what_was_before_the_last_window_does_not_count, BusyFixture) {
    ask(external_namespace("a"), 6000);
    now += 60s;
    ask(external_namespace("b"), 600);
    now += 30s;
    BOOST_TEST(top() == "a 66.67, b 6.67");
    now += 30s;
    BOOST_TEST(top() == "b 10.00");
    now += 60s;
    BOOST_TEST(top() == "");
}

BOOST_FIXTURE_TEST_CASE(threads_add_up, BusyFixture) {
    now += 10s;
    ask(external_namespace("a"), 10);
    std::thread([this] { ask(external_namespace("a"), 30); }).join();
    BOOST_TEST(top() == "a 4.00");
}

BOOST_FIXTURE_TEST_CASE(any_number_of_names_takes_the_room_of_some, BusyFixture) {
    for (int i = 0; i < 5000; ++i)
        busy.count(external_namespace(std::to_string(i)));
    ask(external_namespace("busy"), 1000);
    BOOST_TEST(busy.top().size() == metrics::limits::busy_namespaces_max);
    BOOST_TEST(busy.top().front().name.subject == "busy");
}

// By default one request in some is looked at; over many the estimate is close.
BOOST_AUTO_TEST_CASE(a_sample_stands_for_all) {
    auto now = std::chrono::steady_clock::now();
    BusyNamespaces busy({.now = [&now] { return now; }});
    for (int i = 0; i < 160'000; ++i)
        busy.count(external_namespace("a"));
    now += 10s;
    BOOST_TEST(busy.top().front().requests_per_second > 14'000);
    BOOST_TEST(busy.top().front().requests_per_second < 18'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

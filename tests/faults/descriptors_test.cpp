// A server without a descriptor to spare: it waits for some, without haste, and what it holds stays whole.
#include <sys/resource.h>

#include "tests/faults/fixture.hpp"

namespace alcove::test {
namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

class DescriptorsFixture : public FaultsFixture {
public:
    DescriptorsFixture() {
        start_first();
        BOOST_TEST(put_until_refused(20, 1000) == "201");
        BOOST_TEST(put_file("a", content_of(1, 300'000)) == "201");
    }

    // The server can open so many more than it needs when nothing happens. The limit is one of numbers, and some
    // below the highest may be free.
    void leave(int more) {
        std::set<int> used = descriptors();
        for (int i = 0; i < 20; ++i) {
            std::this_thread::sleep_for(10ms);
            auto now = descriptors();
            if (now.size() < used.size()) used = std::move(now);
        }
        int number = 0;
        while (used.contains(number) || more-- > 0)
            ++number;
        limit_to(static_cast<rlim_t>(number));
    }
    void leave_many() { limit_to(1024); }

    void check_rest() {
        BOOST_TEST(lost() == "");
        BOOST_TEST(put_until_refused(100, 60'000) == "201");
        BOOST_TEST(stop() == 0);
        BOOST_TEST(problems() == "");
        start();
        BOOST_TEST(lost() == "");
    }

private:
    void limit_to(rlim_t number) {
        rlimit limit{};
        BOOST_REQUIRE(::prlimit(server().pid(), RLIMIT_NOFILE, nullptr, &limit) == 0);
        limit.rlim_cur = number;
        BOOST_REQUIRE(::prlimit(server().pid(), RLIMIT_NOFILE, &limit, nullptr) == 0);
    }
};

// A sanitizer needs descriptors of its own and ends the process when it gets none.
BOOST_FIXTURE_TEST_SUITE(descriptors_used_up, DescriptorsFixture, *boost::unit_test::enable_if<!sanitized>())

BOOST_AUTO_TEST_CASE(connections_wait_until_others_go_and_nothing_spins) {
    leave(10);
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (int i = 0; i < 30; ++i)
        clients.push_back(std::make_unique<HttpClient>(server().port()));
    const auto before = busy();
    std::this_thread::sleep_for(2s);
    BOOST_TEST((busy() - before < 300ms));
    BOOST_TEST(put("k", "v") == "201");  // on a connection from before

    clients.erase(clients.begin(), clients.begin() + 20);

    for (const auto& client : clients)
        BOOST_TEST(client->send("GET", "/healthz").status == 200U);
    clients.clear();
    leave_many();
    check_rest();
}

BOOST_AUTO_TEST_CASE(files_fail_alone_and_their_former_content_stays) {
    leave(0);
    BOOST_TEST(put_file("a", content_of(2, 300'000)) == "503 OVERLOADED");
    BOOST_TEST(put_file("small", "small content") == "201");
    BOOST_TEST(outcome("GET", acme + "/files/a") == "503 OVERLOADED");
    BOOST_TEST(put("k", "v") == "201");
    leave(1);  // for the content, and none for its folder
    BOOST_TEST(outcome("GET", acme + "/files/a") == "200");
    put_file("a", content_of(3, 300'000));
    leave_many();
    check_rest();
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_begin_a_segment_refuses_and_goes_on_later) {
    leave(0);
    BOOST_TEST(put_until_refused(200, 60'000) == "507 STORE_FULL");
    BOOST_TEST(outcome("GET", "/healthz") == "200");
    BOOST_TEST(lost() == "/api/v1/workspaces/acme/files/a is 503\n");
    leave_many();
    BOOST_TEST(eventually([&] { return put_until_refused(1, 1) == "201"; }));
    check_rest();
}

BOOST_AUTO_TEST_CASE(a_server_takes_as_many_as_it_may_have) {
    rlimit mine{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &mine) == 0);
    const rlimit few{.rlim_cur = 64, .rlim_max = mine.rlim_max};
    BOOST_TEST(stop() == 0);
    ::setrlimit(RLIMIT_NOFILE, &few);
    start();
    ::setrlimit(RLIMIT_NOFILE, &mine);
    rlimit its{};
    BOOST_REQUIRE(::prlimit(server().pid(), RLIMIT_NOFILE, nullptr, &its) == 0);
    BOOST_TEST(its.rlim_cur == mine.rlim_max);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

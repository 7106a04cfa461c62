// Webhooks on real connections: what goes out, and that many do at once.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <future>
#include <set>
#include <thread>

#include "tests/server/webhooks_fixture.hpp"

namespace alcove::test {
namespace {

using namespace webhooks;

CustomHeaders headers(std::vector<CustomHeader> list) {
    return CustomHeaders::parse(std::move(list)).value();
}

// The bodies in the order in which they came.
std::string bodies(const Receiver& receiver) {
    std::string text;
    for (const ReceivedRequest& request : receiver.requests())
        text += request.body + " ";
    return text;
}

std::size_t connections(const Receiver& receiver) {
    std::set<std::size_t> different;
    for (const ReceivedRequest& request : receiver.requests())
        different.insert(request.connection);
    return different.size();
}

BOOST_FIXTURE_TEST_SUITE(webhooks_sender, WebhooksFixture)

BOOST_AUTO_TEST_CASE(a_delivery_is_a_signed_post_of_json) {
    const auto outcome = send(delivery_to(receiver.url("/a/../b?c=d%20e"), R"({"type":"x"})"));
    BOOST_TEST(text(outcome) == "200");
    BOOST_TEST(outcome.duration.count() >= 0);
    BOOST_TEST_REQUIRE(receiver.requests().size() == 1U);
    const ReceivedRequest request = receiver.requests().front();
    BOOST_TEST(request.method == "POST");
    BOOST_TEST(request.target == "/a/../b?c=d%20e");
    BOOST_TEST(request.body == R"({"type":"x"})");
    BOOST_TEST(request.header("host") == "127.0.0.1:" + std::to_string(receiver.port()));
    BOOST_TEST(request.header("content-type") == "application/json");
    BOOST_TEST(request.header("content-length") == "12");
    BOOST_TEST(request.header("user-agent").starts_with("alcove/"));
    BOOST_TEST(request.header("webhook-id") == "evt_1");
    BOOST_TEST(request.header("webhook-timestamp") == "1700000000");
    BOOST_TEST(request.header("webhook-signature") == sign(secret, "evt_1", 1'700'000'000, request.body));
    BOOST_TEST(!request.headers.contains("expect"));
}

BOOST_AUTO_TEST_CASE(every_secret_signs) {
    auto what = delivery();
    what.secrets = {secret, WebhookSecret::make()};
    send(what);
    const auto signatures = receiver.requests().at(0).header("webhook-signature");
    BOOST_TEST(signatures == sign_with_all(what.secrets, what.id, what.timestamp_s, what.body));
    what.secrets.clear();
    send(what);
    BOOST_TEST(!receiver.requests().at(1).headers.contains("webhook-signature"));
}

BOOST_AUTO_TEST_CASE(headers_of_the_receiver_are_sent_empty_ones_too) {
    auto what = delivery();
    what.headers = headers({{"Authorization", "Bearer a b"}, {"X-Empty", ""}, {"Accept", "text/plain"}});
    send(what);
    const ReceivedRequest request = receiver.requests().at(0);
    BOOST_TEST(request.header("authorization") == "Bearer a b");
    BOOST_TEST(request.headers.contains("x-empty"));
    BOOST_TEST(request.header("x-empty") == "");
    BOOST_TEST(request.header("accept") == "text/plain");
}

BOOST_AUTO_TEST_CASE(a_body_of_a_megabyte_arrives_whole) {
    const std::string body = '"' + std::string(std::size_t{1} << 20, 'a') + '"';
    BOOST_TEST(text(send(delivery(body))) == "200");
    BOOST_TEST((receiver.requests().at(0).body == body));
    BOOST_TEST(text(send(delivery(""))) == "200");
    BOOST_TEST(receiver.requests().at(1).header("content-length") == "0");
}

BOOST_AUTO_TEST_CASE(a_connection_is_used_again) {
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(text(send(delivery())) == "200");
    BOOST_TEST(connections(receiver) == 1U);
}

BOOST_AUTO_TEST_CASE(a_receiver_that_was_restarted_is_connected_to_anew) {
    send(delivery());
    receiver.stop();
    receiver.start();
    BOOST_TEST(text(send(delivery())) == "200");
    BOOST_TEST(receiver.requests().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_that_closes_is_replaced_once) {
    send(delivery());
    receiver.answer_with([](const ReceivedRequest& request) {
        return ReceiverReply{.ending = request.connection == 1 ? ReceiverReply::Ending::close
                                                               : ReceiverReply::Ending::whole};
    });
    BOOST_TEST(text(send(delivery("again"))) == "200");
    BOOST_TEST(bodies(receiver) == "{} again again ");
}

BOOST_AUTO_TEST_CASE(proxies_of_the_environment_are_not_used) {
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    ::setenv("all_proxy", "http://127.0.0.1:1", 1);
    const auto outcome = send(delivery());
    ::unsetenv("http_proxy");
    ::unsetenv("all_proxy");
    BOOST_TEST(text(outcome) == "200");
}

BOOST_AUTO_TEST_CASE(a_caller_goes_on_on_its_own_thread) {
    const auto body = [this]() -> asio::awaitable<bool> {
        const auto before = std::this_thread::get_id();
        auto outcome = co_await sender.send(delivery());
        co_return outcome.delivered() && std::this_thread::get_id() == before;
    };
    BOOST_TEST(run(body()));
}

BOOST_AUTO_TEST_CASE(no_more_go_out_at_once_than_may) {
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.delay = 10ms}; });
    Sender narrow({.allow_private_targets = true, .timeout = 20'000ms, .concurrency_max = 4});
    std::vector<asio::awaitable<SendOutcome>> sends;
    for (int i = 0; i < 40; ++i)
        sends.push_back(narrow.send(delivery_of(std::to_string(i), receiver.url())));
    for (const SendOutcome& outcome : run_all(std::move(sends)))
        BOOST_TEST(text(outcome) == "200");
    BOOST_TEST(receiver.requests().size() == 40U);
    BOOST_TEST(connections(receiver) <= 4U);
}

BOOST_AUTO_TEST_CASE(who_came_first_is_sent_first) {
    Sender single({.allow_private_targets = true, .timeout = 20'000ms, .concurrency_max = 1});
    std::vector<asio::awaitable<SendOutcome>> sends;
    for (int i = 0; i < 9; ++i)
        sends.push_back(single.send(delivery(std::to_string(i))));
    run_all(std::move(sends));
    BOOST_TEST(bodies(receiver) == "0 1 2 3 4 5 6 7 8 ");
}

BOOST_AUTO_TEST_CASE(a_group_of_slow_receivers_holds_up_no_other) {
    Receiver hanging([](const ReceivedRequest&) { return ReceiverReply{.ending = ReceiverReply::Ending::silent}; });
    auto narrow = std::make_unique<Sender>(
        SenderOptions{.allow_private_targets = true, .timeout = 60'000ms, .concurrency_max = 4});
    std::vector<asio::awaitable<SendOutcome>> tasks;
    for (int i = 0; i < 8; ++i)
        tasks.push_back(narrow->send(delivery_of("slow", hanging.url())));
    const auto send_other = [&]() -> asio::awaitable<SendOutcome> {
        BOOST_TEST(hanging.wait_for(1));
        auto outcome = co_await narrow->send(delivery_of("other", receiver.url()));
        narrow.reset();
        co_return outcome;
    };
    tasks.push_back(send_other());
    const auto outcomes = run_all(std::move(tasks));
    BOOST_TEST(text(outcomes.back()) == "200");
    BOOST_TEST(hanging.requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(threads_send_side_by_side) {
    asio::thread_pool pool(4);
    Sender shared(open_options);
    std::vector<std::future<SendOutcome>> outcomes;
    for (int i = 0; i < 100; ++i)
        outcomes.push_back(asio::co_spawn(pool, shared.send(delivery()), asio::use_future));
    for (auto& outcome : outcomes)
        BOOST_TEST(text(outcome.get()) == "200");
    BOOST_TEST(receiver.requests().size() == 100U);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_sender_is_told_to_all_who_wait) {
    receiver.answer_with(
        [](const ReceivedRequest&) { return ReceiverReply{.ending = ReceiverReply::Ending::silent}; });
    auto ending = std::make_unique<Sender>(
        SenderOptions{.allow_private_targets = true, .timeout = 60'000ms, .concurrency_max = 2});
    std::vector<asio::awaitable<SendOutcome>> tasks;
    for (const auto* group : {"a", "b", "a", "b", "c"})
        tasks.push_back(ending->send(delivery_of(group, receiver.url())));
    const auto end = [&]() -> asio::awaitable<SendOutcome> {
        const bool both_are_there = receiver.wait_for(2);
        ending.reset();
        co_return SendOutcome{.error = both_are_there ? "the server stops" : "nothing came", .is_ours = true};
    };
    tasks.push_back(end());
    for (const SendOutcome& outcome : run_all(std::move(tasks))) {
        BOOST_TEST(text(outcome) == "0 the server stops");
        BOOST_TEST(outcome.is_ours);
    }
    BOOST_TEST(receiver.requests().size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_cannot_wait_fails_at_once) {
    receiver.answer_with(
        [](const ReceivedRequest&) { return ReceiverReply{.ending = ReceiverReply::Ending::silent}; });
    auto single = std::make_unique<Sender>(
        SenderOptions{.allow_private_targets = true, .timeout = 60'000ms, .concurrency_max = 1});
    const std::string large(std::size_t{33} << 20, ' ');  // two of them are too much
    const auto wait = [&]() -> asio::awaitable<SendOutcome> {
        co_return SendOutcome{.status = receiver.wait_for(1) ? 200U : 0U};
    };
    const auto end = [&]() -> asio::awaitable<SendOutcome> {
        single.reset();
        co_return SendOutcome{};
    };
    std::vector<asio::awaitable<SendOutcome>> tasks;
    tasks.push_back(single->send(delivery()));
    tasks.push_back(wait());
    tasks.push_back(single->send(delivery(large)));
    tasks.push_back(single->send(delivery(large)));
    tasks.push_back(end());
    const auto outcomes = run_all(std::move(tasks));
    BOOST_TEST(text(outcomes[1]) == "200");
    BOOST_TEST(text(outcomes[2]) == "0 the server stops");
    BOOST_TEST(text(outcomes[3]) == "0 too many webhooks wait to be sent");
    BOOST_TEST(outcomes[3].is_ours);
}

BOOST_AUTO_TEST_CASE(who_waits_alone_of_its_group_always_may) {
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.delay = 100ms}; });
    Sender full({.allow_private_targets = true, .timeout = 20'000ms, .concurrency_max = 1, .waiting_max = 1});
    std::vector<asio::awaitable<SendOutcome>> sends;
    for (const auto* group : {"a", "b", "b", "c"})
        sends.push_back(full.send(delivery_of(group, receiver.url())));
    std::string outcomes;
    for (const SendOutcome& outcome : run_all(std::move(sends)))
        outcomes += text(outcome) + ", ";
    BOOST_TEST(outcomes == "200, 200, 0 too many webhooks wait to be sent, 200, ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

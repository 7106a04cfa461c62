// /metrics: counts that are exact, bounded in number, and for those alone who may see them.
#include <boost/test/unit_test.hpp>

#include "tests/server/watch_fixture.hpp"
#include "tests/server/webhooks_delivery_fixture.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/process.hpp"

namespace alcove::test {
namespace {

constexpr const char* kv_route = "/api/v1/workspaces/{workspace}/kv/{key...}";

// `name{method="GET",route="…",status="200"}`; without a status when there is none.
std::string sample(const std::string& name, const std::string& method, const std::string& route,
                   const std::string& status = {}) {
    return name + "{method=\"" + method + "\",route=\"" + route + "\"" +
           (status.empty() ? "" : ",status=\"" + status + "\"") + "}";
}
std::string requests(const std::string& method, const std::string& route, const std::string& status) {
    return sample("alcove_http_requests_total", method, route, status);
}

// A request that came from somewhere else, as far as the service can tell.
class StrangersExchange final : public http::Exchange {
public:
    StrangersExchange() {
        request.method = http::Method::get;
        request.path = request.target = "/metrics";
        request.remote = "203.0.113.7:51234";
        connection_state = &state_;
    }
    http::asio::awaitable<boost::system::result<std::string_view, http::BodyError>> read_body(
        std::size_t) override {
        co_return std::string_view();
    }
    http::asio::awaitable<boost::system::result<std::string_view, http::BodyError>> read_some(
        std::uint64_t) override {
        co_return std::string_view();
    }
    bool has_body() const override { return false; }

private:
    std::unique_ptr<http::ConnectionState> state_;
};

class MetricsFixture : public WatchFixture {
public:
    MetricsText metrics() { return MetricsText(send_as("GET", "/metrics").body); }
};

BOOST_FIXTURE_TEST_SUITE(metrics, MetricsFixture)

BOOST_AUTO_TEST_CASE(requests_are_counted_exactly_by_method_route_and_status) {
    send("PUT", kv + "/a", "1");
    send("PUT", kv + "/a", "2");
    send("GET", kv + "/a");
    send("HEAD", kv + "/a");
    send("GET", kv + "/b");
    send("GET", kv + "/b/c%2Fd");
    send_as("GET", kv + "/a");
    send("POST", kv + "/a", R"({"op":"increment","by":1})", {{"Content-Type", "application/json"}});

    const auto all = metrics();
    BOOST_TEST(all[requests("PUT", kv_route, "201")] == "1");
    BOOST_TEST(all[requests("PUT", kv_route, "204")] == "1");
    BOOST_TEST(all[requests("GET", kv_route, "200")] == "2");  // HEAD goes where GET goes
    BOOST_TEST(all[requests("GET", kv_route, "404")] == "2");
    BOOST_TEST(all[requests("GET", kv_route, "401")] == "1");
    BOOST_TEST(all[requests("POST", kv_route, "409")] == "1");
    BOOST_TEST(all.count("alcove_http_requests_total{method=\"GET\",route=\"" + std::string(kv_route)) == 3U);
}

BOOST_AUTO_TEST_CASE(every_timed_request_is_in_one_bucket) {
    for (int i = 0; i < 7; ++i)
        send("GET", kv + "/a");

    const auto all = metrics();
    const std::string name = "alcove_http_request_duration_seconds";
    BOOST_TEST(all[sample(name + "_count", "GET", kv_route)] == "7");
    BOOST_TEST(all.number(sample(name + "_sum", "GET", kv_route)) > 0);
    BOOST_TEST(all.number(sample(name + "_sum", "GET", kv_route)) < 7);
    const auto labels = "{method=\"GET\",route=\"" + std::string(kv_route) + "\",le=\"";
    BOOST_TEST(all[name + "_bucket" + labels + "+Inf\"}"] == "7");
    BOOST_TEST(all.count(name + "_bucket" + labels) == kv::duration_bounds_ns.size() + 1);
}

BOOST_AUTO_TEST_CASE(bodies_of_answers_add_up) {
    send("PUT", kv + "/a", std::string(1000, 'x'));
    send("GET", kv + "/a");
    send("GET", kv + "/a");
    send("HEAD", kv + "/a");

    BOOST_TEST(metrics()[sample("alcove_http_response_body_bytes_total", "GET", kv_route)] == "2000");
}

BOOST_AUTO_TEST_CASE(whatever_is_asked_for_there_are_no_more_series) {
    const auto ask = [this](int round) {
        for (int i = 0; i < 50; ++i) {
            const auto unlike = std::to_string(round) + "-" + std::to_string(i);
            send("GET", "/" + unlike);
            send("GET", "/api/v1/workspaces/" + unlike + "/kv/" + unlike);
            send("GET", ns + "/external/" + unlike + "/kv/" + unlike);
            send("BREW" + std::to_string(i), "/healthz");
        }
    };
    ask(1);
    metrics();
    const auto before = metrics();
    ask(2);
    const auto after = metrics();

    BOOST_TEST(after.size() == before.size());
    BOOST_TEST(after[requests("any", "none", "404")] == "100");
    BOOST_TEST(after[requests("any", "none", "405")] == "100");
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_is_counted_with_its_route) {
    send("PUT", ns + "/files/a", std::string(100'000, 'x'));
    std::filesystem::remove_all(data() / "blobs");
    BOOST_TEST(send("GET", ns + "/files/a").status == 500U);

    BOOST_TEST(metrics()[requests("GET", "/api/v1/workspaces/{workspace}/files/{path...}", "500")] == "1");
}

BOOST_AUTO_TEST_CASE(a_long_poll_is_counted_and_not_timed) {
    BOOST_TEST(send("GET", kv + "/a?wait=0.05").status == 404U);
    send("GET", kv + "/a");

    const auto all = metrics();
    BOOST_TEST(all[requests("GET", kv_route, "404")] == "2");
    BOOST_TEST(all[sample("alcove_http_request_duration_seconds_count", "GET", kv_route)] == "1");
    BOOST_TEST(all["alcove_watch_connections{transport=\"long_poll\"}"] == "0");
}

BOOST_AUTO_TEST_CASE(connections_are_counted_while_they_are_open) {
    const auto before = metrics();
    const auto open = before.number("alcove_http_connections");
    {
        HttpClient other(port());
        other.send("GET", "/healthz");
        BOOST_TEST(metrics().number("alcove_http_connections") == open + 1);
    }
    BOOST_TEST(eventually([&] { return metrics().number("alcove_http_connections") == open; }));
    BOOST_TEST(metrics().number("alcove_http_connections_accepted_total") ==
               before.number("alcove_http_connections_accepted_total") + 1);
}

BOOST_AUTO_TEST_CASE(commits_are_those_of_the_store) {
    const auto before = metrics();
    send("PUT", kv + "/a", "1");
    send("PUT", kv + "/a", "2", {{"If-None-Match", "*"}});
    const auto after = metrics();

    BOOST_TEST(after.number("alcove_commits_total") == before.number("alcove_commits_total") + 1);
    BOOST_TEST(after["alcove_commits_refused_total{reason=\"check_failed\"}"] == "1");
    BOOST_TEST(after.number("alcove_commit_group_size_sum") == after.number("alcove_commits_total"));
    BOOST_TEST(after.number("alcove_store_version{commit=\"durable\"}") == store().status().version);
    BOOST_TEST(after["alcove_commit_queue_depth"] == "0");
}

BOOST_AUTO_TEST_CASE(readiness_is_a_metric) {
    BOOST_TEST(metrics()["alcove_ready{check=\"shutdown\"}"] == "1");
    app().leave();
    BOOST_TEST(metrics()["alcove_ready{check=\"shutdown\"}"] == "0");
    BOOST_TEST(metrics()["alcove_ready{check=\"store\"}"] == "1");
}

BOOST_AUTO_TEST_CASE(watches_are_counted_while_they_are_there_and_events_when_they_are_told) {
    {
        auto socket = watch();
        SseReader stream(port(), target_of(""), bearer(key));
        BOOST_TEST(stream.next().event == "ok");
        transact({put_op("a", "1"), put_op("b", "1")});
        BOOST_TEST(socket.events(2).size() == 2U);
        BOOST_TEST(stream.next_told().event == "events");

        const auto open = metrics();
        BOOST_TEST(open["alcove_watch_connections{transport=\"websocket\"}"] == "1");
        BOOST_TEST(open["alcove_watch_connections{transport=\"event_stream\"}"] == "1");
        BOOST_TEST(open["alcove_watches"] == "2");
        BOOST_TEST(open["alcove_watch_events_total"] == "4");
        BOOST_TEST(open["alcove_watches_behind"] == "0");
    }
    BOOST_TEST(eventually([this] { return metrics()["alcove_watches"] == "0"; }));
    const auto over = metrics();
    BOOST_TEST(over["alcove_watch_connections{transport=\"websocket\"}"] == "0");
    BOOST_TEST(over["alcove_watch_connections{transport=\"event_stream\"}"] == "0");
    BOOST_TEST(over["alcove_watch_events_total"] == "4");
    const std::string route = "/api/v1/workspaces/{workspace}/watch";
    BOOST_TEST(over[requests("GET", route, "101")] == "1");
    BOOST_TEST(over[requests("GET", route, "200")] == "1");
    BOOST_TEST(over[sample("alcove_http_request_duration_seconds_count", "GET", route)] == "0");
}

BOOST_AUTO_TEST_CASE(a_watch_whose_client_takes_nothing_is_behind_until_it_does) {
    auto slow = watch("values=true");
    const std::string value = quoted(std::string(900'000, 'x'));
    constexpr std::size_t writes = 30;  // more than the system keeps for a connection
    for (std::size_t i = 0; i < writes; ++i)
        put("a", value);

    const auto behind = metrics();
    BOOST_TEST(behind["alcove_watches_behind"] == "1");
    BOOST_TEST(behind.number("alcove_watch_lag_versions") > 0);
    BOOST_TEST(behind.number("alcove_watch_lag_versions") < writes);
    BOOST_TEST(slow.events(writes).size() == writes);
    BOOST_TEST(metrics()["alcove_watches_behind"] == "0");
    BOOST_TEST(metrics()["alcove_watch_lag_versions"] == "0");
}

BOOST_AUTO_TEST_CASE(resets_are_counted_by_why) {
    auto socket = watch();
    put("a", "1");
    BOOST_TEST(socket.events(1).size() == 1U);
    send("DELETE", ns + "/data");
    BOOST_TEST(socket.next().type == "reset");

    BOOST_TEST(metrics()["alcove_watch_resets_total{reason=\"emptied\"}"] == "1");
    BOOST_TEST(metrics()["alcove_watch_resets_total{reason=\"compacted\"}"] == "0");
}

BOOST_AUTO_TEST_CASE(the_process_is_looked_at) {
    const auto all = metrics();
    BOOST_TEST(all.number("process_resident_memory_bytes") > 1e6);
    BOOST_TEST(all.number("process_cpu_seconds_total") > 0);
    BOOST_TEST(all.number("process_open_fds") > 5);
    BOOST_TEST(all.number("process_max_fds") >= all.number("process_open_fds"));
    BOOST_TEST(all.number("process_start_time_seconds") > 1.6e9);
    BOOST_TEST(all.number("process_threads") > 1);
}

BOOST_AUTO_TEST_CASE(the_busiest_namespaces_come_first_and_their_subjects_stay_out_of_metrics) {
    for (int i = 0; i < 600; ++i)
        send("GET", ns + "/external/secret-tenant/kv/a");
    for (int i = 0; i < 60; ++i)
        send("GET", ns + "/end-users/u/kv/a");

    const auto reply = send("GET", "/api/v1/namespaces/busiest");
    BOOST_TEST(reply.status == 200U);
    BOOST_TEST(member(reply.body, "scope") == "external");
    BOOST_TEST(member(reply.body, "subject") == "secret-tenant");
    BOOST_TEST(member(reply.body, "workspaceId") == workspace_id);
    const auto text = send_as("GET", "/metrics").body;
    BOOST_TEST(text.find("secret-tenant") == std::string::npos);
    BOOST_TEST(MetricsText(text).number("alcove_busiest_namespaces_requests_per_second{workspace=\"" +
                                        workspace_id + "\",scope=\"external\"}") > 0);
}

BOOST_AUTO_TEST_CASE(only_an_admin_sees_the_busiest_namespaces_and_only_those_that_the_key_reaches) {
    const auto other = create_workspace("other");
    const auto key_of = [this](const std::string& rest) {
        return "Bearer " +
               member(send("POST", "/api/v1/api-keys", "{\"name\":\"k\"," + rest + "}").body, "plainKey");
    };
    const auto reader = key_of(R"("permissions":["kv:read"])");
    const auto limited = key_of(R"("permissions":["admin"],"workspaceIds":[")" + other + "\"]");
    for (int i = 0; i < 100; ++i)
        send("GET", kv + "/a");

    const std::string path = "/api/v1/namespaces/busiest";
    BOOST_TEST(send("GET", path, {}, {{"Authorization", reader}}).status == 403U);
    BOOST_TEST(send("GET", path, {}, {{"Authorization", limited}}).text() == "200 {\"namespaces\":[]}");
    BOOST_TEST(member(send("GET", path).body, "workspaceId") == workspace_id);
}

BOOST_AUTO_TEST_CASE(without_a_token_only_this_machine_may_ask) {
    BOOST_TEST(send_as("GET", "/metrics").status == 200U);
    BOOST_TEST(send_as("GET", "/metrics").header("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    for (const std::string remote : {"203.0.113.7:51234", "[2001:db8::1]:80", "[::ffff:203.0.113.7]:80"}) {
        StrangersExchange exchange;
        exchange.request.remote = remote;
        run(app().serve(exchange));
        BOOST_TEST(exchange.response.status == 403U, remote);
    }
    for (const std::string remote : {"127.0.0.5:51234", "[::1]:80", "[::ffff:127.0.0.1]:80"}) {
        StrangersExchange exchange;
        exchange.request.remote = remote;
        run(app().serve(exchange));
        BOOST_TEST(exchange.response.status == 200U, remote);
    }
}

BOOST_AUTO_TEST_CASE(a_token_is_asked_of_everybody) {
    close();
    settings.metrics.token = "sixteen-or-more-letters";
    open();
    const auto status_with = [this](const std::string& authorization) {
        return send_as("GET", "/metrics", {}, {{"Authorization", authorization}}).status;
    };
    BOOST_TEST(send_as("GET", "/metrics").status == 401U);
    BOOST_TEST(status_with("Bearer sixteen-or-more-letterz") == 401U);
    BOOST_TEST(status_with("Bearer sixteen-or-more-letters-") == 401U);
    BOOST_TEST(status_with(std::string("Bearer ") + key) == 401U);
    BOOST_TEST(status_with("Bearer sixteen-or-more-letters") == 200U);
}

BOOST_AUTO_TEST_CASE(metrics_that_are_switched_off_are_not_there) {
    close();
    settings.metrics.enabled = false;
    open();
    BOOST_TEST(send_as("GET", "/metrics").text() == send_as("GET", "/nothing").text());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(metrics_conformance)

BOOST_AUTO_TEST_CASE(metrics_are_those_of_the_format_the_dashboard_and_the_documentation) {
    const TemporaryFolder folder;
    const ServerProcess server(folder / "data");
    const Finished finished =
        run_program({"/usr/bin/python3", std::string(ALCOVE_SOURCE) + "/tests/conformance/metrics.py",
                     "http://127.0.0.1:" + std::to_string(server.port()), server.admin_key()});
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST(finished.output.ends_with("done\n"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(webhook_metrics, DeliveryFixture)

BOOST_AUTO_TEST_CASE(deliveries_are_counted_by_how_they_ended) {
    const auto metrics = [this] { return MetricsText(send_as("GET", "/metrics").body); };
    const auto id = create_destination(receiver.url());
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.status = 500}; });
    create_end_user("acme", "u1");
    BOOST_TEST(receiver.wait_for(1));
    BOOST_TEST(eventually([&] { return metrics()["alcove_webhooks{state=\"retrying\"}"] == "1"; }, 0ms));
    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{}; });
    BOOST_TEST(eventually([&] { return metrics()["alcove_webhooks{state=\"idle\"}"] == "1"; }));

    const auto told = metrics();
    const auto failed = receiver.requests().size() - 1;
    BOOST_TEST(told["alcove_webhook_deliveries_total{outcome=\"delivered\"}"] == "1");
    BOOST_TEST(told["alcove_webhook_deliveries_total{outcome=\"failed\"}"] == std::to_string(failed));
    BOOST_TEST(told["alcove_webhook_delivery_duration_seconds_count"] == std::to_string(failed + 1));

    receiver.answer_with([](const ReceivedRequest&) { return ReceiverReply{.status = 410}; });
    create_end_user("acme", "u2");
    BOOST_TEST(eventually([&] { return metrics()["alcove_webhooks{state=\"idle\"}"] == "0"; }));
    BOOST_TEST(metrics()["alcove_webhooks_deactivated_total{reason=\"gone\"}"] == "1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

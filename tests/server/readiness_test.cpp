// /readyz of a server that runs: what is wrong with the store, the disk and the process is told apart.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

const std::string key = "alc_the-root-key-of-the-tests";
const Environment environment{{"ALCOVE_ROOT_KEY", key}};

std::string unready(const std::string& checks) {
    return "503 {\"status\":\"unavailable\",\"checks\":{" + checks + "}}";
}
const std::string ready =
    "200 {\"status\":\"ready\",\"checks\":{\"store\":\"ok\",\"disk\":\"ok\",\"shutdown\":\"ok\"}}";
const std::string map_full = unready("\"store\":\"map_full\",\"disk\":\"ok\",\"shutdown\":\"ok\"");
const std::string disk_full = unready("\"store\":\"ok\",\"disk\":\"reserve_reached\",\"shutdown\":\"ok\"");
const std::string stopping = unready("\"store\":\"ok\",\"disk\":\"ok\",\"shutdown\":\"stopping\"");

Reply send(const ServerProcess& server, std::string_view method, const std::string& target,
           const std::string& body = {}) {
    return HttpClient(server.port()).send(method, target, body, {{"Authorization", "Bearer " + key}});
}

std::string readiness(const ServerProcess& server) {
    return send(server, "GET", "/readyz").text();
}

bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

// Leaves a workspace in the folder, and ends.
void prepare(const std::filesystem::path& data) {
    ServerProcess server(data, environment);
    BOOST_TEST(readiness(server) == ready);
    send(server, "POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})");
    server.signal(SIGTERM);
    BOOST_TEST(server.wait() == 0);
}

const std::string kv = "/api/v1/workspaces/acme/kv/";

BOOST_AUTO_TEST_SUITE(readiness_of_a_server)

BOOST_AUTO_TEST_CASE(a_disk_without_its_reserve_is_a_matter_of_the_disk) {
    const TemporaryFolder folder;
    prepare(folder / "data");
    const ServerProcess server(folder / "data", environment, {"--store-disk-reserve-bytes", "1024GiB"});
    BOOST_TEST(readiness(server) == disk_full);
    BOOST_TEST(send(server, "PUT", kv + "a", "1").status == 507U);
    BOOST_TEST(send(server, "GET", kv + "a").status == 404U);
}

BOOST_AUTO_TEST_CASE(a_full_index_is_a_matter_of_the_store_and_passes) {
    const TemporaryFolder folder;
    prepare(folder / "data");
    const ServerProcess server(folder / "data", environment,
                               {"--store-map-bytes", "4MiB", "--store-apply-interval-seconds", "0.02"});
    const std::string value(10'000, 'x');
    int written = 0;
    // What is not yet applied counts several times: once it is applied, some more may fit.
    bool full = false;
    for (int tries = 0; tries < 5000 && !full; ++tries) {
        if (send(server, "PUT", kv + std::to_string(written), value).status == 201U) ++written;
        full = readiness(server) == map_full;
    }
    BOOST_TEST(full);
    BOOST_TEST(written > 10);
    BOOST_TEST(send(server, "GET", kv + "0").status == 200U);

    for (int i = 0; i < written; ++i)
        BOOST_TEST(send(server, "DELETE", kv + std::to_string(i)).status == 204U);
    BOOST_TEST(eventually([&] { return readiness(server) == ready; }));
}

BOOST_AUTO_TEST_CASE(a_server_that_drains_is_not_ready_and_goes_on_serving_until_its_time_is_over) {
    const TemporaryFolder folder;
    ServerProcess server(folder / "data", environment, {"--server-drain-seconds", "2"});
    BOOST_TEST(readiness(server) == ready);
    const auto begin = std::chrono::steady_clock::now();
    server.signal(SIGTERM);
    BOOST_TEST(eventually([&] { return readiness(server) == stopping; }));
    BOOST_TEST(send(server, "POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})").status == 201U);
    BOOST_TEST(send(server, "GET", "/healthz").status == 200U);
    BOOST_TEST(server.wait() == 0);
    BOOST_TEST((std::chrono::steady_clock::now() - begin >= std::chrono::seconds(2)));
}

BOOST_AUTO_TEST_CASE(a_second_signal_ends_the_draining) {
    const TemporaryFolder folder;
    ServerProcess server(folder / "data", environment, {"--server-drain-seconds", "600"});
    server.signal(SIGTERM);
    BOOST_TEST(eventually([&] { return readiness(server) == stopping; }));
    server.signal(SIGTERM);
    BOOST_TEST(server.wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

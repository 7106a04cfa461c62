// Bodies that lie in a file: their length, their parts, and what happens when the file or the peer fails.
#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/server/http_harness.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace alcove::http;
using namespace alcove::http::test;

namespace {

constexpr std::size_t file_bytes = 3'000'000;

std::string content() {
    std::string bytes(file_bytes, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>('a' + (i / 7 + i / 1000) % 26);
    return bytes;
}

struct Fetches {
    std::atomic<int> made = 0;
    std::atomic<int> alive = 0;
    std::atomic<bool> fails = false;
};

class PlainFile final : public FileSource {
public:
    PlainFile(int descriptor, std::uint64_t offset, std::uint64_t size, Fetches& fetches)
        : FileSource(descriptor, offset, size), fetches_(fetches) {
        ++fetches_.alive;
    }
    ~PlainFile() override {
        ::close(descriptor());
        --fetches_.alive;
    }
    asio::awaitable<void> fetch(std::uint64_t, std::size_t) override {
        if (fetches_.fails) throw std::runtime_error("on purpose");
        ++fetches_.made;
        co_return;
    }

private:
    Fetches& fetches_;
};

// "/<offset>/<size>" of the file; "/" alone is no file.
class FileService final : public Service {
public:
    explicit FileService(std::string path) : path_(std::move(path)) {}

    asio::awaitable<void> serve(Exchange& exchange) override {
        const std::string target(exchange.request.path);
        if (target == "/") {
            exchange.response.body = "plain";
            co_return;
        }
        const auto slash = target.find('/', 1);
        const auto descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        exchange.response.file = std::make_unique<PlainFile>(descriptor, std::stoull(target.substr(1)),
                                                             std::stoull(target.substr(slash + 1)), fetches);
    }
    void protocol_error(const Request&, Response& response, unsigned status, std::string_view code,
                        std::string_view) override {
        response.status = status;
        response.body = code;
    }
    void sent(const Exchange&, std::size_t bytes, std::chrono::nanoseconds) override { sent_bytes = bytes; }
    void failed(const Request&, std::string_view what) override {
        const std::lock_guard lock(mutex_);
        failure_ = what;
    }
    std::string failure() {
        const std::lock_guard lock(mutex_);
        return failure_;
    }

    Fetches fetches;
    std::atomic<std::size_t> sent_bytes = 0;

private:
    const std::string path_;
    std::mutex mutex_;
    std::string failure_;
};

class FileFixture {
public:
    FileFixture() { server.start(service); }

    Answer get(Client& client, std::uint64_t offset, std::uint64_t size) {
        return client.get("/" + std::to_string(offset) + "/" + std::to_string(size));
    }
    bool released() {
        return eventually([this] { return service.fetches.alive == 0; });
    }

    alcove::test::TemporaryFolder folder;
    const std::string path = [this] {
        const auto file = folder / "file";
        std::ofstream(file, std::ios::binary) << content();
        return file.string();
    }();
    FileService service{path};
    Server server{ServerOptions()};
    const std::string all = content();
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_file, FileFixture)

BOOST_AUTO_TEST_CASE(every_part_comes_with_its_length_and_the_connection_goes_on) {
    Client client(server.port());
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{524'288}, std::size_t{524'289}, std::size_t{2'000'000}}) {
        for (const std::size_t offset : {0, 1, 999'999}) {
            const auto answer = get(client, offset, size);
            BOOST_TEST(answer.status == 200U);
            BOOST_TEST(answer.has("Content-Length: " + std::to_string(size)));
            BOOST_TEST(!answer.has("Transfer-Encoding"));
            BOOST_TEST((answer.body == all.substr(offset, size)));
            BOOST_TEST(eventually([&] { return service.sent_bytes == size; }));
        }
    }
    BOOST_TEST(get(client, 0, file_bytes).body.size() == file_bytes);
    BOOST_TEST(client.get("/").body == "plain");
    BOOST_TEST(released());
}

BOOST_AUTO_TEST_CASE(pipelined_answers_keep_their_order) {
    Client client(server.port());
    const auto request = [](const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; };
    for (int round = 0; round < 10; ++round) {
        client.send(request("/") + request("/10/700000") + request("/") + request("/5/3"));
        BOOST_TEST(client.receive().body == "plain");
        BOOST_TEST((client.receive().body == all.substr(10, 700'000)));
        BOOST_TEST(client.receive().body == "plain");
        BOOST_TEST(client.receive().body == all.substr(5, 3));
    }
}

BOOST_AUTO_TEST_CASE(a_head_tells_the_length_and_reads_nothing) {
    Client client(server.port());
    const auto answer = client.ask("HEAD /0/2000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(answer.has("Content-Length: 2000000"));
    BOOST_TEST(client.get("/").body == "plain");
    BOOST_TEST(service.fetches.made == 0);
}

BOOST_AUTO_TEST_CASE(http_1_0_gets_a_length_too) {
    Client client(server.port());
    client.send("GET /0/600000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    BOOST_TEST(client.receive().body.size() == 600'000U);
    BOOST_TEST(client.receive().body == "plain");
}

// The client notices, because the length does not fit.
BOOST_AUTO_TEST_CASE(a_file_that_fails_cuts_the_connection) {
    {
        Client client(server.port());
        BOOST_TEST(get(client, 2'000'000, 2'000'000).status == 0U);  // it ends before that
        BOOST_TEST(client.receive_rest().size() <= 1'000'000U);
    }
    service.fetches.fails = true;
    Client client(server.port());
    BOOST_TEST(get(client, 0, 1000).status == 0U);
    BOOST_TEST(eventually([this] { return service.failure() == "on purpose"; }));
    BOOST_TEST(released());
}

BOOST_AUTO_TEST_CASE(who_goes_away_half_way_leaves_nothing_open) {
    {
        Client client(server.port());
        client.send("GET /0/3000000 HTTP/1.1\r\nHost: a\r\n\r\n");
        client.receive_some();
    }
    BOOST_TEST(released());
}

BOOST_AUTO_TEST_SUITE_END()

// Export and import as their user meets them, also when they are cut off: the server is one that says what it is
// told.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <mutex>
#include <thread>

#include "tests/server/cli_fixture.hpp"

using namespace alcove::test;

namespace {

// Answers one request after the other with the next of its answers, as it stands, and closes each connection.
class Stub {
public:
    explicit Stub(std::vector<std::string> answers) : answers_(std::move(answers)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        BOOST_REQUIRE(::bind(listener_, generic, size) == 0);
        BOOST_REQUIRE(::listen(listener_, 8) == 0);
        ::getsockname(listener_, generic, &size);
        url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
        thread_ = std::thread([this] { serve(); });
    }
    ~Stub() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    Stub(const Stub&) = delete;
    Stub& operator=(const Stub&) = delete;

    // The request line of the nth request, and its body.
    std::string line(std::size_t n) const { return request(n).substr(0, request(n).find('\r')); }
    std::string body(std::size_t n) const { return request(n).substr(request(n).find("\r\n\r\n") + 4); }

    std::string url;

private:
    std::string request(std::size_t n) const {
        const std::lock_guard lock(mutex_);
        return requests_.at(n);
    }

    static bool is_whole(const std::string& request) {
        const auto head = request.find("\r\n\r\n");
        if (head == request.npos) return false;
        const auto length = request.find("Content-Length: ");
        const std::size_t body = length < head ? std::stoul(request.substr(length + 16)) : 0;
        return request.size() >= head + 4 + body;
    }

    void serve() {
        for (const std::string& answer : answers_) {
            const int connection = ::accept(listener_, nullptr, nullptr);
            if (connection < 0) return;
            std::string request;
            char buffer[4096];
            while (!is_whole(request)) {
                const auto got = ::recv(connection, buffer, sizeof buffer, 0);
                if (got <= 0) break;
                request.append(buffer, static_cast<std::size_t>(got));
            }
            {
                const std::lock_guard lock(mutex_);
                requests_.push_back(request);
            }
            ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
            ::close(connection);
        }
    }

    std::vector<std::string> answers_;
    int listener_ = -1;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

std::string whole(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// The body is shorter than was promised.
std::string cut_off(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + body;
}

class Transfer : public CliHome {
public:
    Finished transfer(const Stub& stub, const std::string& verb, const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{"namespace", verb, file.string(), "-w", "acme", "--url", stub.url};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }

    std::filesystem::path file = folder / "export.ndjson";
    std::filesystem::path cursor = folder / "export.ndjson.cursor";
};

constexpr const char* first = "{\"key\":\"a\",\"value\":1}\n{\"cursor\":\"C1\"}\n";
constexpr const char* rest = "{\"key\":\"b\",\"value\":2}\n{\"cursor\":null,\"complete\":true}\n";
constexpr const char* ok = R"({"imported":2,"skipped":0,"cursor":"X"})";

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_transfer)

BOOST_FIXTURE_TEST_CASE(an_export_is_the_servers_lines_in_a_file_of_ones_own, Transfer) {
    const Stub stub({whole("200 OK", std::string(first) + rest)});
    BOOST_TEST(transfer(stub, "export", {"--external", "t 1", "--prefix", "a&b"}).output == "exported 2 keys\n");
    BOOST_TEST(stub.line(0) == "GET /api/v1/workspaces/acme/external/t%201/export?prefix=a%26b HTTP/1.1");
    BOOST_TEST(text_of(file) == std::string(first) + rest);
    BOOST_TEST(mode_of(file) == 0600U);
    BOOST_TEST(!std::filesystem::exists(cursor));
}

BOOST_FIXTURE_TEST_CASE(an_export_that_was_cut_off_goes_on_behind_its_last_cursor, Transfer) {
    const std::string half_line = "{\"key\":\"b\",\"val";
    const Stub stub({cut_off(first + half_line), cut_off(half_line), whole("200 OK", rest)});

    const Finished broken = transfer(stub, "export");
    BOOST_TEST(broken.status == 1);
    BOOST_TEST(broken.output.ends_with("; --resume goes on\n"));
    BOOST_TEST(mode_of(cursor) == 0600U);
    BOOST_TEST(transfer(stub, "export", {"--resume"}).status == 1);
    BOOST_TEST(transfer(stub, "export", {"--resume"}).output == "exported 2 keys\n");

    BOOST_TEST(stub.line(2) == "GET /api/v1/workspaces/acme/export?cursor=C1 HTTP/1.1");
    BOOST_TEST(text_of(file) == std::string(first) + rest);
    BOOST_TEST(!std::filesystem::exists(cursor));
}

BOOST_FIXTURE_TEST_CASE(an_export_without_its_last_line_has_failed, Transfer) {
    const Stub stub({whole("200 OK", first)});
    const Finished broken = transfer(stub, "export");
    BOOST_TEST(broken.status == 1);
    BOOST_TEST(broken.output == "alcove: the export was cut off; --resume goes on\n");
    const Finished refused = transfer(stub, "import");
    BOOST_TEST(refused.status == 2);
    BOOST_TEST(refused.output.find("is an export that was cut off") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(an_export_that_is_refused_leaves_what_is_there, Transfer) {
    const Stub stub({whole("404 Not Found", R"({"error":"no","code":"NOT_FOUND"})")});
    write_text(file, "before");
    BOOST_TEST(transfer(stub, "export").status == 3);
    BOOST_TEST(text_of(file) == "before");
    BOOST_TEST(transfer(stub, "export", {"--resume"}).output ==
               "alcove: there is no export of " + file.string() + " to go on with\n");
}

BOOST_FIXTURE_TEST_CASE(an_import_sends_the_file, Transfer) {
    const Stub stub({whole("200 OK", ok), whole("200 OK", ok)});
    write_text(file, std::string(first) + rest);
    BOOST_TEST(transfer(stub, "import", {"--if-absent"}).output == "imported 2, skipped 0\n");
    BOOST_TEST(stub.line(0) == "POST /api/v1/workspaces/acme/import?ifAbsent=true HTTP/1.1");
    BOOST_TEST(stub.body(0) == std::string(first) + rest);
    BOOST_TEST(transfer(stub, "import", {"--json"}).output == ok + std::string("\n"));
}

BOOST_FIXTURE_TEST_CASE(an_import_that_failed_goes_on_behind_what_was_kept, Transfer) {
    const Stub stub({whole("400 Bad Request", R"({"error":"no","code":"INVALID_JSON","details":{"cursor":"I1"}})"),
                     whole("200 OK", ok)});
    write_text(file, rest);
    const Finished broken = transfer(stub, "import");
    BOOST_TEST(broken.status == 1);
    BOOST_TEST(broken.output == "alcove: no (INVALID_JSON); --resume goes on\n");
    BOOST_TEST(transfer(stub, "import", {"--resume"}).status == 0);
    BOOST_TEST(stub.line(1) == "POST /api/v1/workspaces/acme/import?cursor=I1 HTTP/1.1");
    BOOST_TEST(!std::filesystem::exists(cursor));
}

BOOST_FIXTURE_TEST_CASE(an_import_without_an_answer_says_that_part_of_it_may_be_there, Transfer) {
    const Stub stub({""});
    write_text(file, rest);
    const Finished broken = transfer(stub, "import");
    BOOST_TEST(broken.status == 1);
    BOOST_TEST(broken.output.ends_with("; part of it may be there, and may be sent again\n"));
    BOOST_TEST(run({"namespace", "import", file.string(), "-w", "acme", "--url", "http://127.0.0.1:1"})
                   .output.find("part of it") == std::string::npos);
    BOOST_TEST(!std::filesystem::exists(cursor));
}

BOOST_AUTO_TEST_SUITE_END()

// Requests to a server, on libcurl: bodies of any size pass through in pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/cli/settings.hpp"

namespace alcove::cli {

// Every byte but letters, digits and -._~ is encoded, slashes too.
std::string percent_encode(std::string_view text);

struct Request {
    std::string method = "GET";
    std::string path{};                                        // behind /api/v1, encoded
    std::vector<std::pair<std::string, std::string>> query{};  // not encoded
    std::vector<std::pair<std::string, std::string>> headers{};
    std::optional<std::string> body{};
    // Instead of a body: fills the buffer, answers how much of it; 0 is the end. May throw.
    std::function<std::size_t(char* buffer, std::size_t size)> source{};
    std::optional<std::uint64_t> source_bytes{};  // when it is known
    // Asked whenever something happens, and at least once a second: false cuts the answer off. May throw.
    std::function<bool()> goes_on{};
};

// There is no whole answer, and the next time there may be one.
class NoAnswer : public Failure {
public:
    using Failure::Failure;
};

struct Response {
    long status = 0;
    std::map<std::string, std::string> headers{};  // names in lower case
    std::string body{};                            // empty when it went to a sink

    std::string header(const std::string& name) const;  // empty when there is none
    bool is_success() const { return status >= 200 && status < 300; }
};

// Takes a piece of the body of a success. May throw.
using Sink = std::function<void(std::string_view piece)>;

// One server, one token. Not thread-safe.
class Client {
public:
    explicit Client(Settings settings);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Answers whatever the status is; what was cut off by goes_on is an answer, with status 0 before its first
    // line. Throws Failure, and NoAnswer, when there is no whole answer, and what source, sink and goes_on throw.
    Response send(const Request& request, const Sink& sink = {});

    // As send(), but throws Failure for every status that is no success, with the exit status that belongs to it.
    Response expect(const Request& request, const Sink& sink = {});

private:
    Settings settings_;
    void* handle_;
};

// "message (CODE, field, request id)" and the exit status, from an answer that is no success.
Failure failure_of(const Response& response);

}  // namespace alcove::cli

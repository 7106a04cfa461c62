// A plain blocking HTTP client for tests: one connection, one request after the other.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace alcove::test {

struct Reply {
    unsigned status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;

    // Empty when it is absent.
    std::string header(const std::string& lower_case_name) const {
        const auto found = headers.find(lower_case_name);
        return found == headers.end() ? std::string() : found->second;
    }
    // "404 {…}"
    std::string text() const { return std::to_string(status) + (body.empty() ? "" : " " + body); }
};

class HttpClient {
public:
    using Headers = std::multimap<std::string, std::string>;

    explicit HttpClient(std::uint16_t port) {
        socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
        socket_.set_option(boost::asio::ip::tcp::no_delay(true));
    }

    // A header with an empty value is sent as such. Throws when the connection breaks.
    Reply send(std::string_view method, std::string_view target, std::string_view body = {},
               const Headers& headers = {}) {
        namespace http = boost::beast::http;
        http::request<http::string_body> request;
        request.method_string(boost::string_view(method.data(), method.size()));
        request.target(boost::string_view(target.data(), target.size()));
        request.insert(http::field::host, "localhost");
        for (const auto& [name, value] : headers)
            request.insert(name, value);
        request.body() = body;
        if (!body.empty() || method == "PUT" || method == "POST" || method == "PATCH") request.prepare_payload();
        // Who is refused half-way still has an answer to read.
        boost::system::error_code ignored;
        http::write(socket_, request, ignored);

        http::response_parser<http::string_body> parser;
        parser.body_limit(std::uint64_t{1} << 30);
        parser.skip(method == "HEAD");
        http::read(socket_, buffer_, parser);
        Reply reply;
        reply.status = parser.get().result_int();
        for (const auto& field : parser.get())
            reply.headers[lower(field.name_string())] = std::string(field.value());
        reply.body = std::move(parser.get().body());
        return reply;
    }

private:
    template <class Text>
    static std::string lower(const Text& text) {
        std::string out(text.data(), text.size());
        for (auto& c : out)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        return out;
    }

    boost::asio::io_context context_;
    boost::asio::ip::tcp::socket socket_{context_};
    boost::beast::flat_buffer buffer_;
};

}  // namespace alcove::test

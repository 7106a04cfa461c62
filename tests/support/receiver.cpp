#include "tests/support/receiver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace alcove::test {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Ending = ReceiverReply::Ending;

template <class Text>
std::string lower(const Text& text) {
    std::string out(text.data(), text.size());
    for (auto& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

ReceivedRequest received(const http::request<http::string_body>& message, std::size_t connection) {
    ReceivedRequest request{.method = std::string(message.method_string()),
                            .target = std::string(message.target()),
                            .headers = {},
                            .body = message.body(),
                            .connection = connection,
                            .at = std::chrono::steady_clock::now()};
    for (const auto& field : message)
        request.headers[lower(field.name_string())] = std::string(field.value());
    return request;
}

bool has_body(unsigned status) {
    return status >= 200 && status != 204 && status != 304;
}

std::string head(const ReceiverReply& reply) {
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Status\r\n";
    for (const auto& [name, value] : reply.headers)
        text.append(name).append(": ").append(value).append("\r\n");
    if (has_body(reply.status)) text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    return text + "\r\n";
}

std::string bytes_of(const ReceiverReply& reply) {
    if (!reply.raw.empty()) return reply.raw;
    switch (reply.ending) {
        case Ending::close:
        case Ending::silent:
            return {};
        case Ending::cut:
        case Ending::stuck:
            return head(reply) + reply.body.substr(0, reply.body.size() / 2);
        case Ending::whole:
            break;
    }
    return head(reply) + reply.body;
}

}  // namespace

std::string ReceivedRequest::header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string() : found->second;
}

Receiver::Receiver(Answer answer, std::uint16_t port) : port_(port), answer_(std::move(answer)) {
    start();
}

Receiver::~Receiver() {
    stop();
}

std::string Receiver::url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
}

void Receiver::answer_with(Answer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
}

std::vector<ReceivedRequest> Receiver::requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void Receiver::clear() {
    const std::lock_guard lock(mutex_);
    requests_.clear();
}

bool Receiver::wait_for(std::size_t count, std::chrono::milliseconds timeout) const {
    std::unique_lock lock(mutex_);
    return received_.wait_for(lock, timeout, [&] { return requests_.size() >= count; });
}

void Receiver::start() {
    if (context_) return;
    auto context = std::make_unique<asio::io_context>(1);
    asio::ip::tcp::acceptor acceptor(*context, {asio::ip::make_address("127.0.0.1"), port_});
    port_ = acceptor.local_endpoint().port();
    context_ = std::move(context);
    asio::co_spawn(*context_, listen(std::move(acceptor)), asio::detached);
    thread_ = std::thread([running = context_.get()] { running->run(); });
}

void Receiver::stop() {
    if (!context_) return;
    context_->stop();
    thread_.join();
    context_.reset();
}

asio::awaitable<void> Receiver::listen(asio::ip::tcp::acceptor acceptor) {
    while (true) {
        Socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(asio::ip::tcp::no_delay(true));
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket)), asio::detached);
    }
}

ReceiverReply Receiver::take(ReceivedRequest request) {
    Answer answer;
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        answer = answer_;
    }
    received_.notify_all();
    return answer(request);
}

asio::awaitable<void> Receiver::serve(Socket socket) {
    const std::size_t connection = ++connections_;
    boost::beast::flat_buffer buffer;
    error_code error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    while (true) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(boost::none);
        co_await http::async_read(socket, buffer, parser, token);
        if (error) co_return;
        const ReceiverReply reply = take(received(parser.get(), connection));
        if (reply.delay.count() > 0) {
            asio::steady_timer timer(socket.get_executor(), reply.delay);
            co_await timer.async_wait(token);
        }
        const std::string bytes = bytes_of(reply);
        co_await asio::async_write(socket, asio::buffer(bytes), token);
        if (error || !reply.raw.empty() || reply.ending == Ending::close || reply.ending == Ending::cut) co_return;
        if (reply.ending == Ending::whole) continue;
        char ignored[1];
        co_await socket.async_read_some(asio::buffer(ignored), token);
        co_return;
    }
}

}  // namespace alcove::test
